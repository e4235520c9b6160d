/** Two databases of a schema, and the real machine between them, in this process. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localExecutions } from '../../../cli/local/executions.ts';
import { closeDependencies } from '../../../functions/dependencies.ts';
import type { JudgeOutput } from '../../../shared/contracts/validation.ts';
import { setVariables } from '../../../shared/config.ts';
import { createDatabase, dropDatabase, withClient } from '../../support/database.ts';
import type { Servers } from '../../support/sides.ts';
import type { Counter, Schema } from './schema.ts';

export type Counts = Readonly<Record<Counter, number>>;
export interface Answer {
  readonly status: string;
  readonly entities: Readonly<Record<string, Counts>>;
  readonly notes: readonly string[];
}
type Side = 'legacy' | 'target';

export interface Trial {
  migrate(request?: Readonly<Record<string, unknown>>): Promise<Answer>;
  validate(): Promise<JudgeOutput>;
  run(side: Side, sql: string): Promise<void>;
  rows(side: Side, sql: string): Promise<readonly Record<string, string | null>[]>;
  /** Where the rows of a side stand and who wrote or locked them last: changes with any touch. */
  fingerprint(side: Side, of?: string): Promise<string>;
  /** Entity and key of every row that is not right -> how. */
  differing(): Promise<Record<string, 'value' | 'missing' | 'extra'>>;
  /** Rows that the truth has for an entity. */
  expected(): Promise<Record<string, number>>;
  end(): Promise<void>;
}

/** As the truth is written down: the same texts whatever the server's settings are. */
const SETTINGS = `SET TimeZone='UTC'; SET DateStyle='ISO, YMD'; SET IntervalStyle='postgres'; SET bytea_output='hex'; SET extra_float_digits=3;
  SET xmloption=content; SET lc_monetary='C'; SET search_path=public;`;

const FINGERPRINT = `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'portage') ORDER BY 1`;

export async function openTrial(schema: Schema, servers: Servers = {}): Promise<Trial> {
  const urls = {
    legacy: await createDatabase('legacy', undefined, servers.source),
    target: await createDatabase('target', undefined, servers.target),
  };
  const folder = await mkdtemp(join(tmpdir(), 'portage-schema-'));
  const executions = localExecutions();
  const rows = async (side: Side, sql: string): Promise<readonly Record<string, string | null>[]> =>
    withClient(urls[side], async (client) => {
      await client.query(SETTINGS);
      return (await client.query<Record<string, string | null>>(sql)).rows;
    });
  const run = (side: Side, sql: string): Promise<void> =>
    withClient(urls[side], async (client) => {
      await client.query(sql);
    });
  await run('legacy', schema.legacy);
  await run('target', schema.target);
  await writeFile(join(folder, 'map.json'), JSON.stringify(schema.map));
  await closeDependencies();
  setVariables({
    SOURCE_DB_URL: urls.legacy,
    TARGET_DB_URL: urls.target,
    PORTAGE_MAP: join(folder, 'map.json'),
    PORTAGE_LEASE_SECONDS: '2',
    PORTAGE_LANES: '4',
  });

  const truth = (side: Side): Promise<Map<string, string | null>> =>
    withClient(urls[side], async (client) => {
      await client.query(SETTINGS);
      const all = new Map<string, string | null>();
      for (const [entity, of] of Object.entries(schema.truth)) {
        const result = await client.query<(string | null)[]>({ text: of[side], rowMode: 'array' });
        for (const [key, value] of result.rows) {
          const name = `${entity} ${key}`;
          if (all.has(name)) throw new Error(`the ${side} truth has ${name} twice`);
          all.set(name, value ?? null);
        }
      }
      return all;
    });
  const execute = async (machine: string, input: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const name = randomUUID();
    await executions.start(machine, name, { entities: 'all', ...input });
    const result = await executions.wait(name);
    if (result.status !== 'SUCCEEDED') throw new Error(`${schema.name}: ${result.error}: ${result.cause}`);
    return result.output;
  };
  return {
    run,
    rows,
    migrate: async (request = {}) =>
      (await execute('migration', { command: 'differential-migration migrate', ...request })) as Answer,
    validate: async () =>
      (await execute('validation', { command: 'data-validator validate', verbose: true })) as JudgeOutput,
    async fingerprint(side, of = 'ctid::text || xmin::text || xmax::text') {
      const tables = (await rows(side, FINGERPRINT)).map(({ name }) => name);
      const each = tables.map(
        (t) =>
          `SELECT '${(t ?? '').replaceAll("'", "''")}' AS t, count(*)::text AS n, coalesce(sum(hashtextextended(${of}, 0)), 0)::text AS h FROM ${t}`,
      );
      return JSON.stringify(await rows(side, each.join(' UNION ALL ')));
    },
    async differing() {
      const [legacy, target] = [await truth('legacy'), await truth('target')];
      const found: Record<string, 'value' | 'missing' | 'extra'> = {};
      for (const [key, value] of legacy) {
        if (!target.has(key)) found[key] = 'missing';
        else if (target.get(key) !== value) found[key] = 'value';
      }
      for (const key of target.keys()) if (!legacy.has(key)) found[key] = 'extra';
      return found;
    },
    async expected() {
      const counts: Record<string, number> = {};
      for (const [entity, { legacy }] of Object.entries(schema.truth))
        counts[entity] = (await rows('legacy', legacy)).length;
      return counts;
    },
    async end() {
      await closeDependencies();
      await rm(folder, { recursive: true, force: true });
      for (const url of Object.values(urls)) await dropDatabase(url);
    },
  };
}
