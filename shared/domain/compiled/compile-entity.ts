/** Compiles one entity of a map against both catalogs. Pure: the faults of a map are found before (map-check). */
import type { Column, Relation } from '../catalog.ts';
import { columnOf } from '../catalog.ts';
import type { ConstantColumn, NormalColumn, NormalEntity, ReferenceColumn } from '../entity-map.ts';
import { PortageError } from '../errors.ts';
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../identifiers.ts';
import { equals, exactForm, exactText, finalCast, hasOneText, isInteger, isLengthLimited, keyPart, referencePart, rowHash, wireType } from '../value-types.ts';
import { columnHash, packed } from './column-hash.ts';
import type { CompiledColumn, CompiledEntity, CompiledReference, OrderKind } from './types.ts';

/** An entity with what both catalogs say of it. */
export interface EntityFacts {
  readonly normal: NormalEntity;
  readonly source: Relation;
  readonly target: Relation;
  readonly entityId: number | null;
}

export interface CompileContext {
  readonly facts: ReadonlyMap<string, EntityFacts>;
  readonly cut: ReadonlySet<string>;
  readonly sourceVersion: number;
  readonly targetVersion: number;
  readonly sourceHasType: (name: string) => boolean;
}

export const leafName = (entityId: number): string => `portage.uuid_mappings_${entityId}`;

function mustHave(relation: Relation, name: string, where: string): Column {
  const column = columnOf(relation, name);
  if (!column) throw new PortageError('SYS002', `column ${name} does not exist`, { where, got: name, expected: `a column of ${relation.schema}.${relation.name}` });
  return column;
}

const keyColumns = (facts: EntityFacts): readonly Column[] =>
  facts.normal.source.key.map((name) => mustHave(facts.source, name, `entities.${facts.normal.name}.source.key`));

const targetKeyColumns = (facts: EntityFacts): readonly Column[] =>
  facts.normal.target.key.map((name) => mustHave(facts.target, name, `entities.${facts.normal.name}.target.key`));

const orderOf = (facts: EntityFacts): OrderKind => {
  const [first, ...more] = keyColumns(facts);
  return first !== undefined && more.length === 0 && isInteger(first.typeInfo) ? 'integer' : 'text';
};

const targetKeyKind = (facts: EntityFacts): 'uuid' | 'text' => {
  const [first, ...more] = targetKeyColumns(facts);
  return first !== undefined && more.length === 0 && first.typeInfo.name === 'uuid' && first.typeInfo.builtin ? 'uuid' : 'text';
};

/** The canonical legacy key from one expression for each part (SEMANTICS 6): NULL when a part is. */
function canonicalKey(facts: EntityFacts, parts: readonly string[], partOf = keyPart): string {
  const columns = keyColumns(facts);
  const typed = columns.map((column, i) => partOf(column, parts[i] ?? 'NULL'));
  if (orderOf(facts) === 'integer') return `(${typed[0]})::bigint`;
  if (typed.length === 1) return `(${typed[0]})::text COLLATE "C"`;
  // A computed reference to a composite key gives the whole key as JSON.
  if (parts.length === 1) return `((${parts[0]})::jsonb)::text COLLATE "C"`;
  const present = typed.map((part) => `(${part}) IS NOT NULL`).join(' AND ');
  return `(CASE WHEN ${present} THEN jsonb_build_array(${typed.join(', ')})::text END) COLLATE "C"`;
}

/**
 * The parent's canonical key from what the child says of it. Where equal values may have several texts the parent's own
 * is looked up, by the index of its key; a parent that is not there leaves the child's.
 */
function referenceKey(parent: EntityFacts, parts: readonly string[]): string {
  const columns = keyColumns(parent);
  const said = canonicalKey(parent, parts, referencePart);
  const indexed = parent.source.indexes.some((index) => index.columns[0] === parent.normal.source.key[0]);
  if (columns.every(hasOneText) || parts.length !== columns.length || !indexed) return said;
  const ofParent = columns.map((column) => `k.${quoteIdentifier(column.name)}`);
  const same = columns.map((column, i) => `${ofParent[i]} ${equals(column)} ${keyPart(column, parts[i] ?? 'NULL')}`);
  return `coalesce((SELECT ${canonicalKey(parent, ofParent)} FROM ${qualifiedName(parent.source)} AS k WHERE ${same.join(' AND ')} LIMIT 1), ${said})`;
}

const hasUnique = (relation: Relation, columns: readonly string[]): boolean =>
  [...(relation.primaryKey ? [relation.primaryKey] : []), ...relation.uniqueKeys].some(
    (key) => key.predicate === null && key.columns.length > 0 && key.columns.every((column) => columns.includes(column)),
  );

function compileReference(context: CompileContext, facts: EntityFacts, column: ReferenceColumn, number: number): CompiledReference & { readonly source: string; readonly wire: string } {
  const parent = context.facts.get(column.parent);
  const where = `entities.${facts.normal.name}.columns.${column.column}`;
  if (!parent) throw new PortageError('SYS002', `reference to an entity that the map does not have`, { where, got: column.parent });
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

function compileColumn(context: CompileContext, facts: EntityFacts, column: NormalColumn, number: number): { compiled: CompiledColumn; reference: CompiledReference | null } {
  const target = mustHave(facts.target, column.column, `entities.${facts.normal.name}.columns.${column.column}`);
  const inTarget = `t.${quoteIdentifier(column.column)}`;
  const finish = (kind: CompiledColumn['kind'], staged: string | null, wire: string, source: string | null, desired: string): CompiledColumn => ({
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
    textDesired: exactText(desired),
    textTarget: exactText(inTarget),
  });
  if (column.kind === 'reference') {
    const { source, wire, ...reference } = compileReference(context, facts, column, number);
    return { compiled: finish('reference', reference.staged, wire, source, `w.${reference.staged}`), reference };
  }
  if (column.kind === 'constant') return { compiled: finish('constant', null, '', null, constant(target, column)), reference: null };
  const wire = wireType(target.typeInfo, context.sourceHasType);
  const staged = `c${number}`;
  return { compiled: finish('expression', staged, wire, `(${column.sql})::${wire}`, finalCast(target, `g.${staged}`)), reference: null };
}

const constant = (target: Column, column: ConstantColumn): string =>
  column.value === null ? `NULL::${target.type}` : finalCast(target, `${quoteLiteral(column.value)}::text`);

const releasableColumns = (target: Relation, columns: readonly CompiledColumn[]): readonly string[] => {
  const unique = new Set(target.uniqueKeys.flatMap((key) => (key.deferrable ? [] : key.columns)));
  return columns.flatMap(({ column, onInsertOnly }) => (unique.has(column) && !onInsertOnly && columnOf(target, column)?.notNull === false ? [column] : []));
};

/** A short, stable name for what a hash was taken over. */
const shape = (parts: readonly string[]): string => parts.join('\u001F');

/** Compiles the entity. @throws PortageError SYS002 where the map names what a catalog does not have. */
export function compileEntity(context: CompileContext, name: string): CompiledEntity {
  const facts = context.facts.get(name);
  if (!facts) throw new PortageError('SYS002', 'the map has no such entity', { got: name });
  const { normal, source, target } = facts;
  const order = orderOf(facts);
  const keys = normal.source.key.map((column) => `s.${quoteIdentifier(column)}`);
  const key = order === 'integer' ? (keys[0] ?? '') : canonicalKey(facts, keys);
  const nullable = keyColumns(facts).filter((column) => !column.notNull || source.kind === 'view');
  const nullKey = nullable.length === 0 ? null : nullable.map((column) => `s.${quoteIdentifier(column.name)} IS NULL`).join(' OR ');

  const compiled = normal.columns.map((column, i) => compileColumn(context, facts, column, i));
  const columns = compiled.map((c) => c.compiled);
  const references = compiled.flatMap((c) => (c.reference ? [c.reference] : []));
  const based = columns.filter((column) => !column.onInsertOnly);
  const hashOf = (name: string, sql: string, sensitive: boolean) => columnHash(mustHave(target, name, normal.name).typeInfo, sql, sensitive);
  const desiredOf = new Map(columns.map((column) => [column.column, column]));

  const targetKeys = targetKeyColumns(facts);
  const keyKind = targetKeyKind(facts);
  const ofRow = (column: string): string => `t.${quoteIdentifier(column)}`;
  const canonicalTarget = (parts: readonly string[]): string => {
    if (keyKind === 'uuid') return `(${parts[0]})`;
    return (parts.length === 1 ? `(${parts[0]})::text` : `jsonb_build_array(${parts.join(', ')})::text`) + ' COLLATE "C"';
  };
  const matchesMapping = (row: string): string =>
    keyKind === 'uuid'
      ? `${ofRow(targetKeys[0]?.name ?? '')} = ${row}.target_uuid`
      : targetKeys
          .map((column, i) => `${ofRow(column.name)} = ${keyPart(column, targetKeys.length === 1 ? `${row}.target_key` : `(${row}.target_key::jsonb)->>${i}`)}`)
          .join(' AND ');
  const surrogateKey = normal.surrogateKey ? targetKeys[0] : undefined;
  const keyForms = { target: surrogateKey ? [exactForm(surrogateKey.typeInfo, ofRow(surrogateKey.name))] : [], desired: surrogateKey ? ['w.target_uuid'] : [] };
  const identity = normal.target.identity.map((column) => {
    const mapped = desiredOf.get(column);
    if (!mapped) throw new PortageError('SYS002', 'an identity column is not mapped', { where: `entities.${name}.target.identity`, got: column });
    return mapped;
  });
  const constants = identity.filter((column) => column.kind === 'constant');

  // Values are hashed, not the expressions that make them: another expression changes the rows whose value it changes. A
  // constant is in no hash of the source, and a key means another row under another parent.
  const consumed = (column: CompiledColumn): string =>
    column.kind === 'constant' ? column.desired : [column.wire, references.find((reference) => reference.column === column.column)?.parent ?? ''].join(' ');
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
      where: [...(normal.source.where === null ? [] : [`(${normal.source.where})`]), ...(nullKey === null ? [] : [`NOT (${nullKey})`])],
      nullKey,
      hash: rowHash(['q.k', ...based.flatMap((column) => (column.staged === null ? [] : [hashedOnSource(facts, column)]))], context.sourceVersion),
      version: context.sourceVersion,
      estimatedRows: source.estimatedRows,
    },
    target: {
      table: qualifiedName(target),
      relation: normal.target.relation,
      key: normal.target.key,
      keyKind,
      surrogate: normal.surrogateKey,
      keyOfRow: canonicalTarget(normal.target.key.map(ofRow)),
      keyDesired: normal.surrogateKey ? null : canonicalTarget(normal.target.key.map((column) => desiredOf.get(column)?.desired ?? 'NULL')),
      matchesMapping,
      keyOrder: normal.target.key.map(ofRow).join(', '),
      matchesIdentity: identity.length === 0 ? null : identity.map((column) => `${ofRow(column.column)} = ${column.desired}`).join(' AND '),
      belongs:
        identity.length === 0
          ? null
          : [...constants.map((column) => `${ofRow(column.column)} = ${column.desired}`), ...identity.filter((c) => c.kind !== 'constant').map((c) => `${ofRow(c.column)} IS NOT NULL`)].join(' AND '),
      identityIndexed: target.indexes.some((index) => index.columns[0] !== undefined && normal.target.identity.includes(index.columns[0] ?? '')),
      hash: rowHash([...keyForms.target, ...based.map((column) => column.exactTarget)], context.targetVersion),
      hashDesired: rowHash([...keyForms.desired, ...based.map((column) => column.exactDesired)], context.targetVersion),
      columnHashes: packed(based.map((column) => hashOf(column.column, ofRow(column.column), column.sensitive))),
      columnHashesDesired: packed(based.map((column) => hashOf(column.column, column.desired, column.sensitive))),
      releasable: releasableColumns(target, columns),
      foreseeable: target.kind === 'table' && target.triggers.length === 0 && columns.every((column) => !isLengthLimited(columnOf(target, column.column)?.typeInfo)),
      alwaysIdentity: columns.filter((column) => columnOf(target, column.column)?.identity === 'always').map((column) => column.column),
    },
    columns,
    references,
    baseColumns: based.map((column) => column.column),
    sourceShape: shape([order, ...based.map((column) => `${column.column}:${consumed(column)}`)]),
    targetShape: shape([...normal.target.key, ...based.map((column) => `${column.column}:${column.exactTarget}`)]),
  };
}

/** The exact form of a projected value on the source, where it stands as `q.NAME` in its wire type. */
function hashedOnSource(facts: EntityFacts, column: CompiledColumn): string {
  const projected = `q.${column.staged ?? ''}`;
  if (column.kind === 'reference') return projected;
  const target = mustHave(facts.target, column.column, facts.normal.name);
  // A type that is not built in travels as text, and text is exact.
  return /"(text|_text)"$/.test(column.wire) ? `${projected} COLLATE "C"` : exactForm({ ...target.typeInfo, base: null, builtin: true, name: wireName(column.wire) }, projected);
}

const wireName = (wire: string): string => /"(.*)"$/.exec(wire)?.[1] ?? 'text';
