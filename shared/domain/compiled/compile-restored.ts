/**
 * An entity whose rows come out of a backup instead of the source: the same hashes, keys and bases over the target, but
 * each value is the text that stands in the file, cast to its column's type. The statements that write a migration's
 * batch (shared/database/sql/write.ts) so write a restore's too.
 *
 * Mapped columns come back. Of a row that is there the others are left alone; one that is gone comes back with all of them.
 */
import type { Column, Relation } from '../catalog.ts';
import { columnOf } from '../catalog.ts';
import { PortageError } from '../errors.ts';
import { quoteIdentifier, quoteLiteral } from '../identifiers.ts';
import { NEW_KEY, columnForms, rowHash } from '../row-hash.ts';
import { equals, exactForm, exactText, finalCast, isLengthLimited, wireType } from '../value-types.ts';
import { columnHash, packed } from './column-hash.ts';
import { canonicalTargetText } from './key-forms.ts';
import type { CompiledColumn, CompiledEntity } from './types.ts';

/** A column's text in the staging table, by its place in the file. */
export const stagedText = (place: number): string => `c${place}`;

/** The text as a value. A cast to a type with a length would cut it: there the last step is the assignment, which refuses. */
export const restoredValue = (column: Column, text: string): string =>
  isLengthLimited(column.typeInfo)
    ? finalCast(column, `${text}::${wireType(column.typeInfo, () => true)}`)
    : `${text}::${column.type}`;

/**
 * @param columns of the file, in order
 * @param nullFirst columns that are NULL until the row is there that they refer to
 */
export function restoredEntity(
  entity: CompiledEntity,
  target: Relation,
  columns: readonly string[],
  nullFirst: readonly string[],
  targetVersion: number,
): CompiledEntity {
  const own = new Map(entity.columns.map((column) => [column.column, column]));
  const compiled = new Map(
    columns.map((name, place) => [
      name,
      compile(entity, mustHave(entity, target, name), stagedText(place), own.get(name), nullFirst.includes(name)),
    ]),
  );
  const desired = (name: string): CompiledColumn => {
    const column = compiled.get(name);
    if (column === undefined) throw missing(entity, name);
    return column;
  };
  const based = entity.baseColumns.map((name) => ({ ...desired(name), sensitive: own.get(name)?.sensitive === true }));
  const { mark } = entity.target;
  const parts = entity.target.key.map((name) => desired(name).desired);
  const key =
    entity.target.keyKind === 'uuid'
      ? `(${parts[0] ?? 'NULL'})`
      : canonicalTargetText(
          entity.target.key.map((name) => mustHave(entity, target, name)),
          parts,
        );
  const hash = rowHash(
    [...(entity.target.surrogate ? [NEW_KEY] : []), ...based.flatMap((column) => column.hashedDesired)],
    targetVersion,
  );
  const hashes = based.map((column) =>
    columnHash(mustHave(entity, target, column.column).typeInfo, column.desired, column.sensitive),
  );
  const { identity } = entity.normal.target;
  return {
    ...entity,
    target: {
      ...entity.target,
      surrogate: false,
      keyDesired: key,
      hashDesired: mark === null ? hash : `(CASE WHEN ${desired(mark.column).desired} IS NULL THEN ${hash} END)`,
      columnHashesDesired: packed(hashes),
      matchesIdentity:
        identity.length === 0
          ? null
          : identity
              .map(
                (name) =>
                  `t.${quoteIdentifier(name)} ${equals(mustHave(entity, target, name))} ${desired(name).desired}`,
              )
              .join(' AND '),
      // An ordinary column here: a row comes back marked or not, as it was.
      mark: null,
      alwaysIdentity: target.columns.filter(({ identity: kind }) => kind === 'always').map(({ name }) => name),
    },
    columns: [...compiled.values()],
    references: [],
  };
}

const missing = (entity: CompiledEntity, name: string): PortageError =>
  new PortageError('SYS002', `column ${name} of ${entity.name} does not exist`, { where: entity.name, got: name });

function mustHave(entity: CompiledEntity, target: Relation, name: string): Column {
  const column = columnOf(target, name);
  if (column === undefined) throw missing(entity, name);
  return column;
}

function compile(
  entity: CompiledEntity,
  column: Column,
  staged: string,
  mapped: CompiledColumn | undefined,
  nullFirst: boolean,
): CompiledColumn {
  const value = restoredValue(column, `g.${staged}`);
  const desired = nullFirst ? `(CASE WHEN ${isLacking(column.name)} THEN NULL ELSE ${value} END)` : value;
  const inTarget = `t.${quoteIdentifier(column.name)}`;
  const sensitive = mapped?.sensitive === true;
  const comesBack = mapped !== undefined || column.name === entity.target.mark?.column;
  return {
    column: column.name,
    kind: nullFirst ? 'reference' : 'expression',
    sensitive,
    notNull: column.notNull,
    onInsertOnly: !comesBack,
    staged,
    wire: 'pg_catalog.text',
    source: null,
    desired,
    exactDesired: exactForm(column.typeInfo, desired),
    exactTarget: exactForm(column.typeInfo, inTarget),
    hashedDesired: columnForms(column, desired),
    hashedTarget: columnForms(column, inTarget),
    textDesired: exactText(desired),
    textTarget: exactText(inTarget),
    baseDesired: packed([columnHash(column.typeInfo, desired, sensitive)]),
    baseTarget: packed([columnHash(column.typeInfo, inTarget, sensitive)]),
  };
}

/** True for a row of the work table whose reference in that column leads to a row that is not there yet. */
export const isLacking = (column: string): string => `coalesce(${quoteLiteral(column)} = ANY (w.missing), false)`;
