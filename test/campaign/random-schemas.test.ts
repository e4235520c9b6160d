/**
 * Random databases: entities that refer to each other in any way, keys and values of many types, odd characters. Loaded with
 * all constraints on, edited on both sides and migrated again, each time compared with a model that shares no code.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { localExecutions } from '../../cli/local/executions.ts';
import { closeDependencies } from '../../functions/dependencies.ts';
import { setVariables } from '../../shared/config.ts';
import type { FinishMigrationOutput } from '../../shared/contracts/migration.ts';
import { createDatabase, dropDatabase } from '../support/database.ts';
import { Databases } from './random/databases.ts';
import { makeEdits } from './random/edits.ts';
import { Model } from './random/model.ts';
import { entitiesOf, idOf, type Entity } from './random/schema.ts';
import { spec, type Spec } from './random/spec.ts';
import { TYPES } from './random/values.ts';
import { seedOf, trials } from './size.ts';

const TRIALS = trials(300, 15);
/** To make a failing case small takes many trials: `PORTAGE_SHRINK=1`. */
const SHRINK = process.env['PORTAGE_SHRINK'] === '1';
const RUNS = ['the run after the edits', 'one more run'].slice(0, trials(2, 1));
const SETTINGS = `SET TimeZone = 'UTC'; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET search_path = public`;

let folder: string;
let legacy: pg.Client;
let target: pg.Client;
const urls: string[] = [];
const executions = localExecutions();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portage-random-'));
  urls.push(await createDatabase('legacy'), await createDatabase('target'));
  [legacy, target] = urls.map((connectionString) => new pg.Client({ connectionString })) as [pg.Client, pg.Client];
  for (const client of [legacy, target]) await client.connect();
  for (const client of [legacy, target]) await client.query(SETTINGS);
  await target.query(TYPES);
  setVariables({ SOURCE_DB_URL: urls[0]!, TARGET_DB_URL: urls[1]!, PORTAGE_MAP: join(folder, 'map.json') });
});
afterAll(async () => {
  await closeDependencies();
  for (const client of [legacy, target]) await client.end();
  for (const url of urls) await dropDatabase(url);
  await rm(folder, { recursive: true, force: true });
});

async function migrate({ batchSize, sequential }: Spec): Promise<FinishMigrationOutput> {
  const input = { command: 'differential-migration migrate', batchSize, sequential };
  const { name } = await executions.start('migration', randomUUID(), input);
  const { output, error, cause } = await executions.wait(name);
  if (error !== null) throw new Error(`${error}: ${cause ?? ''}`);
  return output as FinishMigrationOutput;
}

interface Found {
  readonly rows: readonly string[];
  readonly differentials: readonly string[];
  readonly setAside: readonly string[];
}

/** A single key is its text, several are a JSON array (SEMANTICS 6). */
const idOfLegacyKey = (model: Model, entity: string, key: string): string =>
  model.entities.find(({ name }) => name === entity)!.key === 'composite'
    ? idOf((JSON.parse(key) as unknown[]).map(String))
    : idOf([key]);

async function found(model: Model, databases: Databases): Promise<Found> {
  const rows: string[] = [];
  for (const entity of model.entities) {
    const read = await target.query<{ key: string[]; values: unknown; references: unknown }>(databases.read(entity));
    rows.push(
      ...read.rows.map((row) => `${entity.name} ${idOf(row.key)} ${JSON.stringify([row.values, row.references])}`),
    );
  }
  const listed = async (sql: string): Promise<string[]> => {
    const result = await target.query<{ entity: string; key: string; more: string }>(sql, [databases.schema]);
    return result.rows.map(({ entity, key, more }) => `${entity} ${idOfLegacyKey(model, entity, key)}${more}`).sort();
  };
  return {
    rows: rows.sort(),
    differentials: await listed(
      `SELECT e.entity, d.legacy_key AS key, ' ' || d.comparison_type AS more FROM portage.data_differentials d JOIN portage.entities e USING (entity_id) WHERE e.map_name = $1 AND NOT d.resolved`,
    ),
    setAside: await listed(
      `SELECT e.entity, s.legacy_key AS key, '' AS more FROM portage.set_aside_rows s JOIN portage.entities e USING (entity_id) WHERE e.map_name = $1 AND s.state = 'open'`,
    ),
  };
}

const expected = (model: Model): Found => ({
  rows: model.entities
    .flatMap(({ name }) =>
      [...model.target.get(name)!.values()].map(
        (row) => `${name} ${idOf(row.key)} ${JSON.stringify([row.values, row.references])}`,
      ),
    )
    .sort(),
  differentials: [...model.differentials].map(([row, type]) => `${row} ${type}`).sort(),
  setAside: [...model.setAside].sort(),
});

let serial = 0;
async function trial(drawn: Spec): Promise<void> {
  const entities = entitiesOf(drawn);
  const edited: string[] = [];
  try {
    await judge(drawn, entities, edited);
  } catch (error) {
    const told = entities.map(({ columns, ...entity }) =>
      JSON.stringify({ ...entity, columns: columns.map(({ to }) => to) }),
    );
    throw new Error([...told, ...edited, String(error)].join('\n'), { cause: error });
  }
}

async function judge(drawn: Spec, entities: readonly Entity[], edited: string[]): Promise<void> {
  const schema = `trial_${++serial}`;
  const databases = new Databases(schema, entities);
  const model = new Model(entities);
  await legacy.query(databases.legacy());
  await target.query(databases.target());
  await writeFile(join(folder, 'map.json'), JSON.stringify(databases.map()));

  await migrate(drawn);
  model.run();
  expect(await found(model, databases)).toEqual(expected(model));

  const edits = makeEdits(drawn, model, databases);
  edited.push(...edits.legacy, ...edits.target);
  if (edits.legacy.length > 0) await legacy.query(edits.legacy.join(';\n'));
  if (edits.target.length > 0) await target.query(edits.target.join(';\n'));
  for (const run of RUNS) {
    await migrate(drawn);
    model.run();
    expect({ run, ...(await found(model, databases)) }).toEqual({ run, ...expected(model) });
  }
  await legacy.query(`DROP SCHEMA ${schema} CASCADE`);
  await target.query(`DROP SCHEMA ${schema} CASCADE`);
}

test(
  'random schemas come to what the model says',
  async () => {
    const seed = seedOf('random schemas');
    await fc.assert(fc.asyncProperty(spec, trial), { numRuns: TRIALS, seed, endOnFailure: !SHRINK });
  },
  TRIALS * 20_000,
);
