/**
 * The first load of a plain target (`foreseeable`, fresh, nothing mapped in the range): rows, mappings, bases and undo
 * entries in one statement, without the work table in between. Both inserts read one materialized CTE; none is joined.
 * Rows that lack a parent are left out, and the general way decides on them (sql/decide.ts).
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier } from '../../domain/identifiers.ts';
import { missingReferences, newUuid, resolved } from './decide.ts';
import { targetKeyColumn } from './leaf.ts';
import type { KeyRange } from './range.ts';
import { allOf, inRange } from './range.ts';
import { stage } from './scratch.ts';
import { undoArrays, type WriteFacts } from './write.ts';

/** Gives the number of rows written, and of those left out. */
export function loadRows(entity: CompiledEntity, map: string, range: KeyRange, facts: WriteFacts): string {
  const key = targetKeyColumn(entity);
  const undo = undoArrays(entity);
  const legacy = entity.order === 'integer' ? 'legacy_id' : 'legacy_key';
  const references = entity.references.map((reference) => `${resolved(reference)} AS ${reference.staged}`);
  const desired = entity.columns.map((column, i) => `${column.desired} AS d${i}`);
  const names = [
    ...(entity.target.surrogate ? [entity.target.key[0] ?? ''] : []),
    ...entity.columns.map((column) => column.column),
  ].map(quoteIdentifier);
  const values = [...(entity.target.surrogate ? ['r.key'] : []), ...entity.columns.map((_, i) => `r.d${i}`)];
  const overriding = entity.target.alwaysIdentity.length > 0 ? 'OVERRIDING SYSTEM VALUE ' : '';
  return `WITH rows AS MATERIALIZED (
      SELECT g.k, g.h, ${entity.target.keyDesired ?? 'w.target_uuid'} AS key, ${entity.target.hashDesired} AS th, ${entity.target.columnHashesDesired} AS ch, x.missing, ${desired.join(', ')}
      FROM ${stage(entity)} g
      CROSS JOIN LATERAL (SELECT ${[`${entity.target.surrogate ? newUuid(entity, map) : 'NULL::uuid'} AS target_uuid`, ...references].join(', ')} OFFSET 0) w
      CROSS JOIN LATERAL (SELECT ${missingReferences(entity, false)} AS missing OFFSET 0) x
      WHERE ${allOf(inRange(entity.order, 'g.k', range))} ORDER BY 3
    ), written AS (
      INSERT INTO ${entity.target.table} (${names.join(', ')}) ${overriding}SELECT ${values.join(', ')} FROM rows r WHERE r.missing IS NULL
    ), map AS (
      INSERT INTO ${entity.leaf} (${legacy}, source_hash, target_hash, ${key}, entity_id, operation_no, origin, source_columns)
      SELECT r.k, r.h, r.th, r.key, ${entity.entityId}, ${facts.operationNo}, 'i', r.ch FROM rows r WHERE r.missing IS NULL
    ), undo AS (
      INSERT INTO portage.undo_inserts (batch_no, entity_id, operation_no, ${undo.legacy}, ${undo.target}, hashes)
      SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, array_agg(r.k), array_agg(r.key), array_agg(r.th) FROM rows r WHERE r.missing IS NULL HAVING count(*) > 0
    ) SELECT count(*) FILTER (WHERE r.missing IS NULL) AS written, count(r.missing) AS left_out FROM rows r`;
}
