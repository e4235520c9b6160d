/**
 * Settles rows of a batch that both sides changed (SEMANTICS 15), in the work table and under the batch's locks: `settle`
 * asks the strategies, `recordDecisions` keeps old, new, chosen and rule, and `takeDecisions` makes each decision an action
 * that is written like any other. What no strategy decides stays the conflict that it is.
 *
 * Merging looks at columns: one that only the source changed is taken, one that only the target changed is kept. The rest,
 * changed on both sides or without a base that tells, is the second strategy's.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import type { Settleable, Settlement, Strategy } from '../../domain/settlement.ts';
import { baseAt, basedColumns } from './align.ts';
import { belongsToAnother } from './decide.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { findingType } from './record.ts';
import { stage, work } from './scratch.ts';
import type { WriteFacts } from './write.ts';

/** Actions that stand for each kind of difference. */
const ACTIONS: Readonly<Record<Settleable, readonly string[]>> = {
  conflict: ['conflict', 'no_base'],
  adopted: ['adopted', 'adopt_conflict'],
  reappeared: ['reappeared'],
  value: ['kept'],
  missing: ['missing'],
  deleted: ['deleted'],
};

/** Actions that a settlement may decide. */
export const actionsOf = ({ types }: Settlement): readonly string[] => types.flatMap((type) => ACTIONS[type]);

const list = (names: readonly string[]): string => names.map(quoteLiteral).join(', ');
const among = (settlement: Settlement): string => `w.action IN (${list(actionsOf(settlement))})`;

/** Over `w`, `g`, `t` and `m`, for each column that differs: names of those that only the target changed, and of the rest. */
function columnsByChange(entity: CompiledEntity): {
  readonly own: string;
  readonly rest: string;
  readonly all: string;
} {
  const before = 'coalesce(m.target_columns, m.source_columns)';
  const named = (when: (place: number) => string): string =>
    `array_remove(ARRAY[${basedColumns(entity)
      .map((column, i) => `CASE WHEN ${when(i)} THEN ${quoteLiteral(column.column)} END`)
      .join(', ')}]::text[], NULL)`;
  const columns = basedColumns(entity);
  const differs = columns.map((c) => `${c.exactDesired} IS DISTINCT FROM ${c.exactTarget}`);
  const inSource = columns.map((c, i) => `coalesce(${c.baseDesired} <> ${baseAt('m.source_columns', i)}, true)`);
  const inTarget = columns.map((c, i) => `coalesce(${c.baseTarget} <> ${baseAt(before, i)}, true)`);
  return {
    all: named((i) => differs[i] ?? 'false'),
    own: named((i) => `${differs[i]} AND ${inTarget[i]} AND NOT ${inSource[i]}`),
    rest: named((i) => `${differs[i]} AND ${inTarget[i]} = ${inSource[i]}`),
  };
}

const MERGEABLE = 'w.in_source AND t.h IS NOT NULL AND m.source_columns IS NOT NULL';
const DISJOINT = `(${MERGEABLE} AND t.rest = '{}')`;

/** What a strategy says of the whole row: source, target, merged, or NULL where it cannot tell. */
function verdict(strategy: Strategy | null, entity: CompiledEntity): string {
  switch (strategy) {
    case 'source_wins':
      return "'source'";
    case 'target_wins':
      return "'target'";
    case 'newest_wins':
      return entity.stagesMoment
        ? "CASE WHEN g.moment > t.moment THEN 'source' WHEN g.moment < t.moment THEN 'target' END"
        : 'NULL::text';
    case 'merge_fields':
      return `CASE WHEN ${DISJOINT} THEN 'merged' END`;
    default:
      return 'NULL::text';
  }
}

interface Verdict {
  readonly chosen: string;
  readonly rule: string;
  /** Columns that a merge leaves as the target has them. */
  readonly kept: string;
}

function decision(entity: CompiledEntity, { first, second }: Settlement): Verdict {
  const one = verdict(first, entity);
  const other = verdict(second, entity);
  const name = (strategy: Strategy | null): string => (strategy === null ? 'NULL' : quoteLiteral(strategy));
  if (first !== 'merge_fields' || second === null)
    return {
      chosen: `coalesce(${one}, ${other})`,
      rule: `CASE WHEN ${one} IS NOT NULL THEN ${name(first)} WHEN ${other} IS NOT NULL THEN ${name(second)} END`,
      kept: 't.own',
    };
  // A row of which nothing but the rest differs is the second strategy's as a whole.
  const partly = `(${MERGEABLE} AND cardinality(t.rest) < cardinality(t.differing))`;
  return {
    chosen: `CASE WHEN ${DISJOINT} THEN 'merged' WHEN ${other} IS NOT NULL AND ${partly} THEN 'merged' ELSE ${other} END`,
    rule: `CASE WHEN ${DISJOINT} THEN 'merge_fields' WHEN ${other} IS NULL THEN NULL WHEN ${partly} THEN ${quoteLiteral(`merge_fields then ${second}`)} ELSE ${name(second)} END`,
    kept: `CASE WHEN ${other} = 'target' THEN t.own || t.rest ELSE t.own END`,
  };
}

/** What a row becomes: its new action. A deletion that the map only reports is not carried out by a strategy either. */
function decided(entity: CompiledEntity): string {
  const gone = entity.normal.deletes === 'report' ? "'deleted'" : "'leave'";
  return `CASE v.chosen
      WHEN 'source' THEN CASE WHEN w.action = 'reappeared' AND ${entity.leaf === null ? 'false' : belongsToAnother(entity)} THEN NULL WHEN NOT w.in_source THEN ${gone} WHEN w.action = 'adopt_conflict' THEN 'adopt_update' WHEN t.there THEN 'update' ELSE 'again' END
      WHEN 'target' THEN CASE WHEN w.action IN ('kept', 'missing', 'reappeared') THEN 'stay' WHEN NOT w.in_source THEN 'let_go' WHEN w.action = 'adopt_conflict' THEN 'adopt_accept' ELSE 'accept' END
      WHEN 'merged' THEN CASE WHEN cardinality(v.kept) < cardinality(t.differing) THEN 'merge' WHEN w.action = 'adopt_conflict' THEN 'adopt_accept' ELSE 'accept' END END`;
}

/** The difference was recorded of the rows as they are now. */
const asRecorded = (entity: CompiledEntity): string =>
  `EXISTS (SELECT FROM portage.data_differentials d WHERE d.entity_id = ${entity.entityId} AND d.legacy_key = w.k::text AND NOT d.resolved
     AND d.comparison_type = ${findingType('w.action')} AND d.source_hash IS NOT DISTINCT FROM g.h AND d.target_hash IS NOT DISTINCT FROM t.h)`;

/** Rows that are judged without a lock until somebody wants to write them: locked in key order. */
export const lockSettled = (entity: CompiledEntity, settlement: Settlement): string =>
  `SELECT count(*) AS locked FROM (SELECT w.* FROM ${work(entity)} w WHERE ${among(settlement)} AND w.in_source ORDER BY w.${targetKeyColumn(entity)}) w
   CROSS JOIN LATERAL (SELECT 1 FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')} FOR UPDATE) l`;

/** Asks the strategies. A row that they cannot decide, or that moved on since it was recorded, gets a code and stays. */
export function settle(entity: CompiledEntity, settlement: Settlement): string {
  const { own, rest, all } = columnsByChange(entity);
  const verdicts = decision(entity, settlement);
  const fresh = settlement.asRecorded ? asRecorded(entity) : 'true';
  const mapping =
    entity.leaf === null
      ? '(SELECT NULL::bytea AS source_columns, NULL::bytea AS target_columns)'
      : `(SELECT m.source_columns, m.target_columns FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k)`;
  const moment = entity.stagesMoment && entity.moments !== null ? `${entity.moments.target} AS moment, ` : '';
  const noMoment = moment === '' ? '' : 't.moment, ';
  return `UPDATE ${work(entity)} u SET decided = x.decided, chosen = x.chosen, rule = x.rule, kept = x.kept, despite = x.h, code = x.code
    FROM (SELECT w.ctid AS place, t.h, v.kept, CASE WHEN f.fresh THEN d.decided END AS decided,
        CASE WHEN f.fresh AND d.decided <> 'deleted' THEN v.chosen END AS chosen, CASE WHEN f.fresh AND d.decided <> 'deleted' THEN v.rule END AS rule,
        CASE WHEN NOT f.fresh THEN 'moved' WHEN d.decided IS NULL THEN 'S005' END AS code
      FROM ${work(entity)} w LEFT JOIN ${stage(entity)} g ON g.k = w.k AND w.in_source
      LEFT JOIN LATERAL ${mapping} m ON true
      LEFT JOIN LATERAL (SELECT ${entity.target.hash} AS h, true AS there, ${moment}${own} AS own, ${rest} AS rest, ${all} AS differing FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}) t0 ON true
      CROSS JOIN LATERAL (SELECT t0.h, coalesce(t0.there, false) AS there, ${noMoment.replaceAll('t.', 't0.')}coalesce(t0.own, '{}') AS own, coalesce(t0.rest, '{}') AS rest, coalesce(t0.differing, '{}') AS differing) t
      CROSS JOIN LATERAL (SELECT ${verdicts.chosen} AS chosen, ${verdicts.rule} AS rule, ${verdicts.kept} AS kept) v
      CROSS JOIN LATERAL (SELECT ${decided(entity)} AS decided) d
      CROSS JOIN LATERAL (SELECT ${fresh} AS fresh) f
      WHERE ${among(settlement)}) x
    WHERE u.ctid = x.place`;
}

/** Before the rows are written: what both sides had, what was chosen, and by which rule; then the difference is closed. */
export function recordDecisions(entity: CompiledEntity, facts: WriteFacts): readonly string[] {
  const type = findingType('w.action');
  const open = `portage.data_differentials d ON d.entity_id = ${entity.entityId} AND d.legacy_key = w.k::text AND NOT d.resolved AND d.comparison_type = ${type}`;
  const merged = `(SELECT jsonb_object_agg(c, CASE WHEN c = ANY (w.kept) THEN d.target_values ELSE d.source_values END -> c) FROM unnest(d.columns) AS c)`;
  return [
    `INSERT INTO portage.conflict_decisions (entity_id, operation_no, batch_no, legacy_key, target_key, comparison_type, columns, old_values, new_values, chosen, chosen_values, rule, undoable)
     SELECT ${entity.entityId}, ${facts.operationNo}, ${facts.batchNo}, w.k::text, w.${targetKeyColumn(entity)}::text, ${type}, d.columns, d.target_values, d.source_values, w.chosen,
       CASE w.chosen WHEN 'source' THEN d.source_values WHEN 'target' THEN d.target_values ELSE ${merged} END, w.rule, w.decided <> 'stay'
     FROM ${work(entity)} w JOIN ${open} WHERE w.rule IS NOT NULL`,
    `UPDATE portage.data_differentials u SET resolved = true, resolved_by = x.rule, resolved_at = now()
     FROM (SELECT d.id, w.rule FROM ${work(entity)} w JOIN ${open} WHERE w.rule IS NOT NULL) x WHERE u.id = x.id`,
  ];
}

/** From here on a settled row is written like any other. */
export const takeDecisions = (entity: CompiledEntity): string =>
  `UPDATE ${work(entity)} SET action = decided WHERE decided IS NOT NULL`;

const undoColumns =
  'batch_no, entity_id, operation_no, action, legacy_key, target_key, before, hash_after, source_hash, target_hash, source_columns, target_columns';

/**
 * The target's row stands as it is: base_source alone is set, so that the edit still shows as one (SEMANTICS 12). A row that
 * never had a base gets as base_target what the source asks for. A mapping that is let go is closed.
 */
export function acceptRows(entity: CompiledEntity, facts: WriteFacts): readonly string[] {
  const base = `CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k OFFSET 0) m`;
  const baseAfter = `coalesce(m.target_hash, CASE WHEN w.action = 'accept' THEN ${entity.target.hashDesired} END)`;
  return [
    // Of a row that is adopted with it the entry is that of the adoption.
    `INSERT INTO portage.undo_log (${undoColumns}, base_after, source_after, closed_before)
     SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'remap', w.k::text, w.${targetKeyColumn(entity)}::text, NULL, w.despite, m.source_hash, m.target_hash, m.source_columns, m.target_columns, ${baseAfter}, CASE w.action WHEN 'accept' THEN g.h ELSE m.source_hash END, m.closed_by
     FROM ${work(entity)} w LEFT JOIN ${stage(entity)} g ON g.k = w.k ${base} WHERE w.action IN ('accept', 'let_go') AND w.known`,
    `UPDATE ${entity.leaf} AS m SET source_hash = g.h, target_hash = coalesce(m.target_hash, ${entity.target.hashDesired}), source_columns = ${entity.target.columnHashesDesired},
       target_columns = nullif(coalesce(m.target_columns, m.source_columns), ${entity.target.columnHashesDesired})
     FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k WHERE w.action = 'accept' AND ${leafKey(entity)} = w.k`,
    `UPDATE portage.undo_log u SET base_after = m.target_hash, source_after = m.source_hash FROM ${work(entity)} w ${base} WHERE w.action = 'accept' AND NOT w.known AND u.batch_no = ${facts.batchNo} AND u.operation_no = ${facts.operationNo} AND u.entity_id = ${entity.entityId} AND u.legacy_key = w.k::text AND u.action = 'adopt'`,
    `UPDATE ${entity.leaf} AS m SET closed_by = ${facts.operationNo} FROM ${work(entity)} w WHERE w.action = 'let_go' AND ${leafKey(entity)} = w.k`,
  ];
}

/** Writes merged rows: each column as the source has it, but those that are kept. Gives how many. */
export const mergeRows = (entity: CompiledEntity): string =>
  `WITH written AS (
      UPDATE ${entity.target.table} AS t SET ${entity.columns
        .filter((c) => !c.onInsertOnly && !entity.target.alwaysIdentity.includes(c.column))
        .map((c) => {
          const name = quoteIdentifier(c.column);
          return `${name} = CASE WHEN ${quoteLiteral(c.column)} = ANY (w.kept) THEN t.${name} ELSE ${c.desired} END`;
        })
        .join(', ')}
      FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k WHERE w.action = 'merge' AND ${entity.target.matchesMapping('w')} RETURNING 1
    ) SELECT count(*) AS rows FROM written`;

/**
 * Bases of merged rows, by column (SEMANTICS 12): what was kept keeps its old base, all else is as the write left it. By row
 * the base is what the source asks for, so that the kept edit still shows; without one it is the row itself.
 */
export function mapMerged(entity: CompiledEntity, facts: WriteFacts): readonly [string, string] {
  const before = 'coalesce(m.target_columns, m.source_columns)';
  const bytes = basedColumns(entity).map(
    (column, i) =>
      `CASE WHEN ${quoteLiteral(column.column)} = ANY (w.kept) THEN ${baseAt(before, i)} ELSE substr(r.ch, ${i * 4 + 1}, 4) END`,
  );
  const row = `CROSS JOIN LATERAL (SELECT ${entity.target.hash} AS h, ${entity.target.columnHashes} AS ch FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')} OFFSET 0) r`;
  const key = targetKeyColumn(entity);
  return [
    `UPDATE ${entity.leaf} AS m SET source_hash = g.h, target_hash = CASE WHEN w.kept = '{}' THEN r.h ELSE ${entity.target.hashDesired} END, source_columns = ${entity.target.columnHashesDesired},
       target_columns = nullif(${bytes.join(' || ')}, ${entity.target.columnHashesDesired}), ${key} = w.${key}
     FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k ${row} WHERE w.action = 'merge' AND ${leafKey(entity)} = w.k`,
    `UPDATE portage.undo_log u SET hash_after = r.h, base_after = (SELECT m.target_hash FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k) FROM ${work(entity)} w ${row} WHERE w.action = 'merge' AND u.batch_no = ${facts.batchNo} AND u.operation_no = ${facts.operationNo} AND u.entity_id = ${entity.entityId} AND u.legacy_key = w.k::text AND u.action = 'update'`,
  ];
}
