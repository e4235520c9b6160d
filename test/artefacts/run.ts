/**
 * The artefacts themselves, as `cdk synth` bundled them for the functions of an environment: each is small enough for a short
 * cold start, and together they migrate and validate a clinic, each handler out of its own bundle.
 *
 *     npx cdk synth -q -c env=dev && node test/artefacts/run.ts [dev]
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { clinicSchema, generateClinic } from '../../cli/demo/generate-clinic.ts';
import type { Handler } from '../../cli/local/lambda.ts';
import { loadMachine, runMachine } from '../../cli/local/state-machine-runner.ts';
import { withClient } from '../support/database.ts';
import { startServer } from '../support/server.ts';

const OUT = join(import.meta.dirname, '..', '..', 'cdk.out');
const MOST_BYTES = 2 ** 20;
/** A bundle that needs more than this of it is looked at before it is too large. */
const TIGHT = 0.9;
const ROWS = 2_000;
/** Three for each region, of which there are more than thirty. */
const FEWEST_ROOTS = 90;

interface Template {
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly Properties: { readonly FunctionName?: string; readonly Handler?: string };
        readonly Metadata?: { readonly 'aws:asset:path'?: string };
      }
    >
  >;
}

/** The folder of each function, by `area-Name`. */
function bundlesOf(environment: string): ReadonlyMap<string, string> {
  const file = join(OUT, `portage-${environment}-workflows.template.json`);
  const { Resources } = JSON.parse(readFileSync(file, 'utf8')) as Template;
  return new Map(
    Object.values(Resources).flatMap(({ Type, Properties, Metadata }) => {
      const path = Metadata?.['aws:asset:path'];
      if (Type !== 'AWS::Lambda::Function' || path === undefined) return [];
      return [[(Properties.FunctionName ?? '').replace(`portage-${environment}-`, ''), join(OUT, path)] as const];
    }),
  );
}

/** What is loaded when a function starts, and what it loads where a page is asked for: each in one go. */
function tooLarge(bundles: ReadonlyMap<string, string>): readonly string[] {
  return [...bundles].flatMap(([name, folder]) => {
    const pages = join(folder, 'report');
    const drawn = existsSync(pages) ? readdirSync(pages).map((file) => statSync(join(pages, file)).size) : [];
    const parts = [
      [name, statSync(join(folder, 'index.mjs')).size],
      [`${name}, its pages`, drawn.reduce((sum, size) => sum + size, 0)],
    ] as const;
    return parts.flatMap(([part, size]) => (size > MOST_BYTES * TIGHT ? [`${part}: ${size} bytes, near or above ${MOST_BYTES}: see what it brings with esbuild --metafile`] : [])); // prettier-ignore
  });
}

const largest = (bundles: ReadonlyMap<string, string>): string => {
  const sizes = [...bundles].map(([name, folder]) => [statSync(join(folder, 'index.mjs')).size, name] as const);
  const [size, name] = sizes.sort(([a], [b]) => b - a)[0] ?? [0, 'none'];
  return `the largest ${name} with ${Math.round((size / MOST_BYTES) * 100)} % of what there may be`;
};

/** Bundles that would not find the certificates of RDS where `verify-full` looks for them. */
async function withoutRoots(bundles: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const without: string[] = [];
  for (const [name, folder] of bundles) {
    const file = createRequire(join(folder, 'index.mjs')).resolve('#rds-roots');
    const { RDS_ROOTS: roots } = (await import(pathToFileURL(file).href)) as { readonly RDS_ROOTS: readonly string[] };
    const valid = roots.filter((root) => new X509Certificate(root).ca);
    if (!file.startsWith(folder) || valid.length < FEWEST_ROOTS) without.push(name);
  }
  return without;
}

/** Pages with plots, which the functions load out of the bundle beside their own. */
const drawn = (page: string): boolean => /<svg[^>]*role="img"/.test(readFileSync(page, 'utf8'));

async function handlersOf(area: string, bundles: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, Handler>> {
  const own = [...bundles].filter(([name]) => name.startsWith(`${area}-`));
  return new Map(
    await Promise.all(
      own.map(async ([name, folder]) => {
        const module = (await import(pathToFileURL(join(folder, 'index.mjs')).href)) as { readonly handler: Handler };
        return [name.slice(area.length + 1), module.handler] as const;
      }),
    ),
  );
}

async function main(environment: string): Promise<number> {
  const bundles = bundlesOf(environment);
  const large = tooLarge(bundles);
  const rootless = await withoutRoots(bundles);
  process.stdout.write(
    `${bundles.size} bundles, ${large.length === 0 ? `each small enough, ${largest(bundles)}` : large.join('; ')}\n`,
  );
  process.stdout.write(rootless.length === 0 ? 'each finds the certificates of RDS\n' : `without certificates of RDS: ${rootless.join(', ')}\n`); // prettier-ignore
  if (bundles.size === 0 || large.length > 0 || rootless.length > 0) return 1;

  const server = await startServer();
  try {
    const url = (name: string): string => server.url.replace(/\/postgres$/, `/${name}`);
    await withClient(server.url, async (client) => {
      await client.query('CREATE DATABASE legacy');
      await client.query('CREATE DATABASE target');
    });
    await withClient(url('legacy'), (client) => generateClinic({ client, rows: ROWS }));
    await withClient(url('target'), (client) => client.query(clinicSchema('target')));
    Object.assign(process.env, { SOURCE_DB_URL: url('legacy'), TARGET_DB_URL: url('target') });
    const folder = mkdtempSync(join(tmpdir(), 'artefacts-'));
    const page = (name: string): string => join(folder, `${name}.html`);
    const run = async (area: string, input: object): Promise<Record<string, unknown>> => {
      const machine = { ...(await loadMachine(area)), handlers: await handlersOf(area, bundles) };
      const options = { execution: `artefacts-${area}`, signal: new AbortController().signal };
      return (await runMachine(machine, input, options)) as Record<string, unknown>;
    };
    const migrated = await run('migration', { command: 'differential-migration migrate', entities: 'all' });
    const validate = { command: 'data-validator validate', entities: 'all', type: 'all' };
    const validated = await run('validation', validate);
    await withClient(url('target'), (client) => client.query("UPDATE doctors SET specialty = 'nobody’s'"));
    const spoilt = await run('validation', { ...validate, output: page('validation') });
    await run('operation', { command: 'migration-analyzer generate-performance-report', output: page('performance') });
    const pages = ['validation', 'performance'].filter((name) => drawn(page(name)));
    const said = `${String(migrated['status'])} ${String(validated['verdict'])} ${String(spoilt['verdict'])} ${pages.join(' ')}`;
    process.stdout.write(`migration, validation, validation of what was spoilt, pages with plots: ${said}\n`);
    return said === 'completed match mismatch validation performance' ? 0 : 1;
  } finally {
    await server.stop();
  }
}

process.exit(await main(process.argv[2] ?? 'dev'));
