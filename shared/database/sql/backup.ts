/** Rows of an entity as they stand in a backup: mappings, bases and every column that can be written, as exact texts. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import { exactText } from '../../domain/value-types.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';

/** Whether any reference of the entity waits for its parent: asked once, not for each row. */
export const anyWaiting = (entity: CompiledEntity): string =>
  `SELECT EXISTS (SELECT FROM portage.pending_references WHERE entity_id = ${entity.entityId})::text AS present`;

const waitingOf = (entity: CompiledEntity, key: string): string =>
  `(SELECT json_object_agg(p.column_name, p.parent_key ORDER BY p.column_name)::text FROM portage.pending_references p WHERE p.entity_id = ${entity.entityId} AND p.legacy_key = ${key})`;

/**
 * A JSON array a line, in the order of ROW_FIELDS and then the columns. What array_to_json gives holds neither a line's end
 * nor a control character, so that CSV with such a character for its quote leaves it as it is: no row is parsed on its way.
 * @param comma stands before each row
 */
export function copyBackup(
  entity: CompiledEntity,
  columns: readonly string[],
  waiting: boolean,
  comma: string,
): string {
  const key = `${leafKey(entity)}::text`;
  const fields = [
    key,
    `CASE WHEN t.portage_there IS NULL THEN m.${targetKeyColumn(entity)}::text END`,
    'm.origin::text',
    "CASE WHEN m.closed_by IS NOT NULL THEN 'c' END",
    'm.source_hash::text',
    'm.target_hash::text',
    "encode(m.source_columns, 'hex')",
    "encode(m.target_columns, 'hex')",
    waiting ? waitingOf(entity, key) : 'NULL',
    ...columns.map((column) => exactText(`t.${quoteIdentifier(column)}`)),
  ];
  const line = `array_to_json(ARRAY[${fields.join(', ')}]::text[])::text`;
  return `COPY (SELECT ${comma === '' ? line : `${quoteLiteral(comma)} || ${line}`} FROM ${entity.leaf} m
    LEFT JOIN (SELECT true AS portage_there, t.* FROM ${entity.target.table} t) t ON ${entity.target.matchesMapping('m')}) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')`;
}

/** How many mappings of the entity there are. */
export const countBackup = (entity: CompiledEntity): string => `SELECT count(*) AS rows FROM ${entity.leaf}`;
