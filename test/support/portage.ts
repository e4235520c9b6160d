// Two databases with a map between them, migrated by the real state machine with its real handlers in this process.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateMachine } from '../../cli/local/asl/definition.ts';
import { StateError } from '../../cli/local/asl/errors.ts';
import { localExecutions } from '../../cli/local/executions.ts';
import type { Handler } from '../../cli/local/lambda.ts';
import { loadMachine, runMachine } from '../../cli/local/state-machine-runner.ts';
import { closeDependencies } from '../../functions/dependencies.ts';
import type { FinishMigrationOutput } from '../../shared/contracts/migration.ts';
import type { FinishRecoveryOutput } from '../../shared/contracts/recovery.ts';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { operationOf } from '../../shared/operations/catalogue.ts';
import { failureOf, type Failure } from '../../shared/operations/failure.ts';
import { machineOf } from '../../shared/operations/operation.ts';
import pg from 'pg';
import { twoSides, type Servers, type TestSides } from './sides.ts';

export type Row = Record<string, string | null>;

/** How an execution ended: with an answer, or with a failure. */
export interface EndedWith<Output> {
  readonly status: string;
  readonly output: Output | null;
  readonly failure: Failure | null;
}
export type Ended = EndedWith<FinishMigrationOutput>;
export type Recovered = EndedWith<FinishRecoveryOutput>;

/** Stands around the handlers of a state: may do something before, after or instead of it. */
export type Around = (
  input: Record<string, unknown>,
  /** The handler itself; `late`: it has no time, and gives back its progress as soon as it can. */
  go: (late?: boolean) => Promise<unknown>,
  /** Ends the execution as if its process had been killed: nothing is recorded. */
  kill: () => void,
) => Promise<unknown>;

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
  /** An execution of a machine; `around` stands around the handlers of some states, and what is tried again is tried at once. */
  execute<Output = FinishMigrationOutput>(
    machine: string,
    input: Record<string, unknown>,
    around?: Readonly<Record<string, Around>>,
  ): Promise<EndedWith<Output>>;
  /** Any command, to its end. */
  command(input: Record<string, unknown>): Promise<{ readonly output: unknown; readonly failure: Failure | null }>;
  /** A migration with something around the handlers of some states; what is tried again is tried at once. */
  migrateAround(states: Readonly<Record<string, Around>>, request?: Record<string, unknown>): Promise<Ended>;
  /** A rollback; with something around the handlers of some states of its machine, as above. */
  recover(request: Record<string, unknown>, states?: Readonly<Record<string, Around>>): Promise<Recovered>;
  rollback(operationId: string, more?: Record<string, unknown>): Promise<Recovered>;
  /** Any other command, with something around the handlers of some states of its machine, as above. */
  commandAround(states: Readonly<Record<string, Around>>, input: Record<string, unknown>): Promise<EndedWith<unknown>>;
  /** Takes away rows, mappings and operations, so that a test begins with a target that nobody has written to. */
  empty(): Promise<void>;
  /** Makes everything that was done look so much older, so that owners who do nothing now are dead. */
  passTime(seconds: number): Promise<void>;
  /** Rows of the target (or the ledger) as texts, `null` for NULL. */
  rows(sql: string): Promise<Row[]>;
  /** The one value of a one-row, one-column query. */
  value(sql: string): Promise<string | null>;
}

/** All that a migration fills; entities, once registered, stay. */
export const EVERY_TABLE = `SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') AS list FROM pg_tables
  WHERE schemaname = 'public' OR schemaname = 'portage' AND tablename NOT IN ('schema_versions', 'settings', 'maps', 'entities', 'fences')`;

/** The owner of both databases, on connections that stay open: a test may change data many times. */
export function owner(sides: TestSides): Pick<TestSides, 'run'> & { leave(): Promise<void> } {
  const clients = new Map<string, Promise<pg.Client>>();
  const connected = async (connectionString: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  return {
    async run(side, sql) {
      const url = side === 'source' ? sides.sourceUrl : sides.targetUrl;
      const client = clients.get(url) ?? connected(url);
      clients.set(url, client);
      await (await client).query(sql);
    },
    async leave() {
      for (const client of clients.values()) await (await client).end();
    },
  };
}

/** The machine with short pauses before its retries: seconds, a tenth at first. */
const hurried = (definition: StateMachine): StateMachine =>
  JSON.parse(JSON.stringify(definition), (name, value: unknown) =>
    name === 'IntervalSeconds' || name === 'Seconds' ? 0.1 : name === 'MaxDelaySeconds' ? 0.5 : value,
  ) as StateMachine;

const finished = <Output = FinishMigrationOutput>(result: {
  status: string;
  output: unknown;
  error: string | null;
  cause: string | null;
}): EndedWith<Output> => ({
  status: result.status,
  output: result.output as Output | null,
  failure: result.error === null ? null : failureOf(result.error, result.cause ?? ''),
});

/** The machine of the command. */
const machineFor = (input: Record<string, unknown>): string => {
  const command = String(input['command']);
  const operation = operationOf(command);
  return operation === undefined ? 'migration' : machineOf(operation, { ...input, command });
};

/** Databases made by the SQL of each side; `variables` are set until `end`. */
export async function portage(
  sourceSql: string,
  targetSql: string,
  map: EntityMap,
  variables: Record<string, string> = {},
  servers: Servers = {},
): Promise<Portage> {
  const sides = await twoSides(sourceSql, targetSql, servers);
  const own = owner(sides);
  const folder = await mkdtemp(join(tmpdir(), 'portage-map-'));
  const mapFile = join(folder, 'map.json');
  const set = {
    SOURCE_DB_URL: sides.sourceUrl,
    TARGET_DB_URL: sides.targetUrl,
    PORTAGE_MAP: mapFile,
    PORTAGE_HASH_KEY: 'a key that tests share',
    // As many wherever the tests run.
    PORTAGE_LANES: '4',
    // Nobody writes beside a validation, unless a test says so.
    PORTAGE_SETTLE_MS: '0',
    ...variables,
  };
  Object.assign(process.env, set);
  const executions = localExecutions();
  const useMap = (changed: EntityMap): Promise<void> => writeFile(mapFile, JSON.stringify(changed));
  await useMap(map);
  await sides.target.run('SET search_path = public, portage');

  const start = async (input: Record<string, unknown>): Promise<Started> => {
    const { name } = await executions.start(machineFor(input), randomUUID(), input);
    return { name, stop: () => executions.stop(name), wait: async () => finished(await executions.wait(name)) };
  };
  const command = async (input: Record<string, unknown>) => {
    const { name } = await executions.start(machineFor(input), randomUUID(), input);
    const { output, error, cause } = await executions.wait(name);
    return { output, failure: error === null ? null : failureOf(error, cause ?? '') };
  };
  const rows = (sql: string): Promise<Row[]> => sides.target.rows<Row>(sql);
  const around = async <Output>(
    machineName: string,
    input: Record<string, unknown>,
    states: Readonly<Record<string, Around>> = {},
  ): Promise<EndedWith<Output>> => {
    const loaded = await loadMachine(machineName);
    const machine = { ...loaded, definition: hurried(loaded.definition) };
    const killed = new AbortController();
    const handlers = new Map<string, Handler>(machine.handlers);
    for (const [state, around] of Object.entries(states)) {
      const handler = machine.handlers.get(state)!;
      handlers.set(state, (event, context) =>
        around(
          event as Record<string, unknown>,
          async (late) =>
            handler(event, late === true ? { ...context, getRemainingTimeInMillis: () => 9_000 } : context),
          () => killed.abort(),
        ),
      );
    }
    const run = { execution: randomUUID(), signal: killed.signal };
    return runMachine({ ...machine, handlers }, input, run).then(
      (output) => finished<Output>({ status: 'SUCCEEDED', output, error: null, cause: null }),
      (error: unknown) => {
        const { errorName, causeText } = error instanceof StateError ? error : { errorName: 'killed', causeText: '' };
        return finished<Output>({ status: 'FAILED', output: null, error: errorName, cause: causeText });
      },
    );
  };
  const recover = (request: Record<string, unknown>, states = {}): Promise<Recovered> =>
    around(machineFor(request), request, states);
  const passTime = async (seconds: number): Promise<void> => {
    const earlier = (column: string): string => `${column} = ${column} - interval '${seconds} s'`;
    await sides.target.run(
      `UPDATE portage.workers SET ${earlier('heartbeat_at')};
       UPDATE portage.migration_checkpoints SET ${earlier('updated_at')}, ${earlier('created_at')};
       UPDATE portage.operations SET ${earlier('started_at')}; UPDATE portage.synchronization_runs SET ${earlier('started_at')}`,
    );
  };
  const empty = async (): Promise<void> => {
    const tables = await sides.target.maybeOne<{ list: string }>(EVERY_TABLE);
    await sides.target.run(`TRUNCATE ${tables!.list} RESTART IDENTITY; UPDATE portage.fences SET fence = 0`);
    await closeDependencies();
  };
  return {
    ...sides,
    run: (side, sql) => own.run(side, sql),
    useMap,
    empty,
    execute: around,
    migrateAround: (states, request = {}) =>
      around('migration', { command: 'differential-migration migrate', ...request }, states),
    recover,
    rollback: (operationId, more = {}) => recover({ command: 'differential-migration rollback', operationId, ...more }),
    commandAround: (states, input) => around(machineFor(input), input, states),
    passTime,
    start,
    command,
    migrate: async (request = {}) => (await start({ command: 'differential-migration migrate', ...request })).wait(),
    resume: async (entity = 'all') => (await start({ command: 'differential-migration resume', entity })).wait(),
    rows,
    value: async (sql) => Object.values((await rows(sql))[0] ?? {})[0] ?? null,
    async end() {
      await closeDependencies();
      for (const name of Object.keys(set)) Reflect.deleteProperty(process.env, name);
      await own.leave();
      await sides.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
