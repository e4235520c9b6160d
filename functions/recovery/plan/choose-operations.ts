/** Which operations a rollback is about, newest first; and why not, where there is none. */
import type { RecoveryRequest } from '../../../shared/contracts/recovery.ts';
import {
  batchLabels,
  operationIds,
  undoableOfEntities,
  undoableOperation,
  undoableUnder,
  type TakenBack,
  type Undoable,
} from '../../../shared/database/ledger/rollbacks.ts';
import type { Session } from '../../../shared/database/session.ts';
import type { EntityMap } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { suggestion } from '../../../shared/domain/nearest-name.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';

export interface Chosen {
  readonly operations: readonly (Undoable & TakenBack)[];
  /** What is left out, and why. */
  readonly notices: readonly string[];
}

export async function chooseOperations(target: Session, request: RecoveryRequest, map: EntityMap): Promise<Chosen> {
  switch (request.command) {
    case 'differential-migration rollback':
      return chosen([await named(target, request.operationId)], null, true);
    case 'migration-analyzer rollback-all':
      return chosen(await under(target, request.batchId), null, false);
    case 'differential-migration rollback-entity': {
      const entities = selectEntities(request.entity, Object.keys(map.entities));
      const found = await undoableOfEntities(target, map.name, entities, request.since ?? null);
      const open = found.filter((each) => each.takenBackBy === null);
      const all = request.all || request.since !== undefined;
      return chosen(all ? open : open.slice(0, request.last ?? 1), entities, false);
    }
  }
}

async function named(target: Session, operationId: string): Promise<Undoable> {
  const found = await undoableOperation(target, operationId);
  if (found) return found;
  const known = await operationIds(target);
  throw new PortageError('SYS002', `there is no operation ${operationId}${suggestion(operationId, known)}`, {
    got: operationId,
    expected: known.length === 0 ? 'nothing was ever migrated' : known.slice(0, 5).join(', '),
    where: 'operationId',
  });
}

async function under(target: Session, label: string): Promise<Undoable[]> {
  const found = await undoableUnder(target, label);
  if (found.length > 0) return found.filter((each) => each.takenBackBy === null);
  const known = await batchLabels(target);
  throw new PortageError('SYS002', `there is no operation under the label ${label}${suggestion(label, known)}`, {
    got: label,
    expected: known.length === 0 ? 'nothing was ever migrated' : known.slice(0, 5).join(', '),
    where: 'batchId',
  });
}

const notUndoable = (gone: readonly Undoable[]): PortageError =>
  new PortageError('M017', 'what is needed to take it back was cleaned up after the retention of the undo log', {
    got: gone.map((each) => each.operationId).join(', '),
    expected: 'an operation within the retention (settings.undoRetentionDays)',
  });

/** @param byName one operation was named: what cannot be taken back is an error, and what was kept once may be tried again */
function chosen(found: readonly Undoable[], entities: readonly string[] | null, byName: boolean): Chosen {
  const gone = found.filter((each) => each.cleanedUp);
  const possible = found.filter((each) => !each.cleanedUp);
  if (gone.length > 0 && possible.length === 0) throw notUndoable(gone);
  const notices = gone.map((each) => `${each.operationId} cannot be taken back: its undo entries were cleaned up`);
  const operations: (Undoable & TakenBack)[] = [];
  for (const each of possible) {
    const back = each.takenBackBy;
    if (back !== null && (!byName || back.kept === 0)) {
      notices.push(`${each.operationId} was taken back already, by ${back.operationId}`);
      continue;
    }
    if (back !== null) notices.push(`${back.operationId} had to keep ${back.kept} of its rows: these are tried again`);
    const written = entities === null ? each.entities : each.entities.filter((name) => entities.includes(name));
    if (written.length === 0) {
      notices.push(`${each.operationId} has written nothing that could be taken back`);
      continue;
    }
    operations.push({
      ...each,
      entities: entities === null || written.length === each.entities.length ? each.entities : written,
      again: back?.operationNo ?? null,
    });
  }
  return { operations, notices };
}
