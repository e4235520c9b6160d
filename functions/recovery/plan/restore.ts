/** The plan of a restore: whether the file fits the map and the tables of today, and parents before children. */
import { backupHeader } from '../../../shared/contracts/backup.ts';
import type { PlanRecoveryOutput, RestoreFromBackupRequest } from '../../../shared/contracts/recovery.ts';
import { readDatabaseIdentity } from '../../../shared/database/catalog/identity.ts';
import type { BackupBytes } from '../../../shared/database/backup/pieces.ts';
import { readHeader } from '../../../shared/database/backup/read-file.ts';
import { cipherFor } from '../../../shared/database/backup/structure.ts';
import { loadMap, mapHash, type LoadedMap } from '../../../shared/database/engine/load-entities.ts';
import { isOperationAlive } from '../../../shared/database/ledger/alive.ts';
import { applyLedger, ledgerVersion, LEDGER_VERSION } from '../../../shared/database/ledger/apply.ts';
import { interruptedRestores } from '../../../shared/database/ledger/backups.ts';
import { activeCheckpoint, activeCheckpointError, isAlive } from '../../../shared/database/ledger/checkpoints.ts';
import { openUnlessHeld, refuseHeld } from '../../../shared/database/ledger/hold.ts';
import {
  addNote,
  batchLabelAt,
  insertOperation,
  operationIdAt,
  operationOfExecution,
  registerMap,
  reopenOperation,
  type Operation,
} from '../../../shared/database/ledger/operations.ts';
import { planCheckpoints } from '../../../shared/database/ledger/planned-checkpoints.ts';
import { whilePlanning } from '../../../shared/database/ledger/plan-lock.ts';
import { differencesOf, type BackupHeader } from '../../../shared/domain/backup.ts';
import { deleteOrder } from '../../../shared/domain/delete-order.ts';
import type { EntityMap } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { eventsOfRecovery } from '../../../shared/domain/execution-room.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import { openBackup } from '../../backup-place.ts';
import { refuseBeyondHistory } from '../../history-room.ts';
import type { Sides } from '../../dependencies.ts';
import type { Invocation } from '../../step.ts';

export async function planRestore(
  execution: string,
  request: RestoreFromBackupRequest,
  deps: Invocation,
): Promise<PlanRecoveryOutput> {
  const map = await deps.configuredMap();
  const file = await openBackup(request.backupFile);
  const header = await readHeader(file, { secret: deps.config.hashKey, headerOf: backupHeader });
  // Before any row is read: without its key the file is of no use.
  cipherFor(file, header, deps.config.hashKey);
  refuseOtherMap(file, header, map);
  const chosen = selectEntities(
    request.entities,
    header.entities.map(({ entity }) => entity),
  );
  return deps.withSides('plan', [], async (sides) => {
    const { target } = sides;
    if (request.dryRun) await refuseOlderLedger(sides);
    else await applyLedger(target);
    if (!request.dryRun) await refuseHeld(target);
    const loaded = await loadMap(sides.source, target, map, request.dryRun ? 'read' : 'register');
    refuseDifferences(file, header, loaded, chosen);
    const groups = deleteOrder(
      [...loaded.entities.keys()],
      (name) => loaded.relations.get(name)?.target,
      (name) => chosen.includes(name),
    ).toReversed();
    refuseBeyondHistory(eventsOfRecovery(groups.length, groups.length), groups.flat().length);
    const items = groups.map((entities, slice) => ({ slice, entities: [...entities] }));
    const output = (operationId: string, notices: readonly string[]): PlanRecoveryOutput => ({
      operationId,
      kind: 'restore',
      dryRun: request.dryRun,
      lanes: 1,
      operations: [],
      stages: request.dryRun ? [] : items.map((item) => ({ items: [item] })),
      // A dry run reads the file once.
      items: request.dryRun ? [{ slice: 0, entities: groups.flat() }] : [],
      notices: [...notices],
    });
    if (request.dryRun) return output(`dry_${operationIdAt('restore', deps.now())}`, []);
    return whilePlanning(target, map.name, () =>
      begin(execution, request, loaded, groups.flat(), file, sides, deps, output),
    );
  });
}

const unlike = (file: BackupBytes, got: string, next: string): PortageError =>
  new PortageError('M020', 'the backup does not fit, and nothing was written', {
    got,
    expected: 'the map and the tables that it was made of',
    where: file.name,
    next,
  });

function refuseOtherMap(file: BackupBytes, header: BackupHeader, map: EntityMap): void {
  if (header.map.name === map.name) return;
  throw unlike(
    file,
    `a backup of the map ${header.map.name}, where the map is ${map.name}`,
    'Name the map that the backup was made of: --map FILE. It stands in the file, as header.map.',
  );
}

/** Every difference of the entities that are asked for, in one answer. */
function refuseDifferences(
  file: BackupBytes,
  header: BackupHeader,
  loaded: LoadedMap,
  chosen: readonly string[],
): void {
  const found = chosen.flatMap((name) => {
    const kept = header.entities.find(({ entity }) => entity === name);
    const before = header.map.entities[name];
    const [mapping, relation] = [loaded.map.entities[name], loaded.relations.get(name)];
    if (kept === undefined || before === undefined) return [`${name} is not in the backup`];
    if (mapping === undefined || relation === undefined) return [`${name} is in the backup, and not in the map`];
    return differencesOf(kept, before, { mapping, target: relation.target });
  });
  if (found.length > 0)
    throw unlike(
      file,
      found.join('; '),
      'Restore with the map of the backup (--map FILE; it stands in the file, as header.map), into tables that are as they were, or choose --entities that are unchanged.',
    );
}

async function refuseOlderLedger({ target }: Sides): Promise<void> {
  const version = await ledgerVersion(target);
  if (version === LEDGER_VERSION) return;
  throw new PortageError(
    'SYS002',
    'a dry run writes nothing, so that it cannot bring the ledger of this target up to date',
    {
      got: version === 0 ? 'no ledger' : `version ${version}`,
      expected: `version ${LEDGER_VERSION}`,
      next: 'Without --dry-run the restore makes it.',
    },
  );
}

type Output = (operationId: string, notices: readonly string[]) => PlanRecoveryOutput;

/** Continues the same restore that was interrupted, or opens one. */
async function begin(
  execution: string,
  request: RestoreFromBackupRequest,
  loaded: LoadedMap,
  entities: readonly string[],
  file: BackupBytes,
  sides: Sides,
  deps: Invocation,
  output: Output,
): Promise<PlanRecoveryOutput> {
  const { target } = sides;
  // The service may run this step twice for one execution: the second time finds what the first has opened.
  const begun = await operationOfExecution(target, execution);
  if (begun?.status === 'running') return output(begun.operationId, []);
  const hash = mapHash(loaded.map);
  await refuseActive(sides, loaded, entities, deps.config.leaseSeconds);
  const kept = { ...request, entities, identity: file.identity };
  const earlier = await continuable(sides, loaded.map.name, hash, kept, deps.config.leaseSeconds);
  if (earlier !== null) {
    await openUnlessHeld(target, () => reopenOperation(target, earlier.operationId, execution));
    const note = `continues ${earlier.operationId}, which was interrupted`;
    await addNote(target, earlier.operationId, note);
    return output(earlier.operationId, []);
  }
  await registerMap(target, loaded.map, hash);
  const sourceDatabase = await readDatabaseIdentity(sides.source);
  const operation = await openUnlessHeld(target, async () => {
    const opened = await insertOperation(
      target,
      {
        type: 'restore',
        execution,
        batchLabel: batchLabelAt(deps.now()),
        mapName: loaded.map.name,
        mapHash: hash,
        mode: 'differential',
        request: kept,
        sourceDatabase,
      },
      deps.now(),
    );
    await planCheckpoints(
      target,
      opened,
      entities.map((entity) => ({
        entity,
        entityId: loaded.entities.get(entity)?.entityId ?? 0,
        catalogHash: loaded.catalogHash(entity),
        rows: null,
      })),
    );
    return opened;
  });
  return output(operation.operationId, []);
}

/** @throws PortageError M001 while somebody alive owns one of the entities. */
async function refuseActive(
  { target }: Sides,
  loaded: LoadedMap,
  entities: readonly string[],
  leaseSeconds: number,
): Promise<void> {
  for (const name of entities) {
    const entityId = loaded.entities.get(name)?.entityId ?? null;
    const active = entityId === null ? null : await activeCheckpoint(target, entityId);
    if (active && isAlive(active, leaseSeconds)) throw activeCheckpointError(active, leaseSeconds);
  }
}

/** The interrupted restore of the same rows out of the same file under the same map. @throws PortageError M001 while it runs */
async function continuable(
  { target }: Sides,
  mapName: string,
  hash: string,
  request: Readonly<Record<string, unknown>>,
  leaseSeconds: number,
): Promise<Operation | null> {
  const found = (await interruptedRestores(target, mapName)).find(
    (each) => each.mapHash === hash && JSON.stringify(sorted(each.request)) === JSON.stringify(sorted(request)),
  );
  if (found === undefined) return null;
  if (!(await isOperationAlive(target, found.operationId, leaseSeconds))) return found;
  throw new PortageError('M001', 'this backup is being restored already', {
    got: found.operationId,
    expected: 'one restore of it at a time',
    next: 'Wait for it, or stop it: portage migration-analyzer stop-all-operations --graceful',
  });
}

/** jsonb has an order of its own. */
const sorted = (request: Readonly<Record<string, unknown>>): unknown =>
  Object.entries(request).toSorted(([a], [b]) => (a < b ? -1 : 1));
