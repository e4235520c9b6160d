// Two databases with a map between them, migrated by the real state machine with its real handlers in this process.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localExecutions } from '../../cli/local/executions.ts';
import { closeDependencies } from '../../functions/dependencies.ts';
import type { FinishMigrationOutput } from '../../shared/contracts/migration.ts';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { failureOf, type Failure } from '../../shared/operations/failure.ts';
import { twoSides, type TestSides } from './sides.ts';

export type Row = Record<string, string | null>;

/** How an execution ended: with an answer, or with a failure. */
export interface Ended {
  readonly status: string;
  readonly output: FinishMigrationOutput | null;
  readonly failure: Failure | null;
}

export interface Started {
  readonly name: string;
  /** Ends it at the next batch border. */
  stop(): Promise<void>;
  wait(): Promise<Ended>;
}

export interface Portage extends TestSides {
  /** Steps read the map anew when they plan. */
  useMap(map: EntityMap): Promise<void>;
  start(input: Record<string, unknown>): Promise<Started>;
  migrate(request?: Record<string, unknown>): Promise<Ended>;
  resume(entity?: string | readonly string[]): Promise<Ended>;
  /** Rows of the target (or the ledger) as texts, `null` for NULL. */
  rows(sql: string): Promise<Row[]>;
  /** The one value of a one-row, one-column query. */
  value(sql: string): Promise<string | null>;
}

const finished = (result: { status: string; output: unknown; error: string | null; cause: string | null }): Ended => ({
  status: result.status,
  output: result.output as FinishMigrationOutput | null,
  failure: result.error === null ? null : failureOf(result.error, result.cause ?? ''),
});

/** Databases made by the SQL of each side; `variables` are set until `end`. */
export async function portage(
  sourceSql: string,
  targetSql: string,
  map: EntityMap,
  variables: Record<string, string> = {},
): Promise<Portage> {
  const sides = await twoSides(sourceSql, targetSql);
  const folder = await mkdtemp(join(tmpdir(), 'portage-map-'));
  const mapFile = join(folder, 'map.json');
  const set = {
    SOURCE_DB_URL: sides.sourceUrl,
    TARGET_DB_URL: sides.targetUrl,
    PORTAGE_MAP: mapFile,
    PORTAGE_HASH_KEY: 'a key that tests share',
    ...variables,
  };
  Object.assign(process.env, set);
  const executions = localExecutions();
  const useMap = (changed: EntityMap): Promise<void> => writeFile(mapFile, JSON.stringify(changed));
  await useMap(map);
  await sides.target.run('SET search_path = public, portage');

  const start = async (input: Record<string, unknown>): Promise<Started> => {
    const { name } = await executions.start('migration', randomUUID(), input);
    return { name, stop: () => executions.stop(name), wait: async () => finished(await executions.wait(name)) };
  };
  const rows = (sql: string): Promise<Row[]> => sides.target.rows<Row>(sql);
  return {
    ...sides,
    useMap,
    start,
    migrate: async (request = {}) => (await start({ command: 'differential-migration migrate', ...request })).wait(),
    resume: async (entity = 'all') => (await start({ command: 'differential-migration resume', entity })).wait(),
    rows,
    value: async (sql) => Object.values((await rows(sql))[0] ?? {})[0] ?? null,
    async end() {
      await closeDependencies();
      for (const name of Object.keys(set)) Reflect.deleteProperty(process.env, name);
      await sides.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
