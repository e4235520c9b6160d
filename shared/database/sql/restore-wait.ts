/** Rows of a backup that wait for another one, and those that were kept out: what a restore notes of them. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import { targetKeyColumn } from './leaf.ts';
import { work } from './scratch.ts';

/** Rows of the batch that wait for another one: parked, or written without a reference. */
export const keepWaiting = (entity: CompiledEntity, operationNo: number): string =>
  `INSERT INTO portage.waiting_restores (operation_no, entity_id, legacy_key, written, reason)
   SELECT ${operationNo}, ${entity.entityId}, w.k::text, w.action <> 'park', 'the row that ' || array_to_string(w.missing, ', ') || ' refers to is not there' FROM ${work(entity)} w WHERE w.missing IS NOT NULL
   ON CONFLICT (operation_no, entity_id, legacy_key) DO UPDATE SET reason = excluded.reason`;

/** $1 legacy key, $2 why. */
export const waitOne = (entity: CompiledEntity, operationNo: number): string =>
  `INSERT INTO portage.waiting_restores (operation_no, entity_id, legacy_key, written, reason) VALUES (${operationNo}, ${entity.entityId}, $1, false, $2)
   ON CONFLICT (operation_no, entity_id, legacy_key) DO UPDATE SET reason = excluded.reason`;

/** $1: rows that are there without a reference, or rows that are not. The next $3 keys after $2. */
export const nextWaiting = (entity: CompiledEntity, operationNo: number): string =>
  `SELECT legacy_key, reason FROM portage.waiting_restores WHERE operation_no = ${operationNo} AND entity_id = ${entity.entityId} AND written = $1 AND legacy_key > $2 ORDER BY legacy_key LIMIT $3`;

/** $1: keys that wait no longer, but for those that wait again. */
export const endWaiting = (entity: CompiledEntity, operationNo: number): string =>
  `DELETE FROM portage.waiting_restores WHERE operation_no = ${operationNo} AND entity_id = ${entity.entityId} AND legacy_key = ANY ($1::text[])
     AND legacy_key <> ALL (ARRAY(SELECT w.k::text FROM ${work(entity)} w WHERE w.missing IS NOT NULL))`;

/** Rows that wait for good. Gives how many did not come back, and how many without what they wait for. */
export const keepUnsettled = (entity: CompiledEntity, operationNo: number): string =>
  `WITH gone AS (DELETE FROM portage.waiting_restores WHERE operation_no = ${operationNo} AND entity_id = ${entity.entityId} RETURNING legacy_key, written, reason), kept AS (
   ${KEPT} SELECT ${operationNo}, ${entity.entityId}, g.legacy_key, NULL, ${operationNo}, 'refused', CASE WHEN g.written THEN 'came back without it: ' ELSE '' END || g.reason FROM gone g ${AGAIN})
   SELECT count(*) FILTER (WHERE NOT written) AS out, count(*) FILTER (WHERE written) AS without FROM gone`;

export const countWaiting = (entity: CompiledEntity, operationNo: number): string =>
  `SELECT count(*) AS rows FROM portage.waiting_restores WHERE operation_no = ${operationNo} AND entity_id = ${entity.entityId} AND NOT written`;

const KEPT =
  'INSERT INTO portage.kept_rows (rollback_no, entity_id, legacy_key, target_key, operation_no, reason, detail)';
const AGAIN =
  'ON CONFLICT (rollback_no, entity_id, legacy_key) DO UPDATE SET reason = excluded.reason, detail = excluded.detail';

export const OCCUPIED = 'another row stands for this key now, or in its place';

/** Rows whose place is taken. */
export const keepOccupied = (entity: CompiledEntity, operationNo: number): string =>
  `${KEPT} SELECT ${operationNo}, ${entity.entityId}, w.k::text, w.${targetKeyColumn(entity)}::text, ${operationNo}, 'occupied', ${quoteLiteral(OCCUPIED)}
   FROM ${work(entity)} w WHERE w.action = 'occupied' ${AGAIN}`;

/** $1 legacy key, $2 why: one row that cannot come back. */
export const keepRefused = (entity: CompiledEntity, operationNo: number): string =>
  `${KEPT} VALUES (${operationNo}, ${entity.entityId}, $1, NULL, ${operationNo}, 'refused', $2) ${AGAIN}`;
