// A thousand canaries in a sensitive column, with bad rows, conflicts and differences, through commands of the catalogue: none is
// found in an answer, an error, what a state takes and gives, a log line, or a table of the ledger but the undo log and the sealed
// backups (SEMANTICS 34).
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { setLogSink } from '../../shared/log/current.ts';
import { CATALOGUE_OF_OPERATIONS, operationOf } from '../../shared/operations/catalogue.ts';
import { commandOf, machineOf } from '../../shared/operations/operation.ts';
import { loadMachine } from '../../cli/local/state-machine-runner.ts';
import { portage, type Around, type Portage } from '../support/portage.ts';

const CANARY = /canary\d+/i;
const map = {
  name: 'canaries',
  entities: {
    people: {
      source: { table: 'public.person', key: ['no'] },
      target: { table: 'public.people', key: ['id'], identity: ['legacy_id'] },
      columns: {
        legacy_id: 'no',
        secret: { from: 'secret', sensitive: true },
        born: { sql: 's.born::date', sensitive: true },
        code: { from: 'code', sensitive: true },
      },
    },
  },
} satisfies EntityMap;

let p: Portage;
const logged: string[] = [];
beforeAll(async () => {
  setLogSink((line) => void logged.push(JSON.stringify(line)));
  p = await portage(
    `CREATE TABLE person (no integer PRIMARY KEY, secret text, born text, code text);
     INSERT INTO person SELECT n, 'canary' || n, CASE WHEN n IN (300, 900) THEN 'canary' || n ELSE '2020-01-01' END, 'canary' || CASE n WHEN 51 THEN 1 ELSE n END FROM generate_series(1, 1000) n`,
    `CREATE TABLE people (id uuid PRIMARY KEY, legacy_id integer UNIQUE, secret varchar(9) CHECK (secret <> 'canary7'), born date, code text UNIQUE)`,
    map,
  );
});
afterAll(async () => {
  setLogSink(() => undefined);
  await p.end();
});

/** Commands that need more than entities, or end what others do, have no place in a walk through the catalogue. */
const inputsOf = (): readonly Record<string, unknown>[] =>
  CATALOGUE_OF_OPERATIONS.flatMap((operation) => {
    const command = commandOf(operation);
    return [
      {},
      { entity: 'all' },
      { entities: 'all' },
      { entity: 'all', dryRun: true },
      { entities: 'all', verbose: true },
    ]
      .map((more) => ({ command, ...more }))
      .filter((input) => operation.input.safeParse(input).success)
      .slice(-1);
  });

test('no canary leaves by an answer, an error, a state, a log line or the ledger', async () => {
  const said: string[] = [];
  const states = new Set<string>();
  const listen =
    (state: string): Around =>
    async (input, go) => {
      said.push(JSON.stringify(input));
      states.add(state);
      try {
        const output = await go();
        said.push(JSON.stringify(output));
        return output;
      } catch (error) {
        said.push(error instanceof Error ? `${error.name} ${error.message}` : String(error));
        throw error;
      }
    };
  const run = async (input: Record<string, unknown>): Promise<void> => {
    const operation = operationOf(String(input['command']))!;
    const { handlers } = await loadMachine(machineOf(operation, { ...input, command: commandOf(operation) }));
    const around = Object.fromEntries([...handlers.keys()].map((state) => [state, listen(state)]));
    said.push(JSON.stringify(await p.commandAround(around, input)));
  };
  await run({ command: 'differential-migration migrate' });
  await p.run('source', "UPDATE person SET secret = 'canary' || (no + 1) WHERE no BETWEEN 10 AND 40");
  await p.run('target', "UPDATE people SET secret = 'canary' || (legacy_id + 2) WHERE legacy_id BETWEEN 20 AND 60");
  await run({ command: 'differential-migration migrate' });
  for (const input of inputsOf().filter(
    ({ command }) => !/stop-all|start$|resume-all|rollback|backup|monitor/.test(String(command)),
  ))
    await run(input);

  await run({ command: 'conflict-resolver resolve', entity: ['people'], strategy: 'source_wins', include: ['value'] });

  expect([...states]).toEqual(
    expect.arrayContaining(['MigrateSlice', 'CheckIntegrity', 'Judge', 'ResolveBatch', 'InspectLedger', 'InspectRows']),
  );
  expect(said.filter((text) => CANARY.test(text)).map((text) => text.slice(0, 300))).toEqual([]);
  expect(logged.filter((text) => CANARY.test(text)).map((text) => text.slice(0, 300))).toEqual([]);
  const tables = await p.rows(
    "SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relnamespace = 'portage'::regnamespace AND c.relkind = 'r' AND c.relname <> 'undo_log' AND c.relname NOT LIKE '%backup%'",
  );
  for (const { name } of tables)
    expect([name, await p.value(`SELECT count(*) FROM ${name ?? ''} t WHERE t::text ~* 'canary[0-9]+'`)]).toEqual([
      name,
      '0',
    ]);
}, 180_000);
