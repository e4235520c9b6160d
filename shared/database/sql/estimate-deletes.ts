/** What a dry run asks about rows that are gone: who refers to them, and what becomes of those rows. $1: legacy keys. */
import type { CompiledEntity, CompiledReference } from '../../domain/compiled/types.ts';
import { qualifiedName } from '../../domain/identifiers.ts';
import type { ReferencingKey } from '../catalog/read-referencing.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { allOf } from './range.ts';
import { referredColumns, refersTo } from './vanished.ts';

/** Of the rows that refer to one, a dry run looks at so many. */
const LOOKED_AT = 1000;

const keyArray = (entity: CompiledEntity): string => `$1::${entity.order === 'integer' ? 'bigint' : 'text'}[]`;

/** The rows of the keys as `l`, with what a foreign key leads to as `r`. */
const parents = (entity: CompiledEntity, key: ReferencingKey): string =>
  `unnest(${keyArray(entity)}) AS l (k)
   CROSS JOIN LATERAL (SELECT m.target_uuid, m.target_key FROM ${entity.leaf} m WHERE ${leafKey(entity)} = l.k AND m.closed_by IS NULL OFFSET 0) pm
   CROSS JOIN LATERAL (SELECT ${referredColumns(key)} FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('pm')} OFFSET 0) r`;

const mappingOf = (child: CompiledEntity, row: string): string =>
  `${child.leaf} m WHERE m.${targetKeyColumn(child)} = ${row} AND m.closed_by IS NULL`;

/** Keys to which a row refers that no entity of the map wrote. */
export const referredByOthers = (
  entity: CompiledEntity,
  key: ReferencingKey,
  children: readonly CompiledEntity[],
): string => {
  const ours = children.map((child) => `NOT EXISTS (SELECT FROM ${mappingOf(child, child.target.keyOfRow)})`);
  return `SELECT l.k::text AS k FROM ${parents(entity, key)}
    WHERE EXISTS (SELECT FROM ${qualifiedName({ schema: key.schema, name: key.table })} t WHERE ${[refersTo(key, 'r'), ...ours].join(' AND ')})`;
};

/** Rows of an entity that refer to the keys, and whether somebody edited them. */
export const referredByEntity = (entity: CompiledEntity, key: ReferencingKey, child: CompiledEntity): string =>
  `SELECT l.k::text AS parent, c.k::text AS child, c.edited::text AS edited FROM ${parents(entity, key)}
   CROSS JOIN LATERAL (SELECT m.k, t.h IS DISTINCT FROM m.target_hash AS edited
     FROM (SELECT ${child.target.keyOfRow} AS key, ${child.target.hash} AS h FROM ${child.target.table} t WHERE ${refersTo(key, 'r')} LIMIT ${LOOKED_AT}) t
     CROSS JOIN LATERAL (SELECT ${leafKey(child)} AS k, m.target_hash FROM ${mappingOf(child, 't.key')} OFFSET 0) m) c`;

/** Of the child's keys those that the source has, with the parent's key that each says now. */
export const parentsInSource = (child: CompiledEntity, reference: CompiledReference | undefined): string => {
  const said = child.columns.find((column) => column.column === reference?.column)?.source ?? 'NULL';
  return `SELECT v.k::text AS child, (${said})::text AS parent FROM ${child.source.from} JOIN unnest(${keyArray(child)}) AS v (k) ON ${child.source.key} = v.k WHERE ${allOf(child.source.where)}`;
};
