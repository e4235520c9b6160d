// Two databases whose entities are registered in the ledger, and workers on them: a batch without the state machine.
import { hostname } from 'node:os';
import { loadMap, mapHash, type LoadedMap } from '../../shared/database/engine/load-entities.ts';
import { workSlice, type SliceProgress } from '../../shared/database/engine/slice.ts';
import type { Worker } from '../../shared/database/engine/worker.ts';
import { readDatabaseIdentity } from '../../shared/database/catalog/identity.ts';
import { applyLedger } from '../../shared/database/ledger/apply.ts';
import { beat, claimEntity, type Checkpoint } from '../../shared/database/ledger/checkpoints.ts';
import { useHashKey } from '../../shared/database/ledger/hash-key.ts';
import { insertOperation, registerMap, type Operation } from '../../shared/database/ledger/operations.ts';
import { openSession, type Session } from '../../shared/database/session.ts';
import type { CompiledEntity } from '../../shared/domain/compiled/types.ts';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { EVERY_TABLE, owner, type Row } from './portage.ts';
import { addressOf, twoSides, type Servers, type TestSides } from './sides.ts';

const WHOLE = { slice: 0, from: null, to: null };
const KEY = 'a key that tests share';

export interface Claiming {
  readonly leaseSeconds?: number;
  readonly on?: Session;
}

export interface Ledgered extends TestSides {
  readonly loaded: LoadedMap;
  entity(name: string): CompiledEntity;
  operation(mode?: Operation['mode']): Promise<Operation>;
  claim(operation: Operation, entity: string, claiming?: Claiming): Promise<Checkpoint>;
  worker(operation: Operation, checkpoint: Checkpoint, more?: Partial<Worker>): Worker;
  /** Claims the entity for an operation of its own and works through it in one slice. */
  work(entity: string, more?: Partial<Worker>): Promise<SliceProgress & { readonly operation: Operation }>;
  /** Takes everything away that tests did: rows of the target, mappings, operations; entities stay registered. */
  reset(): Promise<void>;
  /** Another session, closed by `reset` and `end`. */
  another(side?: 'source' | 'target'): Promise<Session>;
  rows(sql: string): Promise<Row[]>;
  value(sql: string): Promise<string | null>;
}

export async function ledgered(
  sourceSql: string,
  targetSql: string,
  map: EntityMap,
  servers: Servers = {},
): Promise<Ledgered> {
  const sides = await twoSides(sourceSql, targetSql, servers);
  const { source, target } = sides;
  const own = owner(sides);
  await applyLedger(target);
  await useHashKey(target, KEY);
  await target.run('SET search_path = public, portage');
  await registerMap(target, map, mapHash(map));
  const loaded = await loadMap(source, target, map, 'register');
  const others: Session[] = [];

  const entity = (name: string): CompiledEntity => loaded.entities.get(name)!;
  const operation = async (mode: Operation['mode'] = 'differential'): Promise<Operation> =>
    insertOperation(
      target,
      {
        type: 'differential_migration',
        execution: `execution-${performance.now()}`,
        batchLabel: null,
        mapName: map.name,
        mapHash: mapHash(map),
        mode,
        request: {},
        sourceDatabase: await readDatabaseIdentity(source),
      },
      new Date(),
    );
  const claim = async (of: Operation, name: string, { leaseSeconds = 60, on = target }: Claiming = {}) => {
    const checkpoint = await claimEntity(on, {
      operation: of,
      entity: name,
      entityId: entity(name).entityId!,
      owner: `${of.execution} on ${hostname()}`,
      catalogHash: loaded.catalogHash(name),
      leaseSeconds,
    });
    await beat(on, checkpoint.id, 0, hostname());
    return checkpoint;
  };
  const worker = (of: Operation, checkpoint: Checkpoint, more: Partial<Worker> = {}): Worker => ({
    source,
    target,
    entity: entity(checkpoint.entity),
    map: map.name,
    operationNo: of.operationNo,
    operationId: of.operationId,
    checkpointId: checkpoint.id,
    fence: checkpoint.fence,
    slice: 0,
    mode: of.mode,
    fresh: false,
    batchRows: 5000,
    timeIsUp: () => false,
    workerOn: () => Promise.resolve(null),
    circle: () => Promise.resolve(null),
    onBatch: () => undefined,
    ...more,
  });
  const rows = (sql: string): Promise<Row[]> => target.rows<Row>(sql);
  return {
    ...sides,
    run: (side, sql) => own.run(side, sql),
    loaded,
    entity,
    operation,
    claim,
    worker,
    async work(name, more = {}) {
      const of = await operation(more.mode);
      const checkpoint = await claim(of, name);
      const progress = await workSlice(worker(of, checkpoint, more), WHOLE);
      await target.run("UPDATE portage.migration_checkpoints SET status = 'completed' WHERE id = $1", [checkpoint.id]);
      await target.run('DISCARD TEMP');
      return { ...progress, operation: of };
    },
    async reset() {
      for (const session of others.splice(0)) await session.end();
      const tables = await target.one<{ list: string }>(EVERY_TABLE);
      await target.run(`DISCARD TEMP; TRUNCATE ${tables.list} RESTART IDENTITY; UPDATE portage.fences SET fence = 0`);
    },
    async another(side = 'target') {
      const url = side === 'source' ? sides.sourceUrl : sides.targetUrl;
      const session = await openSession(side, addressOf(url), { applicationName: 'portage:other' });
      if (side === 'target') await useHashKey(session, KEY);
      others.push(session);
      return session;
    },
    rows,
    value: async (sql) => Object.values((await rows(sql))[0] ?? {})[0] ?? null,
    async end() {
      for (const session of others) await session.end();
      await own.leave();
      await sides.end();
    },
  };
}
