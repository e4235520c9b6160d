/** Compiles one entity of a map against both catalogs. Pure: the faults of a map are found before (map-check). */
import { columnOf, mayHoldNull, underlying, type Column, type Relation } from '../catalog.ts';
import { PortageError } from '../errors.ts';
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../identifiers.ts';
import {
  NEW_KEY,
  columnForms,
  hashForms,
  keyHashed,
  rowHash,
  rowHashMode,
  textOf,
  type HashedForm,
} from '../row-hash.ts';
import { collated, equals, exactText, isLengthLimited } from '../value-types.ts';
import { baseForm, columnHash, packed } from './column-hash.ts';
import type { CompiledColumn, CompiledEntity } from './types.ts';
import { compileColumn, releasableColumns } from './compile-column.ts';
import { compileVerification } from './verification.ts';
import {
  leafName,
  mustHave,
  keyColumns,
  targetKeyColumns,
  orderOf,
  targetKeyKind,
  canonicalKey,
  canonicalTargetText,
  hasUnique,
  matchesTargetKey,
  referringTo,
  sharingWith,
  type EntityFacts,
  type CompileContext,
} from './key-forms.ts';

/** A short, stable name for what a hash was taken over. */
const shape = (parts: readonly string[]): string => parts.join('\u001F');

/** The planner believes a foreign table's NOT NULL, and would take IS NULL for false. */
const anyNull = ({ kind }: Relation, columns: readonly Column[]): string => {
  const names = columns.map((column) => `s.${quoteIdentifier(column.name)}`);
  return kind === 'foreign'
    ? `num_nulls(${names.join(', ')}) > 0`
    : names.map((name) => `${name} IS NULL`).join(' OR ');
};

/** Compiles the entity. @throws PortageError SYS002 where the map names what a catalog does not have. */
export function compileEntity(context: CompileContext, name: string): CompiledEntity {
  const facts = context.facts.get(name);
  if (!facts) throw new PortageError('SYS002', 'the map has no such entity', { got: name });
  const { normal, source, target } = facts;
  const order = orderOf(facts);
  const keys = normal.source.key.map((column) => `s.${quoteIdentifier(column)}`);
  const key = order === 'integer' ? (keys[0] ?? '') : canonicalKey(facts, keys);
  const nullable = keyColumns(facts).filter((column) => mayHoldNull(source, column));
  const nullKey = nullable.length === 0 ? null : anyNull(source, nullable);

  const compiled = normal.columns.map((column, i) => compileColumn(context, facts, column, i));
  const columns = compiled.map((c) => c.compiled);
  const references = compiled.flatMap((c) => (c.reference ? [c.reference] : []));
  const based = columns.filter((column) => !column.onInsertOnly);
  const hashOf = (name: string, sql: string, sensitive: boolean) =>
    columnHash(mustHave(target, name, normal.name).typeInfo, sql, sensitive);
  const desiredOf = new Map(columns.map((column) => [column.column, column]));

  const targetKeys = targetKeyColumns(facts);
  const keyKind = targetKeyKind(facts);
  const ofRow = (column: string): string => `t.${quoteIdentifier(column)}`;
  const canonicalTarget = (parts: readonly string[]): string =>
    keyKind === 'uuid' ? `(${parts[0]})` : canonicalTargetText(targetKeys, parts);
  const matchesMapping = (row: string): string => matchesTargetKey(facts, row);
  const surrogateKey = normal.surrogateKey ? targetKeys[0] : undefined;
  const keyForms = {
    target: surrogateKey ? columnForms(surrogateKey, ofRow(surrogateKey.name)) : [],
    desired: surrogateKey ? [NEW_KEY] : [],
  };
  const identity = normal.target.identity.map((column) => {
    const mapped = desiredOf.get(column);
    if (!mapped)
      throw new PortageError('SYS002', 'an identity column is not mapped', {
        where: `entities.${name}.target.identity`,
        got: column,
      });
    return mapped;
  });
  // By the operator of its own type, also of one that an extension made, whatever the search path.
  const sameIn = (column: string, value: string): string =>
    `${ofRow(column)} ${equals(mustHave(target, column, normal.name))} ${value}`;
  const constants = identity.filter((column) => column.kind === 'constant');

  const marks = normal.deletes.startsWith('soft:') ? normal.deletes.slice('soft:'.length) : null;
  const mark = marks === null ? null : { column: marks, type: mustHave(target, marks, normal.name).type };
  const hashOfRow = rowHash(
    [...keyForms.target, ...based.flatMap((column) => column.hashedTarget)],
    context.targetVersion,
  );
  const writable = target.columns.filter((column) => !column.generated).map((column) => column.name);

  // Values are hashed, not the expressions that make them: another expression changes the rows whose value it changes. A
  // constant is in no hash of the source, and a key means another row under another parent.
  const consumed = (column: CompiledColumn): string =>
    column.kind === 'constant'
      ? column.desired
      : [column.wire, references.find((reference) => reference.column === column.column)?.parent ?? ''].join(' ');
  return {
    name,
    normal,
    entityId: facts.entityId,
    leaf: facts.entityId === null ? null : leafName(facts.entityId),
    order,
    keyIsUnique: hasUnique(source, normal.source.key),
    source: {
      from: `${qualifiedName(source)} AS s`,
      schema: source.schema,
      key,
      where: [
        ...(normal.source.where === null ? [] : [`(${normal.source.where})`]),
        ...(nullKey === null ? [] : [`NOT (${nullKey})`]),
      ],
      nullKey,
      hash: rowHash(
        [
          ...keyHashed(order, 'q.k'),
          ...based.flatMap((column) =>
            column.staged === null ? [] : hashedOnSource(facts, column, context.sourceVersion),
          ),
        ],
        context.sourceVersion,
      ),
      version: context.sourceVersion,
      estimatedRows: source.estimatedRows,
      estimatedWidth: source.estimatedRows > 0 && source.bytes > 0 ? source.bytes / source.estimatedRows : null,
      hasPages: source.kind === 'table',
    },
    target: {
      table: qualifiedName(target),
      relation: normal.target.relation,
      version: context.targetVersion,
      key: normal.target.key,
      keyKind,
      surrogate: normal.surrogateKey,
      keyOfRow: canonicalTarget(normal.target.key.map(ofRow)),
      keyDesired: normal.surrogateKey
        ? null
        : canonicalTarget(normal.target.key.map((column) => desiredOf.get(column)?.desired ?? 'NULL')),
      matchesMapping,
      keyOrder: normal.target.key.map(ofRow).join(', '),
      keyCollation: targetKeys[0] === undefined ? '' : collated(targetKeys[0]),
      matchesIdentity:
        identity.length === 0 ? null : identity.map((column) => sameIn(column.column, column.desired)).join(' AND '),
      belongs:
        identity.length === 0
          ? null
          : [
              ...constants.map((column) => sameIn(column.column, column.desired)),
              ...identity.filter((c) => c.kind !== 'constant').map((c) => `${ofRow(c.column)} IS NOT NULL`),
              ...(mark === null ? [] : [`${ofRow(mark.column)} IS NULL`]),
            ].join(' AND '),
      identityIndexed: target.indexes.some(
        (index) => index.columns[0] !== undefined && normal.target.identity.includes(index.columns[0] ?? ''),
      ),
      hash: mark === null ? hashOfRow : `(CASE WHEN ${ofRow(mark.column)} IS NULL THEN ${hashOfRow} END)`,
      hashOfRow,
      hashDesired: rowHash(
        [...keyForms.desired, ...based.flatMap((column) => column.hashedDesired)],
        context.targetVersion,
      ),
      columnHashes: packed(based.map((column) => hashOf(column.column, ofRow(column.column), column.sensitive))),
      columnHashesDesired: packed(based.map((column) => hashOf(column.column, column.desired, column.sensitive))),
      releasable: releasableColumns(target, columns),
      mark,
      wholeRow: `jsonb_object(ARRAY[${writable.map(quoteLiteral).join(', ')}], ARRAY[${writable.map((column) => exactText(ofRow(column))).join(', ')}])`,
      uniques: [...(target.primaryKey ? [target.primaryKey] : []), ...target.uniqueKeys].map((key) => key.columns),
      foreseeable:
        target.kind === 'table' &&
        target.triggers.length === 0 &&
        columns.every((column) => !isLengthLimited(columnOf(target, column.column)?.typeInfo)),
      changedAfter: target.changedAfter === true,
      alwaysIdentity: columns
        .filter((column) => columnOf(target, column.column)?.identity === 'always')
        .map((column) => column.column),
    },
    moments: momentsOf(facts),
    stagesMoment: false,
    columns,
    references,
    sharing: sharingWith(context, normal),
    referring: normal.surrogateKey ? [] : referringTo(context, name),
    baseColumns: based.map((column) => column.column),
    baseForms: based.map((column) => baseForm(mustHave(target, column.column, name).typeInfo, column.sensitive)),
    sourceShape: shape([order, ...based.map((column) => `${column.column}:${consumed(column)}`)]),
    verify: compileVerification(context, facts, columns, references, mark?.column ?? null),
    targetShape: shape([...normal.target.key, ...based.map((column) => `${column.column}:${column.exactTarget}`)]),
  };
}

const MOMENT = /^(timestamp|timestamptz|date)$/;

/** Only times can be compared across two databases; a version number of one says nothing to the other. */
function momentsOf({ normal, source, target }: EntityFacts): CompiledEntity['moments'] {
  const moment = (relation: Relation, alias: string, column: string | null): string | null => {
    const type = column === null ? undefined : columnOf(relation, column)?.typeInfo;
    const isTime = type !== undefined && underlying(type).builtin && MOMENT.test(underlying(type).name);
    return isTime ? `${alias}.${quoteIdentifier(column ?? '')}::timestamptz` : null;
  };
  const ofSource = moment(source, 's', normal.source.updatedAt);
  const ofTarget = moment(target, 't', normal.target.updatedAt);
  return ofSource === null || ofTarget === null ? null : { source: ofSource, target: ofTarget };
}

/** The exact form of a projected value on the source, where it stands as `q.NAME` in its wire type. */
function hashedOnSource(facts: EntityFacts, column: CompiledColumn, sourceVersion: number): readonly HashedForm[] {
  const projected = `q.${column.staged ?? ''}`;
  if (column.kind === 'reference') return keyHashed(column.wire === 'pg_catalog.int8' ? 'integer' : 'text', projected);
  const target = mustHave(facts.target, column.column, facts.normal.name);
  // A type that is not built in travels as text, and text is exact.
  const wire = wireName(column.wire);
  return wire === 'text' || wire === '_text'
    ? [textOf(projected)]
    : hashForms({ ...target.typeInfo, base: null, builtin: true, name: wire }, projected, rowHashMode(sourceVersion));
}

const wireName = (wire: string): string => /"(.*)"$/.exec(wire)?.[1] ?? 'text';
