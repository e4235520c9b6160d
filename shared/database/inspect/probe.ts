/** Tries one database: an answer whether or not it can be reached, for an administrator who sets up a connection. */
import type { RelationName } from '../../domain/entity-map.ts';
import { PortageError } from '../../domain/errors.ts';
import { openSession, type DatabaseAddress, type Session, type Side } from '../session.ts';
import { readRights, type Right } from './rights.ts';

export interface Probe {
  readonly side: Side;
  readonly address: string;
  readonly reachable: boolean;
  readonly tls: string | null;
  readonly version: string | null;
  readonly latencyMs: number | null;
  readonly rightsMissing: readonly string[];
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly role: string | null;
  readonly notes: readonly string[];
  /** With `verbose`. */
  readonly rights?: readonly Right[];
  readonly settings?: Readonly<Record<string, string>>;
}

export interface ProbeRequest {
  readonly side: Side;
  readonly place: Pick<DatabaseAddress, 'host' | 'port' | 'name'>;
  /** With what opens it, which may have to be asked for. */
  readonly address: () => Promise<DatabaseAddress>;
  /** For the connection and for each statement. */
  readonly timeoutMs: number;
  /** The map's relations of this side. */
  readonly relations: readonly RelationName[];
  readonly verbose: boolean;
}

/** Majors that every feature is tested on; source and target (SEMANTICS 5). */
const VERSIONS: Readonly<Record<Side, readonly [oldest: number, newest: number]>> = {
  source: [11, 18],
  target: [14, 18],
};
/** The first round trip warms the path, the shortest of the others is the network. */
const ROUND_TRIPS = 4;

const SETTINGS = [
  'server_encoding',
  'max_connections',
  'max_wal_size',
  'default_transaction_isolation',
  'statement_timeout',
  'session_replication_role',
] as const;

export async function probeDatabase(request: ProbeRequest): Promise<Probe> {
  const { side, timeoutMs } = request;
  const place = `${request.place.host}:${request.place.port}/${request.place.name}`;
  const unknown = {
    side,
    address: place,
    tls: null,
    version: null,
    latencyMs: null,
    rightsMissing: [],
    role: null,
    notes: [],
  };
  let session: Session;
  try {
    session = await openSession(
      side,
      { ...(await request.address()), connectionTimeoutMs: timeoutMs },
      { applicationName: 'portage:test-connections', statementTimeoutMs: timeoutMs },
    );
  } catch (error) {
    return { ...unknown, reachable: false, error: told(error) };
  }
  try {
    return { ...unknown, reachable: true, error: null, ...(await facts(session, request)) };
  } catch (error) {
    return { ...unknown, reachable: true, error: told(error) };
  } finally {
    await session.end();
  }
}

function told(error: unknown): { code: string; message: string } {
  if (!(error instanceof PortageError)) throw error;
  const { got } = error.facts;
  return { code: error.code, message: got === undefined ? error.message : `${error.message}: ${got}` };
}

type Facts = Pick<Probe, 'tls' | 'version' | 'latencyMs' | 'rightsMissing' | 'role' | 'notes' | 'rights' | 'settings'>;

async function facts(session: Session, { side, relations, verbose }: ProbeRequest): Promise<Facts> {
  const row = await session.one<{ tls: string | null; version: string; role: string; standby: string }>(
    `SELECT (SELECT s.version FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid() AND s.ssl) AS tls, current_setting('server_version') AS version,
       current_user AS role, pg_is_in_recovery()::text AS standby`,
  );
  const latencyMs = await latency(session);
  const rights = await readRights(session, relations);
  const major = Math.floor(session.serverVersion / 10_000);
  const [oldest, newest] = VERSIONS[side];
  const notes = [
    ...(major < oldest || major > newest
      ? [`PostgreSQL ${major} is outside of what is tested as ${side}: ${oldest} to ${newest}`]
      : []),
    ...(row.standby === 'true' && side === 'target' ? ['the target is a standby, which cannot be written'] : []),
  ];
  return {
    tls: row.tls,
    version: row.version,
    latencyMs,
    role: row.role,
    rightsMissing: rights.filter(({ granted }) => !granted).map(({ right }) => right),
    notes,
    ...(verbose ? { rights, settings: await settingsOf(session) } : {}),
  };
}

async function latency(session: Session): Promise<number> {
  let shortest = Infinity;
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const started = performance.now();
    await session.run('SELECT 1');
    if (i > 0) shortest = Math.min(shortest, performance.now() - started);
  }
  return Number(shortest.toFixed(2));
}

async function settingsOf(session: Session): Promise<Record<string, string>> {
  const rows = await session.rows<{ name: string; value: string }>(
    "SELECT name, reset_val || coalesce(' ' || unit, '') AS value FROM pg_settings WHERE name = ANY ($1::text[]) ORDER BY name",
    [SETTINGS],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
