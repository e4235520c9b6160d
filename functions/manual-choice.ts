/** What a person may decide of one conflict, and how a resolution is told of it. */
import type { ResolveManualRequest } from '../shared/contracts/resolution.ts';
import type { LoadedMap } from '../shared/database/engine/load-entities.ts';
import type { Conflict } from '../shared/database/ledger/conflicts.ts';
import { columnOf } from '../shared/domain/catalog.ts';
import type { CompiledEntity } from '../shared/domain/compiled/types.ts';
import { PortageError } from '../shared/domain/errors.ts';
import { nearestNames } from '../shared/domain/nearest-name.ts';
import { SETTLED_BY_DEFAULT, SETTLED_ON_REQUEST } from '../shared/domain/settlement.ts';
import { entityOf } from './entity-worker.ts';

/** What decides, in the words of a resolution. A custom decision leaves the target, and writes its values over it. */
export const manualSettlement = (
  { action }: ResolveManualRequest,
  { type }: Conflict,
): { readonly strategy: string; readonly include: readonly string[] } => ({
  strategy: action === 'custom' ? 'target_wins' : action,
  include: [type],
});

/** @throws PortageError S005 for a difference that cannot be settled, SYS002 for values that cannot be given */
export function refuseChoice(loaded: LoadedMap, conflict: Conflict, { values }: ResolveManualRequest): void {
  refuseKind(conflict);
  refuseValues(loaded, conflict, values);
}

const SETTLEABLE: readonly string[] = [...SETTLED_BY_DEFAULT, ...SETTLED_ON_REQUEST];

/** @throws PortageError S005 for a difference that no side of which is a decision */
function refuseKind({ type, entity }: Conflict): void {
  if (SETTLEABLE.includes(type)) return;
  throw new PortageError('S005', 'no strategy settles a difference of this kind', {
    got: type,
    expected: SETTLEABLE.join(', '),
    where: entity,
    next: 'Look at the row, and write it again from the source: portage differential-migration migrate --force-records',
  });
}

/** @throws PortageError SYS002 for a column that no person may write here */
function refuseValues(loaded: LoadedMap, conflict: Conflict, values: Record<string, unknown> | undefined): void {
  if (values === undefined) return;
  const entity = entityOf(loaded, conflict.entity);
  const open = entity.columns.filter(
    (c) =>
      !c.onInsertOnly &&
      !c.sensitive &&
      !entity.target.alwaysIdentity.includes(c.column) &&
      !entity.target.key.includes(c.column),
  );
  const names = open.map((column) => column.column);
  const refused = Object.keys(values).filter((column) => !names.includes(column));
  if (refused.length === 0) return;
  const sensitive = refused.filter((name) => entity.columns.some((c) => c.column === name && c.sensitive));
  const [first = ''] = refused;
  const near = nearestNames(first, names);
  throw new PortageError('SYS002', `${refused.join(', ')} cannot be given a value`, {
    where: 'values',
    got: refused.join(', '),
    expected: `columns that the map fills, and that are neither sensitive nor part of the key: ${names.join(', ')}`,
    ...(sensitive.length > 0
      ? { next: 'A value of a sensitive column would stand in the input of the execution: write it in the database.' }
      : near.length > 0
        ? { next: `Did you mean ${near.join(' or ')}?` }
        : {}),
  });
}

/** The columns that are given a value, with their types in the target. */
export function givenColumns(
  entity: CompiledEntity,
  { relations }: Pick<LoadedMap, 'relations'>,
  given: object,
): readonly { readonly column: string; readonly type: string; readonly text: string }[] {
  const relation = relations.get(entity.name)?.target;
  return entity.columns.flatMap(({ column, textTarget }) => {
    const type = relation === undefined ? undefined : columnOf(relation, column)?.type;
    return Object.hasOwn(given, column) && type !== undefined ? [{ column, type, text: textTarget }] : [];
  });
}
