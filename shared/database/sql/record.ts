/** What a batch records beside its writes: differentials, parked rows, rows set aside, and its own counts. */
import { hmac } from '../../domain/compiled/column-hash.ts';
import type { CompiledColumn, CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import { SET_ASIDE } from './aside.ts';
import { targetKeyColumn } from './leaf.ts';
import type { KeyRange } from './range.ts';
import { allOf, inRange } from './range.ts';
import { stage, work } from './scratch.ts';
import type { WriteFacts } from './write.ts';

/** Longer values are cut: a differential is for reading, the rows are in the databases. */
const SHOWN = 2000;

/** comparison_type and reason by action. */
const FINDINGS: Readonly<Record<string, readonly [type: string, reason: string]>> = {
  kept: ['value', 'changed in the target only: kept'],
  missing: ['missing', 'deleted in the target only: recorded'],
  conflict: ['conflict', 'changed on both sides'],
  no_base: ['conflict', 'differs, and no base tells which side changed it'],
  adopted: ['adopted', 'adopted, and different from the source'],
  adopt_conflict: ['adopted', 'adopted, and different from the source'],
  reappeared: ['reappeared', 'the key was gone from the source and appears again'],
  deleted: ['deleted', 'deleted in the source, or left the filter: reported'],
  altered: ['value', 'written by this run, and changed by the target on its way in'],
  referenced: ['conflict', 'deleted in the source, kept because rows still refer to it: '],
  refused: ['conflict', 'deleted in the source, kept because it cannot be deleted: '],
};
/** Actions that are recorded as differentials. */
export const FINDING_ACTIONS = Object.keys(FINDINGS);
const literals = (names: readonly string[]): string => names.map(quoteLiteral).join(', ');

/** A value as a person may see it: of a sensitive column a keyed hash. */
export const shown = (column: Pick<CompiledColumn, 'sensitive'>, text: string): string =>
  column.sensitive ? `encode(${hmac(text)}, 'hex')` : `left(${text}, ${SHOWN})`;

const values = (columns: readonly CompiledColumn[], text: (column: CompiledColumn) => string): string =>
  `(SELECT jsonb_object_agg(v.name, v.value) FROM (VALUES ${columns.map((c) => `(${quoteLiteral(c.column)}, ${shown(c, text(c))})`).join(', ')}) AS v (name, value) WHERE v.name = ANY (d.columns))`;

const ofFinding = (part: 0 | 1, action: string): string =>
  `CASE ${action} ${Object.entries(FINDINGS)
    .map(([name, finding]) => `WHEN '${name}' THEN ${quoteLiteral(finding[part])}`)
    .join(' ')} END`;
/** The comparison_type of an action, as SQL. */
export const findingType = (action: string): string => ofFinding(0, action);

/** What is added to a reason where a strategy was asked and could not settle the row. */
const UNSETTLED = `CASE w.code WHEN 'S005' THEN '; S005: the strategy cannot decide, and no second one is named that can' WHEN 'moved' THEN '; it changed again since it was recorded' ELSE '' END`;

/**
 * One open row for each (entity, legacy key, comparison type): seen again, last_seen moves (SEMANTICS 31).
 * @param which a condition over `w`, where not all of the batch's findings are meant
 */
export function recordDifferentials(entity: CompiledEntity, facts: WriteFacts, which?: string): string {
  const columns = entity.columns.filter((c) => !c.onInsertOnly);
  const differing = columns.map(
    (c) => `CASE WHEN ${c.exactDesired} IS DISTINCT FROM ${c.exactTarget} THEN ${quoteLiteral(c.column)} END`,
  );
  const { source, target } = entity.normal;
  const cases = (part: 0 | 1): string => ofFinding(part, 'w.action');
  return `INSERT INTO portage.data_differentials (entity_id, entity_type, source_table, target_table, legacy_key, target_key, comparison_type, columns, reason, source_hash, target_hash, source_values, target_values, operation_no)
    SELECT ${entity.entityId}, ${quoteLiteral(entity.name)}, ${quoteLiteral(`${source.relation.schema}.${source.relation.name}`)}, ${quoteLiteral(`${target.relation.schema}.${target.relation.name}`)},
      w.k::text, w.${targetKeyColumn(entity)}::text, ${cases(0)}, d.columns,
      CASE WHEN w.action = 'conflict' AND NOT w.in_source THEN 'deleted in the source, changed in the target' WHEN w.action = 'conflict' AND w.target_state = 'absent' THEN 'changed in the source, deleted in the target' WHEN w.action IN ('referenced', 'refused') THEN (${cases(1)}) || w.code ELSE ${cases(1)} END || ${UNSETTLED},
      g.h, t.portage_hash, d.source_values, d.target_values, ${facts.operationNo}
    FROM ${work(entity)} w LEFT JOIN ${stage(entity)} g ON g.k = w.k AND w.in_source
    LEFT JOIN LATERAL (SELECT t.*, ${entity.target.hash} AS portage_hash FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}) t ON true
    CROSS JOIN LATERAL (SELECT d.columns, ${values(columns, (c) => c.textDesired)} AS source_values, ${values(columns, (c) => c.textTarget)} AS target_values
      FROM (SELECT CASE WHEN w.in_source AND t.portage_hash IS NOT NULL THEN array_remove(ARRAY[${differing.join(', ')}]::text[], NULL) ELSE '{}' END AS columns) d) d
    WHERE w.action IN (${literals(Object.keys(FINDINGS))})${which === undefined ? '' : ` AND ${which}`}
    ON CONFLICT (entity_id, legacy_key, comparison_type) WHERE NOT resolved DO UPDATE SET last_seen = now(), operation_no = excluded.operation_no, columns = excluded.columns, reason = excluded.reason,
      target_key = excluded.target_key, source_hash = excluded.source_hash, target_hash = excluded.target_hash, source_values = excluded.source_values, target_values = excluded.target_values`;
}

/** How the reason ends of a row that had its last look but for an entity that is loaded later. */
const UNTIL_LATER = ', which is loaded later';

/** @param again it is the row's last look, and what it waits for is loaded later */
export const parkRows = (entity: CompiledEntity, facts: WriteFacts, again = false): string =>
  `INSERT INTO portage.parked_rows (entity_id, legacy_key, reason, operation_no)
   SELECT ${entity.entityId}, w.k::text, coalesce('a unique value is taken already (' || w.taken || ')', 'waits for ' || array_to_string(w.missing, ', ') || ${quoteLiteral(again ? UNTIL_LATER : '')}), ${facts.operationNo} FROM ${work(entity)} w WHERE w.action = 'park'
   ON CONFLICT (entity_id, legacy_key) DO UPDATE SET reason = excluded.reason, operation_no = excluded.operation_no`;

/** One row that waits for another to give up a value: $1 legacy key, $2 why. */
export const parkOne = (entity: CompiledEntity, operationNo: number): string =>
  `INSERT INTO portage.parked_rows (entity_id, legacy_key, reason, operation_no) VALUES (${entity.entityId}, $1, $2, ${operationNo})
   ON CONFLICT (entity_id, legacy_key) DO UPDATE SET reason = excluded.reason, operation_no = excluded.operation_no`;

/** The next $1 keys that are to have their last look; `operationNo`: of those that this operation has parked. */
export const parkedKeys = (entity: CompiledEntity, beforeLater: boolean, operationNo: number | null = null): string =>
  `SELECT p.legacy_key FROM portage.parked_rows p WHERE p.entity_id = ${entity.entityId}${operationNo === null ? '' : ` AND p.operation_no = ${operationNo}`}${beforeLater ? ` AND right(p.reason, ${UNTIL_LATER.length}) <> ${quoteLiteral(UNTIL_LATER)}` : ''} ORDER BY p.legacy_key LIMIT $1`;

/** $1: keys that have had their last look; those that were parked again stay. */
export const unpark = (entity: CompiledEntity): string =>
  `DELETE FROM portage.parked_rows WHERE entity_id = ${entity.entityId} AND legacy_key = ANY ($1::text[])
     AND legacy_key <> ALL (ARRAY(SELECT w.k::text FROM ${work(entity)} w WHERE w.action = 'park'))`;

/** Rows whose parent is nowhere, and rows whose place in the target is taken. */
export const setAsideRows = (entity: CompiledEntity, facts: WriteFacts): string => {
  const parents = entity.references
    .map((r) => `WHEN ${quoteLiteral(r.column)} THEN ${quoteLiteral(`${r.parent} `)} || g.${r.staged}::text`)
    .join(' ');
  const missing = parents === '' ? "'a parent'" : `(CASE w.missing[1] ${parents} END)`;
  return `INSERT INTO portage.set_aside_rows (entity_id, legacy_key, code, column_name, reason, operation_no)
    SELECT ${entity.entityId}, w.k::text, coalesce(w.code, 'M012'), coalesce(w.taken_columns, w.missing[1]),
      CASE WHEN w.taken IS NOT NULL THEN w.taken WHEN w.code = 'M004' THEN 'a target row that is mapped already, or several, stand for this key' ELSE ${missing} || ' has not been migrated' END, ${facts.operationNo}
    FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k WHERE w.action = 'set_aside' ${SET_ASIDE}`;
};

/** One row that its own values keep from being written: $1 legacy key, $2 code, $3 column, $4 reason. */
export const setAsideOne = (entity: CompiledEntity, operationNo: number): string =>
  `INSERT INTO portage.set_aside_rows (entity_id, legacy_key, code, column_name, reason, operation_no) VALUES (${entity.entityId}, $1, $2, $3, $4, ${operationNo}) ${SET_ASIDE}`;

const written = (entity: CompiledEntity, actions: readonly string[]): string =>
  `ANY (ARRAY(SELECT w.k::text FROM ${work(entity)} w WHERE w.action IN (${literals(actions)})))`;

/** Rows that were set aside and are written now leave the list; nothing is looked up while the list is empty. */
export const clearWritten = (entity: CompiledEntity): string =>
  clearKeys(entity, written(entity, ['insert', 'again', 'update', 'merge', 'adopt', 'rebase', 'none']));

/** The same after a load, whose rows stand in the stage alone: by their own keys, and not by every mapping there is. */
export const clearLoaded = (entity: CompiledEntity, range: KeyRange): string =>
  clearKeys(
    entity,
    `ANY (ARRAY(SELECT g.k::text FROM ${stage(entity)} g WHERE ${allOf(inRange(entity.order, 'g.k', range))}))`,
  );

const clearKeys = (entity: CompiledEntity, keys: string): string =>
  `UPDATE portage.set_aside_rows a SET state = 'written', last_seen = now()
   WHERE EXISTS (SELECT FROM portage.set_aside_rows x WHERE x.entity_id = ${entity.entityId} AND x.state IN ('open', 'ignored'))
     AND a.entity_id = ${entity.entityId} AND a.state IN ('open', 'ignored') AND a.legacy_key = ${keys}`;

/** @param which a condition over `w`, where not all of the batch's rows are meant */
export const actionCounts = (entity: CompiledEntity, which = 'true'): string =>
  `SELECT coalesce(w.decided, w.action) AS action, w.in_source::text AS in_source, count(*) AS rows, count(w.missing) AS waiting FROM ${work(entity)} w WHERE ${which} GROUP BY 1, 2`;

/** The differentials that this run would have seen again and did not: they are gone. What a validation saw is compared by values, not with bases: only a validation can tell that it is gone. */
export const closeGone = (entity: CompiledEntity, operationNo: number): string =>
  `UPDATE portage.data_differentials SET resolved = true, resolved_by = 'gone', resolved_at = now()
   WHERE entity_id = ${entity.entityId} AND NOT resolved AND operation_no <> ${operationNo} AND comparison_type IN ('value', 'missing', 'conflict', 'deleted', 'adopted', 'reappeared')
     AND operation_no NOT IN (SELECT v.operation_no FROM portage.operations v WHERE v.operation_type = 'validation')`;

/** Differentials that a full run wrote over. */
export const closeByFull = (entity: CompiledEntity): string =>
  `UPDATE portage.data_differentials d SET resolved = true, resolved_by = 'full', resolved_at = now()
   WHERE d.entity_id = ${entity.entityId} AND NOT d.resolved AND d.legacy_key = ${written(entity, ['update', 'again', 'rebase', 'adopt'])}`;
