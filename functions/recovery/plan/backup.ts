/** The plan of a backup: one item, because one snapshot sees all of its entities. */
import type { CreateFullBackupRequest, PlanRecoveryOutput } from '../../../shared/contracts/recovery.ts';
import { readDatabaseIdentity } from '../../../shared/database/catalog/identity.ts';
import { loadMap, mapHash, type LoadedMap } from '../../../shared/database/engine/load-entities.ts';
import { endDeadBackups } from '../../../shared/database/ledger/backups.ts';
import { applyLedger, ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { openUnlessHeld } from '../../../shared/database/ledger/hold.ts';
import {
  batchLabelAt,
  insertOperation,
  operationIdAt,
  operationOfExecution,
  registerMap,
} from '../../../shared/database/ledger/operations.ts';
import { deleteOrder } from '../../../shared/domain/delete-order.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import { formOfPlace } from '../../backup-place.ts';
import type { Invocation } from '../../step.ts';

/** Said where rows of sensitive columns stand in the file as they are. */
const IN_CLEAR =
  'Sensitive columns stand in the file as they are, because PORTAGE_HASH_KEY is not set: keep it as you keep the database.';

const isSensitive = (loaded: LoadedMap, name: string): boolean =>
  loaded.entities.get(name)?.columns.some((column) => column.sensitive) === true;

export async function planBackup(
  execution: string,
  request: CreateFullBackupRequest,
  deps: Invocation,
): Promise<PlanRecoveryOutput> {
  formOfPlace(request.output, '--output');
  const map = await deps.configuredMap();
  const chosen = selectEntities(request.entities, Object.keys(map.entities));
  return deps.withSides('plan', [], async (sides) => {
    const { target } = sides;
    if ((await ledgerVersion(target)) === 0)
      throw new PortageError('SYS002', 'nothing was ever migrated into this target', {
        got: 'no ledger',
        next: 'A backup holds rows that Portage has migrated: portage differential-migration migrate --entities all',
      });
    if (!request.dryRun) await applyLedger(target);
    const loaded = await loadMap(sides.source, target, map, 'read');
    const known = chosen.filter((name) => loaded.entities.get(name)?.leaf !== null);
    // Parents first, as a restore writes them.
    const order = deleteOrder(
      [...loaded.entities.keys()],
      (name) => loaded.relations.get(name)?.target,
      (name) => known.includes(name),
    );
    const item = { slice: 0, entities: order.toReversed().flat() };
    const output = (operationId: string): PlanRecoveryOutput => ({
      operationId,
      kind: 'backup',
      dryRun: request.dryRun,
      lanes: 1,
      operations: [],
      stages: request.dryRun ? [] : [{ items: [item] }],
      items: request.dryRun ? [item] : [],
      notices: [
        ...chosen
          .filter((name) => !known.includes(name))
          .map((name) => `${name} was never migrated: it has no rows to back up`),
        ...(deps.config.hashKey === null && known.some((name) => isSensitive(loaded, name)) ? [IN_CLEAR] : []),
      ],
    });
    if (request.dryRun) return output(`dry_${operationIdAt('backup', deps.now())}`);
    // The service may run this step twice for one execution: the second time finds what the first has opened.
    const begun = await operationOfExecution(target, execution);
    if (begun?.status === 'running') return output(begun.operationId);
    await endDeadBackups(target, map.name, deps.config.leaseSeconds);
    const hash = mapHash(map);
    await registerMap(target, map, hash);
    const sourceDatabase = await readDatabaseIdentity(sides.source);
    const operation = await openUnlessHeld(target, () =>
      insertOperation(
        target,
        {
          type: 'backup',
          execution,
          batchLabel: batchLabelAt(deps.now()),
          mapName: map.name,
          mapHash: hash,
          mode: 'differential',
          request,
          sourceDatabase,
        },
        deps.now(),
      ),
    );
    return output(operation.operationId);
  });
}
