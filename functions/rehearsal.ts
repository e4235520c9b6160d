/** The frame of a rehearsal: everything that a real run would register is there while its batches are tried, and gone after it. */
import type { MigrateRequest, Rehearsal as Told } from '../shared/contracts/migration.ts';
import { readDatabaseIdentity } from '../shared/database/catalog/identity.ts';
import { loadMap, mapHash, type LoadedMap } from '../shared/database/engine/load-entities.ts';
import { NOT_REHEARSED, type Rehearsal } from '../shared/database/engine/rehearsal.ts';
import { neededBy } from '../shared/database/engine/rehearse.ts';
import { applyWithin } from '../shared/database/ledger/apply.ts';
import { bringOverBases } from '../shared/database/ledger/bases.ts';
import { useHashKey } from '../shared/database/ledger/hash-key.ts';
import { insertOperation, registerMap } from '../shared/database/ledger/operations.ts';
import { takenBack } from '../shared/database/transactions.ts';
import type { EntityMap } from '../shared/domain/entity-map.ts';
import { quoteIdentifier } from '../shared/domain/identifiers.ts';
import { refusedShown } from '../shared/domain/execution-room.ts';
import { writeOrder } from '../shared/domain/write-order.ts';
import type { Sides } from './dependencies.ts';
import { entityOf } from './entity-worker.ts';
import { chosenEntities } from './migration-plan.ts';
import type { Invocation } from './step.ts';

/** As for the closed sets of a cycle: beyond it a batch is no batch any more. */
const CLOSURE_ROWS = 100_000;

export interface Rehearsing {
  readonly map: EntityMap;
  readonly entity: string;
  readonly request: MigrateRequest;
  readonly operationId: string;
  /** What the invocations before this one have found. */
  readonly soFar: Told | null;
}

/** Gives the work a map that is registered, and takes back all that it does; transactions inside are savepoints. */
export const rehearsed = <T>(
  sides: Sides,
  { map, entity: name, request, operationId, soFar }: Rehearsing,
  deps: Invocation,
  work: (loaded: LoadedMap, rehearsal: Rehearsal) => Promise<T>,
): Promise<T> =>
  takenBack(sides.target, async () => {
    const { source, target } = sides;
    // It lives as long as this step, and no longer than a step may.
    await target.run('SET LOCAL idle_in_transaction_session_timeout = 0');
    await applyWithin(target);
    await useHashKey(target, deps.config.hashKey);
    await registerMap(target, map, mapHash(map));
    const loaded = await loadMap(source, target, map, 'register');
    const operation = await insertOperation(
      target,
      {
        type: 'differential_migration',
        execution: operationId,
        batchLabel: null,
        mapName: map.name,
        mapHash: mapHash(map),
        mode: request.mode,
        request,
        sourceDatabase: await readDatabaseIdentity(source),
      },
      deps.now(),
    );
    const needed = neededBy(entityOf(loaded, name), loaded.entities);
    for (const entity of needed) await bringOverBases(sides, entity);
    const names = loaded.order.waves
      .flat()
      .flatMap((group) => writeOrder(group.entities, (one) => loaded.relations.get(one)?.target));
    const schemas = [...new Set([...needed].map((entity) => entity.source.schema))];
    await source.run(`SET search_path = ${['pg_catalog', ...schemas].map(quoteIdentifier).join(', ')}`);
    return work(loaded, {
      entities: names.map((one) => entityOf(loaded, one)).filter((entity) => needed.has(entity)),
      operationNo: operation.operationNo,
      operationId,
      closureRows: deps.settings(map).closureRows ?? CLOSURE_ROWS,
      mostRefused: refusedShown(chosenEntities(map, request).names.length),
      facts: soFar ?? NOT_REHEARSED,
    });
  });

/** As a state carries it. */
export const told = ({ facts }: Rehearsal): Told => ({
  ...facts,
  sequences: { ...facts.sequences },
  refused: facts.refused.map((row) => ({ ...row })),
});
