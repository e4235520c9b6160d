/** Compiles one column of an entity: where its value comes from, how it travels, how it is written and compared. */
import type { Column, Relation } from '../catalog.ts';
import { columnOf } from '../catalog.ts';
import type { ConstantColumn, NormalColumn, ReferenceColumn } from '../entity-map.ts';
import { PortageError } from '../errors.ts';
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../identifiers.ts';
import { columnForms } from '../row-hash.ts';
import { exactForm, exactText, finalCast, wireType } from '../value-types.ts';
import { columnHash, packed } from './column-hash.ts';
import type { CompiledColumn, CompiledReference } from './types.ts';
import {
  leafName,
  mustHave,
  orderOf,
  targetKeyKind,
  canonicalKey,
  referenceKey,
  type EntityFacts,
  type CompileContext,
} from './key-forms.ts';

function compileReference(
  context: CompileContext,
  facts: EntityFacts,
  column: ReferenceColumn,
  number: number,
): CompiledReference & { readonly source: string; readonly wire: string } {
  const parent = context.facts.get(column.parent);
  const where = `entities.${facts.normal.name}.columns.${column.column}`;
  if (!parent)
    throw new PortageError('SYS002', `reference to an entity that the map does not have`, {
      where,
      got: column.parent,
    });
  const target = mustHave(facts.target, column.column, where);
  const sourceKey = referenceKey(parent, column.sql);
  const parentAlias = parent.normal.source.key.map((name) => `p.${quoteIdentifier(name)}`);
  const parentWhere = parent.normal.source.where;
  // The parent's filter speaks of alias s: it is evaluated in a scope in which s is the parent.
  const parentRows = `(SELECT * FROM ${qualifiedName(parent.source)} AS s${parentWhere === null ? '' : ` WHERE (${parentWhere})`}) AS p`;
  const order = orderOf(parent);
  return {
    column: column.column,
    parent: column.parent,
    parentOrder: order,
    parentLeaf: parent.entityId === null ? null : leafName(parent.entityId),
    parentKey: targetKeyKind(parent),
    staged: `r${number}`,
    type: target.type,
    nullable: !target.notNull,
    cut: context.cut.has(`${facts.normal.name}.${column.column}`),
    onMissing: column.onMissing,
    columnHash: packed([columnHash(target.typeInfo, `t.${quoteIdentifier(column.column)}`, false)]),
    parentInSource: `EXISTS (SELECT FROM ${parentRows} WHERE ${canonicalKey(parent, parentAlias)} = ${sourceKey})`,
    source: sourceKey,
    wire: order === 'integer' ? 'pg_catalog.int8' : 'pg_catalog.text COLLATE "C"',
  };
}

export function compileColumn(
  context: CompileContext,
  facts: EntityFacts,
  column: NormalColumn,
  number: number,
): { compiled: CompiledColumn; reference: CompiledReference | null } {
  const target = mustHave(facts.target, column.column, `entities.${facts.normal.name}.columns.${column.column}`);
  const inTarget = `t.${quoteIdentifier(column.column)}`;
  const finish = (
    kind: CompiledColumn['kind'],
    staged: string | null,
    wire: string,
    source: string | null,
    desired: string,
  ): CompiledColumn => ({
    column: column.column,
    kind,
    sensitive: column.sensitive,
    notNull: target.notNull,
    onInsertOnly: column.onInsertOnly,
    staged,
    wire,
    source,
    desired,
    exactDesired: exactForm(target.typeInfo, desired),
    exactTarget: exactForm(target.typeInfo, inTarget),
    hashedDesired: columnForms(target, desired),
    hashedTarget: columnForms(target, inTarget),
    textDesired: exactText(desired),
    textTarget: exactText(inTarget),
    baseDesired: packed([columnHash(target.typeInfo, desired, column.sensitive)]),
    baseTarget: packed([columnHash(target.typeInfo, inTarget, column.sensitive)]),
  });
  if (column.kind === 'reference') {
    const { source, wire, ...reference } = compileReference(context, facts, column, number);
    return { compiled: finish('reference', reference.staged, wire, source, `w.${reference.staged}`), reference };
  }
  if (column.kind === 'constant')
    return { compiled: finish('constant', null, '', null, constant(target, column)), reference: null };
  const wire = wireType(target.typeInfo, context.sourceHasType);
  const staged = `c${number}`;
  return {
    compiled: finish('expression', staged, wire, `(${column.sql})::${wire}`, finalCast(target, `g.${staged}`)),
    reference: null,
  };
}

const constant = (target: Column, column: ConstantColumn): string =>
  column.value === null ? `NULL::${target.type}` : finalCast(target, `${quoteLiteral(column.value)}::text`);

export const releasableColumns = (target: Relation, columns: readonly CompiledColumn[]): readonly string[] => {
  const unique = new Set(target.uniqueKeys.flatMap((key) => (key.deferrable || key.nullsEqual ? [] : key.columns)));
  // Two rows that are both NULL for a moment would be in each other's way.
  const never = new Set(target.uniqueKeys.flatMap((key) => (key.nullsEqual ? key.columns : [])));
  return columns.flatMap(({ column, onInsertOnly }) =>
    unique.has(column) && !never.has(column) && !onInsertOnly && columnOf(target, column)?.notNull === false
      ? [column]
      : [],
  );
};
