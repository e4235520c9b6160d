/** SOURCE_DB_* and TARGET_DB_*: one URL, or a variable a part. The URL wins. */
import * as z from 'zod';
import { optional, wholeNumber, withoutPassword, type ConfigFault, type Environment } from './variables.ts';

const SSL_MODES = ['disable', 'require', 'verify-full'] as const;
type SslMode = (typeof SSL_MODES)[number];
const AUTH_MODES = ['password', 'iam'] as const;
type AuthMode = (typeof AUTH_MODES)[number];

export interface DatabaseConfig {
  readonly host: string;
  readonly port: number;
  /** Null: it comes from the secret. */
  readonly user: string | null;
  /** Null: it comes from the secret, or the server asks for none. */
  readonly password: string | null;
  readonly name: string;
  readonly maxConnections: number;
  readonly connectionTimeoutMs: number;
  readonly ssl: SslMode;
  readonly secretArn: string | null;
  /** `iam`: AWS answers for the user, who has no password. */
  readonly auth: AuthMode;
}

export interface DatabaseReading {
  /** Whether any variable says which database is meant. */
  readonly given: boolean;
  readonly database: DatabaseConfig | null;
  readonly faults: readonly ConfigFault[];
}

/** The part of a database's address that a URL carries. */
interface Address {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly name: string | undefined;
  readonly ssl: SslMode | undefined;
}

const sslMode = z.enum(SSL_MODES, `one of ${SSL_MODES.join(', ')}`);

const parts = z.object({
  HOST: optional(z.string()),
  PORT: optional(wholeNumber(1, 65_535)),
  USER: optional(z.string()),
  PASSWORD: z.string().optional(),
  NAME: optional(z.string()),
  URL: optional(z.string()),
  SSL: optional(sslMode),
  SECRET_ARN: optional(z.string().regex(/^arn:[\w-]+:secretsmanager:/, 'the ARN of a secret in Secrets Manager')),
  AUTH: optional(z.enum(AUTH_MODES, `one of ${AUTH_MODES.join(', ')}`)),
  MAX_CONNECTIONS: optional(wholeNumber(1, 10_000)),
  CONNECTION_TIMEOUT: optional(wholeNumber(1, 3_600_000)),
});
const NAMES = Object.keys(parts.shape) as readonly (keyof typeof parts.shape)[];
/** The others are settings of a connection and say nothing about where it leads. */
const ADDRESS = ['URL', 'HOST', 'PORT', 'USER', 'PASSWORD', 'NAME', 'SECRET_ARN'] as const;

/** Reads one side; `prefix` is SOURCE_DB or TARGET_DB. */
export function readDatabase(prefix: string, env: Environment): DatabaseReading {
  const own = Object.fromEntries(NAMES.map((name) => [name, env[`${prefix}_${name}`]]));
  const given = ADDRESS.some((name) => (own[name] ?? '') !== '');
  const parsed = parts.safeParse(own);
  const faults: ConfigFault[] = (parsed.error?.issues ?? []).map((issue) => {
    const name = String(issue.path[0]);
    return fault(prefix, name, JSON.stringify(own[name]), issue.message);
  });
  const url = own['URL'] === undefined || own['URL'] === '' ? undefined : parseUrl(own['URL']);
  if (typeof url === 'string') faults.push(fault(prefix, 'URL', withoutPassword(own['URL'] ?? ''), url));
  if (!given || faults.length > 0 || parsed.data === undefined || typeof url === 'string') {
    return { given, database: null, faults };
  }
  return build(prefix, parsed.data, url);
}

function build(prefix: string, own: z.infer<typeof parts>, url: Address | undefined): DatabaseReading {
  const address: Address = url ?? {
    host: own.HOST,
    port: own.PORT,
    user: own.USER,
    password: own.PASSWORD === '' ? undefined : own.PASSWORD,
    name: own.NAME,
    ssl: own.SSL,
  };
  const { host, name, user } = address;
  const faults: ConfigFault[] = [];
  const missing = (part: string, what: string): unknown =>
    faults.push(fault(prefix, url ? 'URL' : part, url ? `a URL without ${what}` : 'nothing', what));
  if (host === undefined) missing('HOST', 'a host name');
  if (name === undefined) missing('NAME', 'a database name');
  if (user === undefined && (own.SECRET_ARN === undefined || own.AUTH === 'iam')) missing('USER', 'a user name');
  if (host === undefined || name === undefined || faults.length > 0) return { given: true, database: null, faults };
  return {
    given: true,
    faults,
    database: {
      host,
      port: address.port ?? 5432,
      user: user ?? null,
      password: address.password ?? null,
      name,
      maxConnections: own.MAX_CONNECTIONS ?? 20,
      connectionTimeoutMs: own.CONNECTION_TIMEOUT ?? 30_000,
      ssl: address.ssl ?? own.SSL ?? defaultSsl(host),
      secretArn: own.SECRET_ARN ?? null,
      auth: own.AUTH ?? 'password',
    },
  };
}

/** Whether a server runs on the machine that asks for it, as far as its address tells. */
export const isOnThisMachine = (host: string): boolean =>
  host.startsWith('/') || ['localhost', '127.0.0.1', '::1', '[::1]'].includes(host);

/** On the same machine nobody listens; anywhere else the server must prove who it is, unless told otherwise. */
const defaultSsl = (host: string): SslMode => (isOnThisMachine(host) ? 'disable' : 'verify-full');

const emptyAsUndefined = (text: string | null): string | undefined => (text === null || text === '' ? undefined : text);

/** The parts of a URL, or what was expected of it. */
function parseUrl(text: string): Address | string {
  const expected = 'postgres://USER:PASSWORD@HOST:PORT/NAME';
  let url: URL;
  try {
    url = new URL(text);
    if (!/^postgres(ql)?:$/.test(url.protocol)) return expected;
    const ssl = optional(sslMode).safeParse(url.searchParams.get('sslmode') ?? undefined);
    if (!ssl.success) return `sslmode ${sslMode.options.join(', ')}`;
    return {
      host: emptyAsUndefined(url.searchParams.get('host') ?? url.hostname.replace(/^\[(.*)\]$/, '$1')),
      port: url.port === '' ? undefined : Number(url.port),
      user: emptyAsUndefined(decodeURIComponent(url.username)),
      password: emptyAsUndefined(decodeURIComponent(url.password)),
      name: emptyAsUndefined(decodeURIComponent(url.pathname.slice(1))),
      ssl: ssl.data,
    };
  } catch {
    return expected; // not a URL, or a percent sign that escapes nothing
  }
}

const fault = (prefix: string, name: string, got: string, expected: string): ConfigFault => ({
  variable: `${prefix}_${name}`,
  got: name === 'PASSWORD' ? 'a value that is not shown' : got,
  expected,
});
