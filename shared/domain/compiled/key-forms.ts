/** Keys of an entity in their canonical forms: the legacy key on the source, what a child says of it, the target key. */
import type { Column, Relation } from '../catalog.ts';
import { columnOf, provenKeys, underlying } from '../catalog.ts';
import type { NormalEntity } from '../entity-map.ts';
import { PortageError } from '../errors.ts';
import { qualifiedName, quoteIdentifier } from '../identifiers.ts';
import { hasOneText, holds, isInteger, keyPart, referencePart } from '../value-types.ts';
import type { OrderKind } from '../order-kind.ts';
import type { CompiledEntity, ReferringColumn } from './types.ts';

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

export function mustHave(relation: Relation, name: string, where: string): Column {
  const column = columnOf(relation, name);
  if (!column)
    throw new PortageError('SYS002', `column ${name} does not exist`, {
      where,
      got: name,
      expected: `a column of ${relation.schema}.${relation.name}`,
    });
  return column;
}

export const keyColumns = (facts: EntityFacts): readonly Column[] =>
  facts.normal.source.key.map((name) => mustHave(facts.source, name, `entities.${facts.normal.name}.source.key`));

export const targetKeyColumns = (facts: EntityFacts): readonly Column[] =>
  facts.normal.target.key.map((name) => mustHave(facts.target, name, `entities.${facts.normal.name}.target.key`));

export const orderOf = (facts: EntityFacts): OrderKind => {
  const [first, ...more] = keyColumns(facts);
  return first !== undefined && more.length === 0 && isInteger(first.typeInfo) ? 'integer' : 'text';
};

export const targetKeyKind = (facts: EntityFacts): 'uuid' | 'text' => {
  const [first, ...more] = targetKeyColumns(facts);
  return first !== undefined && more.length === 0 && first.typeInfo.name === 'uuid' && first.typeInfo.builtin
    ? 'uuid'
    : 'text';
};

/**
 * Types of which a part of a key goes in as text: those that JSON would take apart, so that no value could be made of it again,
 * and char(n), whose padding the row has and the value that was sent may not, and both have to be one key.
 */
const isTextInKey = ({ typeInfo }: Column): boolean => {
  const { kind, builtin, name } = underlying(typeInfo);
  return kind === 'array' || kind === 'composite' || !builtin || /^(jsonb?|bpchar)$/.test(name);
};

/** A target key that is no UUID as its canonical text, from one expression for each part. */
export const canonicalTargetText = (columns: readonly Column[], parts: readonly string[]): string => {
  if (parts.length === 1) return `(${parts[0]})::text COLLATE "C"`;
  const texts = parts.map((part, i) =>
    columns[i] !== undefined && isTextInKey(columns[i]) ? `(${part})::text` : part,
  );
  return `jsonb_build_array(${texts.join(', ')})::text COLLATE "C"`;
};

/** Over `t` and a row that has target_uuid and target_key: it is the row that they name. */
export const matchesTargetKey = (facts: EntityFacts, row: string): string => {
  const columns = targetKeyColumns(facts);
  const ofRow = (column: Column): string => `t.${quoteIdentifier(column.name)}`;
  const [only] = columns;
  if (only !== undefined && targetKeyKind(facts) === 'uuid') return `${ofRow(only)} = ${row}.target_uuid`;
  const part = (i: number): string =>
    columns.length === 1 ? `${row}.target_key` : `(${row}.target_key::jsonb)->>${i}`;
  return columns.map((column, i) => holds(column, ofRow(column), part(i))).join(' AND ');
};

/** Entities that write the table of this one by the same key, from all that the ledger knows. */
export const sharingWith = ({ facts }: CompileContext, own: NormalEntity): CompiledEntity['sharing'] =>
  [...facts.values()].flatMap((other) => {
    const { entityId, normal } = other;
    const sameTable = qualifiedName(normal.target.relation) === qualifiedName(own.target.relation);
    const sameKey = normal.target.key.join('\u001F') === own.target.key.join('\u001F');
    return entityId === null || normal.name === own.name || !sameTable || !sameKey
      ? []
      : [{ name: normal.name, leaf: leafName(entityId), order: orderOf(other) }];
  });

/** References of the map to the entity, from all that the ledger knows. */
export const referringTo = ({ facts }: CompileContext, parent: string): readonly ReferringColumn[] =>
  [...facts.values()].flatMap((child) => {
    const { entityId, normal, target } = child;
    if (entityId === null) return [];
    return normal.columns.flatMap((column) =>
      column.kind === 'reference' && column.parent === parent
        ? [
            {
              leaf: leafName(entityId),
              table: qualifiedName(target),
              value: `(t.${quoteIdentifier(column.column)})::text COLLATE "C"`,
              matches: matchesTargetKey(child, 'm'),
            },
          ]
        : [],
    );
  });

/** The canonical legacy key from one expression for each part (SEMANTICS 6): NULL when a part is. */
export function canonicalKey(facts: EntityFacts, parts: readonly string[], partOf = keyPart): string {
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
export function referenceKey(parent: EntityFacts, parts: readonly string[]): string {
  const columns = keyColumns(parent);
  const said = canonicalKey(parent, parts, referencePart);
  const indexed = parent.source.indexes.some((index) => index.columns[0] === parent.normal.source.key[0]);
  if (columns.every(hasOneText) || parts.length !== columns.length || !indexed) return said;
  const ofParent = columns.map((column) => `k.${quoteIdentifier(column.name)}`);
  const same = columns.map((column, i) => holds(column, ofParent[i] ?? '', parts[i] ?? 'NULL'));
  return `coalesce((SELECT ${canonicalKey(parent, ofParent)} FROM ${qualifiedName(parent.source)} AS k WHERE ${same.join(' AND ')} LIMIT 1), ${said})`;
}

export const hasUnique = (relation: Relation, columns: readonly string[]): boolean =>
  provenKeys(relation).some((key) => key.columns.every((column) => columns.includes(column)));
