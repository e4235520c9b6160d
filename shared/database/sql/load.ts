/**
 * The first load of a plain target (`foreseeable`, fresh, nothing mapped in the range): rows, mappings, bases and undo
 * entries in one statement, without the work table in between. Both inserts read one materialized CTE; none is joined.
 * The target's indexes are filled in the order of its keys, the mapping's in the order in which the source was read.
 * Rows that lack a parent are left out, and the general way decides on them (sql/decide.ts).
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier } from '../../domain/identifiers.ts';
import { isAbsent, parentKey, parentMatches, resolved } from './decide.ts';
import { targetKeyColumn } from './leaf.ts';
import { newUuid } from './new-key.ts';
import type { KeyRange } from './range.ts';
import { allOf, inRange } from './range.ts';
import { stage } from './scratch.ts';
import { isDerivedBySource } from './source.ts';
import { undoArrays, type WriteFacts } from './write.ts';

/**
 * Texts that row hash, column hash and value are made of alike, each made once: a text of a number or of jsonb costs as much
 * as the whole hash of a row (measured: 1 us of 9 a row).
 */
const sharedTexts = (entity: CompiledEntity): readonly string[] =>
  entity.columns.flatMap((column) =>
    column.kind === 'expression' &&
    column.exactDesired === `${column.textDesired} COLLATE "C"` &&
    column.textDesired !== column.desired
      ? [column.textDesired]
      : [],
  );

export interface LoadFacts extends WriteFacts {
  /** Leaves of parents with few rows: all of them are read beside the batch, instead of one for each of its rows. */
  readonly joined: ReadonlySet<string>;
}

/** What gives the references' target keys: joins, and the columns that they lead to. */
function parents(entity: CompiledEntity, joined: ReadonlySet<string>) {
  const joins: string[] = [];
  const columns = entity.references.map((reference, i) => {
    if (reference.parentLeaf === null || !joined.has(reference.parentLeaf))
      return `${resolved(reference)} AS ${reference.staged}`;
    const alias = `p${i}`;
    joins.push(`LEFT JOIN ${reference.parentLeaf} ${alias} ON ${parentMatches(reference, alias)}`);
    return `${parentKey(reference, alias)} AS ${reference.staged}`;
  });
  return { joins, columns };
}

/**
 * Gives the number of rows written, and whether any was left out.
 * @param range null: all that is staged, which tells the planner how many rows that are
 */
export function loadRows(entity: CompiledEntity, map: string, range: KeyRange | null, facts: LoadFacts): string {
  const key = targetKeyColumn(entity);
  const undo = undoArrays(entity);
  const legacy = entity.order === 'integer' ? 'legacy_id' : 'legacy_key';
  const texts = sharedTexts(entity);
  const once = texts.map((text, i) => `${text} AS t${i}`);
  const withTexts = (sql: string): string => texts.reduce((all, text, i) => all.replaceAll(text, `o.t${i}`), sql);
  const uuid = isDerivedBySource(entity)
    ? `coalesce(g.u, ${newUuid(entity, map)})`
    : entity.target.surrogate
      ? newUuid(entity, map)
      : 'NULL::uuid';
  const { joins, columns: references } = parents(entity, facts.joined);
  const desired = entity.columns.map((column, i) => `${column.desired} AS d${i}`);
  const names = [
    ...(entity.target.surrogate ? [entity.target.key[0] ?? ''] : []),
    ...entity.columns.map((column) => column.column),
  ].map(quoteIdentifier);
  const values = [...(entity.target.surrogate ? ['r.key'] : []), ...entity.columns.map((_, i) => `r.d${i}`)];
  const overriding = entity.target.alwaysIdentity.length > 0 ? 'OVERRIDING SYSTEM VALUE ' : '';
  const absent =
    entity.references.length === 0 ? 'false' : entity.references.map((r) => `(${isAbsent(r)})`).join(' OR ');
  return `WITH rows AS MATERIALIZED (
      SELECT g.k, g.h, ${entity.target.keyDesired ?? 'w.target_uuid'} AS key, ${withTexts(entity.target.hashDesired)} AS th, ${withTexts(entity.target.columnHashesDesired)} AS ch, ${absent} AS absent, ${desired.join(', ')}
      FROM ${[`${stage(entity)} g`, ...joins].join('\n      ')}${once.length === 0 ? '' : `\n      CROSS JOIN LATERAL (SELECT ${once.join(', ')} OFFSET 0) o`}
      CROSS JOIN LATERAL (SELECT ${[`${uuid} AS target_uuid`, ...references].join(', ')} OFFSET 0) w${range === null ? '' : `\n      WHERE ${allOf(inRange(entity.order, 'g.k', range))}`}
    ), written AS (
      INSERT INTO ${entity.target.table} (${names.join(', ')}) ${overriding}SELECT ${values.join(', ')} FROM rows r WHERE NOT r.absent ORDER BY r.key
    ), map AS (
      INSERT INTO ${entity.leaf} (${legacy}, source_hash, target_hash, ${key}, entity_id, operation_no, origin, source_columns)
      SELECT r.k, r.h, r.th, r.key, ${entity.entityId}, ${facts.operationNo}, 'i', r.ch FROM rows r WHERE NOT r.absent
    ), undo AS (
      INSERT INTO portage.undo_inserts (batch_no, entity_id, operation_no, ${undo.legacy}, ${undo.target}, hashes)
      SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, array_agg(r.k), array_agg(r.key), array_agg(r.th) FROM rows r WHERE NOT r.absent HAVING count(*) > 0
      RETURNING cardinality(hashes) AS written
    ) SELECT coalesce((SELECT u.written FROM undo u), 0) AS written, EXISTS (SELECT FROM rows r WHERE r.absent)::text AS left_out`;
}
