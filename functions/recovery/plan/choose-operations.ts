/** Which operations a rollback is about, newest first; and why not, where there is none. */
import type { RecoveryRequest } from '../../../shared/contracts/recovery.ts';
import {
  batchLabels,
  operationIds,
  stillWritten,
  undoableOfEntities,
  undoableOperation,
  undoableUnder,
  type Undoable,
} from '../../../shared/database/ledger/undoable.ts';
import { type TakenBack } from '../../../shared/database/ledger/undoable.ts';
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
      const open = found.filter((each) => stillWritten(each).some((name) => entities.includes(name)));
      const all = request.all || request.since !== undefined;
      // Of those that are cleaned up nobody knows any more what they wrote.
      return chosen(
        all ? found.filter((each) => each.cleanedUp || open.includes(each)) : open.slice(0, request.last ?? 1),
        entities,
        false,
      );
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
  if (found.length > 0) return found.filter((each) => each.cleanedUp || stillWritten(each).length > 0);
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

/** Their names stand in a state, of which they are a quarter at most. */
export const MOST_OPERATIONS = 2000;
/** So many words of what is left out are read by somebody. */
const MOST_NOTICES = 100;

/** The newest of them: a rollback goes backwards, so that whoever asks again goes on with those that are left. */
function bounded({ operations, notices }: Chosen): Chosen {
  const more = operations.length - MOST_OPERATIONS;
  const said = [
    ...notices.slice(0, MOST_NOTICES),
    ...(notices.length > MOST_NOTICES ? [`and ${notices.length - MOST_NOTICES} others like these`] : []),
    ...(more > 0 ? [`one rollback takes back ${MOST_OPERATIONS} operations: the ${more} before them are left, ask again for those`] : []), // prettier-ignore
  ];
  return { operations: operations.slice(0, MOST_OPERATIONS), notices: said };
}

/** @param byName one operation was named: what cannot be taken back is an error, and what was kept once may be tried again */
export function chosen(found: readonly Undoable[], entities: readonly string[] | null, byName: boolean): Chosen {
  const gone = found.filter((each) => each.cleanedUp);
  const possible = found.filter((each) => !each.cleanedUp);
  if (gone.length > 0 && possible.length === 0) throw notUndoable(gone);
  const notices = gone.map((each) => `${each.operationId} cannot be taken back: its undo entries were cleaned up`);
  const operations: (Undoable & TakenBack)[] = [];
  for (const each of possible) {
    const wanted = each.entities.filter((name) => entities === null || entities.includes(name));
    const open = stillWritten(each).filter((name) => wanted.includes(name));
    const [back] = each.takenBackBy;
    if (wanted.length === 0) {
      notices.push(`${each.operationId} has written nothing that could be taken back`);
      continue;
    }
    if (open.length > 0) {
      operations.push({ ...each, entities: open, again: null });
      continue;
    }
    const names = each.takenBackBy.map(({ operationId }) => operationId).join(', ');
    if (byName && back !== undefined && back.kept > 0) {
      notices.push(`${back.operationId} had to keep ${back.kept} of its rows: these are tried again`);
      operations.push({ ...each, entities: back.entities ?? wanted, again: back.operationNo });
    } else notices.push(`${each.operationId} was taken back already, by ${names}`);
  }
  return bounded({ operations, notices });
}
