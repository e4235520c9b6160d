/** What pairs the rows of both sides: the legacy key that the identity says, the values of the identity, or the mapping. */
import { quoteIdentifier, quoteLiteral } from '../identifiers.ts';
import { keyHashed } from '../row-hash.ts';
import { exactText } from '../value-types.ts';
import type { Join, Projected } from './identity-projection.ts';
import {
  canonicalTargetText,
  leafName,
  orderOf,
  targetKeyColumns,
  targetKeyKind,
  type EntityFacts,
} from './key-forms.ts';
import type { CompiledColumn } from './types.ts';
import type { Verification, VerifiedForms, VerifiedReference } from './verification-types.ts';

/** What pairs the rows of an entity, with what has to be joined for it. */
export interface Pairing extends Pick<
  Verification,
  'via' | 'keyOrder' | 'sourceKey' | 'desiredKey' | 'targetKey' | 'legacyText' | 'keyColumn' | 'where'
> {
  readonly joins: readonly Join[];
  /** More forms: what the mapping says beside the identity. */
  readonly forms: VerifiedForms;
}

const NO_FORMS: VerifiedForms = { source: [], target: [], columns: [] };

export function byLegacyKey(facts: EntityFacts, own: Projected, live: readonly string[]): Pairing {
  return {
    via: 'legacy',
    keyOrder: orderOf(facts),
    sourceKey: 'q.k',
    desiredKey: 'g.k',
    targetKey: own.key,
    legacyText: `(${own.key})::text`,
    keyColumn: own.plain,
    joins: own.joins,
    where: [...own.conditions, ...live],
    forms: NO_FORMS,
  };
}

/** The mapping of a target row, joined as `m`. */
function mappingJoin(facts: EntityFacts): { readonly join: Join; readonly legacy: string } | null {
  if (facts.entityId === null) return null;
  const keys = facts.normal.target.key.map((column) => `t.${quoteIdentifier(column)}`);
  const ofRow = canonicalTargetText(targetKeyColumns(facts), keys);
  const same = targetKeyKind(facts) === 'uuid' ? `m.target_uuid = ${keys[0]}` : `m.target_key = ${ofRow}`;
  return {
    join: { table: `${leafName(facts.entityId)} AS m`, on: [same] },
    legacy: `m.${orderOf(facts) === 'integer' ? 'legacy_id' : 'legacy_key'}`,
  };
}

/** A mapping that was closed counts where the row that it stood for is there again and nothing else stands for it. */
const openOrAlone = (facts: EntityFacts): string => {
  const column = targetKeyKind(facts) === 'uuid' ? 'target_uuid' : 'target_key';
  const leaf = leafName(facts.entityId ?? 0);
  return `(m.closed_by IS NULL OR NOT EXISTS (SELECT FROM ${leaf} AS o WHERE o.${column} = m.${column} AND o.closed_by IS NULL))`;
};

export function byMapping(facts: EntityFacts, live: readonly string[]): Pairing {
  const mapping = mappingJoin(facts);
  const order = orderOf(facts);
  const none = `NULL::${order === 'integer' ? 'bigint' : 'text'}`;
  return {
    via: 'mapping',
    keyOrder: order,
    sourceKey: 'q.k',
    desiredKey: 'g.k',
    targetKey: mapping?.legacy ?? none,
    legacyText: `(${mapping?.legacy ?? none})::text`,
    keyColumn: null,
    joins: mapping ? [mapping.join] : [],
    where: mapping ? [`${mapping.legacy} IS NOT NULL`, openOrAlone(facts), ...live] : ['false'],
    forms: NO_FORMS,
  };
}

/** Marks keys of rows whose identity is NULL: the mapping pairs those. */
const BY_MAPPING = quoteLiteral('mapping:');

/** Rows that are paired by the values of their identity columns, whatever those are. */
export function byIdentityValues(
  facts: EntityFacts,
  columns: readonly CompiledColumn[],
  references: readonly VerifiedReference[],
  live: readonly string[],
): Pairing {
  const identity = facts.normal.target.identity.flatMap((name) => columns.filter(({ column }) => column === name));
  const telling = identity.filter(({ kind }) => kind !== 'constant');
  const constants = identity.filter(({ kind }) => kind === 'constant');
  const referenceOf = (column: CompiledColumn) => references.find((reference) => reference.column === column.column);
  const tuple = (parts: readonly string[], otherwise: string): string => {
    const value =
      parts.length === 1
        ? (parts[0] ?? 'NULL')
        : `CASE WHEN ${parts.map((part) => `${part} IS NOT NULL`).join(' AND ')} THEN jsonb_build_array(${parts.join(', ')})::text END`;
    return `coalesce(${value}, ${BY_MAPPING} || ${otherwise}) COLLATE "C"`;
  };
  const inTarget = telling.map((column) => {
    const reference = referenceOf(column);
    return reference ? `(${reference.key})::text` : column.textTarget;
  });
  const mapping = mappingJoin(facts);
  const legacy = mapping === null ? 'NULL::text' : `(${mapping.legacy})::text`;
  const belongs = telling.map(({ column }) => `t.${quoteIdentifier(column)} IS NOT NULL`);
  const order = orderOf(facts);
  return {
    via: 'identity',
    keyOrder: 'text',
    sourceKey: tuple(
      telling.map((column) => exactText(`q.${column.staged ?? ''}`)),
      'q.k::text',
    ),
    desiredKey: tuple(
      telling.map((column) => (referenceOf(column) ? exactText(`g.${column.staged ?? ''}`) : column.textDesired)),
      'g.k::text',
    ),
    targetKey: tuple(inTarget, legacy),
    legacyText: `coalesce(${legacy}, ${tuple(inTarget, 'NULL::text')})`,
    keyColumn: null,
    joins: mapping ? [{ ...mapping.join, on: [...mapping.join.on, openOrAlone(facts)] }] : [],
    where: [
      ...constants.map((column) => `t.${quoteIdentifier(column.column)} = ${column.desired}`),
      `(${[belongs.join(' AND '), ...(mapping ? [`${mapping.legacy} IS NOT NULL`] : [])].join(' OR ')})`,
      ...live,
    ],
    forms:
      mapping === null
        ? NO_FORMS
        : {
            source: keyHashed(order, order === 'integer' ? 'q.k::bigint' : 'q.k'),
            target: keyHashed(order, mapping.legacy),
            columns: keyHashed(order, '').map(() => null),
          },
  };
}
