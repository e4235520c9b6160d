/** `reset-entity`: what is known of entities is forgotten, and an operation opened that carries them again in full. */
import type { PlanMigrationOutput, ResetEntityRequest } from '../../../shared/contracts/migration.ts';
import { readDatabaseIdentity } from '../../../shared/database/catalog/identity.ts';
import { loadMap, mapHash, type LoadedMap } from '../../../shared/database/engine/load-entities.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { withComparableBases } from '../../../shared/database/ledger/bases.ts';
import { countTargetEdits, forgetEntity } from '../../../shared/database/ledger/forget.ts';
import { openUnlessHeld } from '../../../shared/database/ledger/hold.ts';
import {
  addNote,
  batchLabelAt,
  insertOperation,
  operationOfExecution,
  registerMap,
} from '../../../shared/database/ledger/operations.ts';
import { planCheckpoints } from '../../../shared/database/ledger/planned-checkpoints.ts';
import { interruptedOperation } from '../../../shared/database/ledger/resume.ts';
import { unhurried } from '../../../shared/database/session.ts';
import type { CompiledEntity } from '../../../shared/domain/compiled/types.ts';
import type { EntityMap } from '../../../shared/domain/entity-map.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import { entityOf } from '../../entity-worker.ts';
import type { Sides } from '../../dependencies.ts';
import {
  deletesOf,
  plannedOf,
  refuseActive,
  refuseMissingParents,
  refuseMoreThanFit,
  wavesOf,
} from '../../migration-plan.ts';
import { planLanes } from '../../lane-plan.ts';
import type { Invocation } from '../../step.ts';

const rows = (count: number): string => `${count} ${count === 1 ? 'row' : 'rows'}`;

/** What the full migration will write over, a line an entity. */
async function editsOf(sides: Sides, entity: CompiledEntity): Promise<string> {
  const comparable = await withComparableBases(sides, entity);
  const { edited, deleted, unknown } = await countTargetEdits(sides.target, comparable);
  const lost = `${rows(edited)} edited and ${rows(deleted)} deleted in the target since they were last written: those that differ from the source are overwritten, and the undo log keeps what was there`;
  return `${entity.name}: ${lost}${unknown === 0 ? '' : `; ${rows(unknown)} have no base, so that nobody can say`}`;
}

/** For a dry run: the same lines, and nothing forgotten. */
export async function foreseeReset(sides: Sides, map: EntityMap, names: readonly string[]): Promise<string[]> {
  if ((await ledgerVersion(sides.target)) === 0) return [];
  const loaded = await loadMap(sides.source, sides.target, map, 'read');
  const lines: string[] = [];
  for (const name of names) {
    const entity = loaded.entities.get(name);
    if (entity?.leaf) lines.push(await editsOf(sides, entity));
  }
  return lines;
}

/** @throws PortageError M001 while somebody alive owns one of the entities. */
export async function resetEntity(
  execution: string,
  request: ResetEntityRequest,
  loaded: LoadedMap,
  sides: Sides,
  deps: Invocation,
): Promise<PlanMigrationOutput> {
  const { target } = sides;
  const { map } = loaded;
  const names = selectEntities(request.entity, Object.keys(map.entities));
  refuseMoreThanFit(loaded, names, 'full');
  const lanes = await planLanes({}, loaded, sides, deps);
  const output = (operationId: string, notices: readonly string[]): PlanMigrationOutput => ({
    operationId,
    dryRun: false,
    entityLanes: lanes.of([]).entityLanes,
    connectionRetries: 0,
    entities: [],
    waves: wavesOf(loaded, names, { sequential: false, lanes }),
    deletes: deletesOf(loaded, names, 'full'),
    notices: [...notices],
  });
  // The service may run this step twice for one execution: the second time finds what the first has opened.
  const begun = await operationOfExecution(target, execution);
  if (begun?.status === 'running') return output(begun.operationId, []);
  await refuseActive(sides, loaded, names, deps.config.leaseSeconds);
  await interruptedOperation(target, map.name, names, deps.config.leaseSeconds);
  await refuseMissingParents(sides, loaded, names);
  const entities = names.map((name) => entityOf(loaded, name));
  const notices: string[] = [];
  for (const entity of entities) notices.push(await editsOf(sides, entity));
  const hash = mapHash(map);
  await registerMap(target, map, hash);
  const sourceDatabase = await readDatabaseIdentity(sides.source);
  const operation = await unhurried(target, () =>
    openUnlessHeld(target, async () => {
      for (const entity of entities) await forgetEntity(target, entity);
      const opened = await insertOperation(
        target,
        {
          type: 'differential_migration',
          execution,
          batchLabel: batchLabelAt(deps.now()),
          mapName: map.name,
          mapHash: hash,
          mode: 'full',
          request: { ...request, entities: names },
          sourceDatabase,
        },
        deps.now(),
      );
      await planCheckpoints(
        target,
        opened,
        names.map((name) => plannedOf(loaded, name)),
      );
      await addNote(target, opened.operationId, `forgot checkpoints, bases and differentials of ${names.join(', ')}`);
      return opened;
    }),
  );
  return output(operation.operationId, notices);
}
