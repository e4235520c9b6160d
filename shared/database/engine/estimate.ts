/**
 * The counts that a real run would have, found by reading alone: the same staging and the same classification, without a
 * lock and without a write outside temporary tables. What only writing can find (unique, foreign key, trigger) is not tried.
 */
import type { ActionCount, RowCounts } from '../../domain/action-counts.ts';
import { NOTHING, addCounts, countsOf } from '../../domain/action-counts.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import { DataError } from '../pg-errors.ts';
import type { Session } from '../session.ts';
import { transaction } from '../session.ts';
import type { Mode } from '../sql/decide.ts';
import { findByIdentity, gather, gatherVanished, judge } from '../sql/decide.ts';
import { leafHasRows } from '../sql/leaf.ts';
import type { KeyRange } from '../sql/range.ts';
import { actionCounts } from '../sql/record.ts';
import { copyIn, createScratch, emptyStage, stage, work } from '../sql/scratch.ts';
import { copyOutWithParents, duplicateKeys, firstKey, nullKeys } from '../sql/source.ts';
import { copyRows } from './copy-rows.ts';
import { compareRange } from './descent.ts';
import { mustLead } from './link.ts';

export interface Estimate {
  readonly counts: RowCounts;
  /** Where to read on; null with `done`. */
  readonly cursor: string | null;
  readonly done: boolean;
}

export interface EstimateRequest {
  readonly source: Session;
  readonly target: Session;
  readonly entity: CompiledEntity;
  readonly map: string;
  readonly mode: Mode;
  readonly batchRows: number;
  readonly timeIsUp: () => boolean;
}

const SHRINK = 8;

/** Counts of the rows that are staged of a range. */
async function estimateStaged(request: EstimateRequest, range: KeyRange): Promise<RowCounts> {
  const { target, entity, map, mode } = request;
  return transaction(target, async () => {
    const mapped = entity.leaf !== null && (await target.one<{ present: string }>(leafHasRows(entity, range))).present === 'true';
    await target.run(gather(entity, range, { map, mode, unmapped: !mapped, final: true, dry: true }));
    if (mapped && mode !== 'missing-only') await target.run(gatherVanished(entity, range));
    for (const statement of findByIdentity(entity)) await target.run(statement);
    await target.run(judge(entity, mode, true));
    const rows = await target.rows<{ action: string; in_source: string; rows: string }>(actionCounts(entity));
    const actions: ActionCount[] = rows.map((row) => ({ action: row.action, inSource: row.in_source === 'true', rows: Number(row.rows) }));
    const columns = mustLead(entity).map(quoteLiteral).join(', ');
    const unlinked = await target.one<{ rows: string }>(
      `SELECT count(*) AS rows FROM ${work(entity)} WHERE action IN ('insert', 'again', 'update') AND missing && ARRAY[${columns}]::text[]`,
    );
    const staged = await target.one<{ rows: string }>(`SELECT count(*) AS rows FROM ${stage(entity)}`);
    const counts = countsOf(Number(staged.rows), actions);
    return { ...counts, setAside: counts.setAside + Number(unlinked.rows) };
  });
}

/** Rows that no range can carry. */
async function estimateUnkeyed({ source, entity }: EstimateRequest): Promise<RowCounts> {
  const nulls = entity.source.nullKey === null ? 0 : Number((await source.one(nullKeys(entity)))['rows']);
  const twice = entity.keyIsUnique ? 0 : (await source.rows<{ rows: string }>(duplicateKeys(entity))).reduce((sum, row) => sum + Number(row.rows), 0);
  return nulls + twice === 0 ? NOTHING : countsOf(nulls + twice, [{ action: 'set_aside', inSource: true, rows: nulls + twice }]);
}

export async function estimateEntity(request: EstimateRequest, cursor: string | null): Promise<Estimate> {
  const { source, target, entity, mode } = request;
  await target.run(createScratch(entity, true));
  let counts = cursor === null ? await estimateUnkeyed(request) : NOTHING;
  const rest = { from: cursor, to: null };
  const comparable = mode === 'differential' && entity.leaf !== null && (await target.one<{ present: string }>(leafHasRows(entity, rest))).present === 'true';
  const ranges = comparable ? await compareRange(request, rest, request.batchRows) : [{ ...rest, rows: 0, equal: false }];
  for (const range of ranges) {
    if (range.equal) {
      counts = addCounts(counts, countsOf(range.rows, []));
      if (range.to !== null && request.timeIsUp()) return { counts, cursor: range.to, done: false };
      continue;
    }
    const read = await estimateRange(request, range);
    counts = addCounts(counts, read.counts);
    if (read.cursor !== range.to) return { counts, cursor: read.cursor, done: false };
  }
  return { counts, cursor: null, done: true };

  async function estimateRange(_: EstimateRequest, range: KeyRange): Promise<{ counts: RowCounts; cursor: string | null }> {
    let limit: number | undefined = entity.order === 'integer' && entity.keyIsUnique ? request.batchRows : undefined;
    let from = range.from;
    let sum = NOTHING;
    for (;;) {
      await target.run(emptyStage(entity));
      try {
        await copyRows(source, copyOutWithParents(entity, { range: { from, to: range.to }, limit }), target, copyIn(entity, true));
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        if (limit !== 1) {
          limit = Math.max(1, Math.floor((limit ?? request.batchRows) / SHRINK));
          continue;
        }
        from = (await source.one<{ key: string }>(firstKey(entity, { from, to: range.to }))).key;
        sum = addCounts(sum, countsOf(1, [{ action: 'set_aside', inSource: true, rows: 1 }]));
        continue;
      }
      if (!entity.keyIsUnique) await target.run(`DELETE FROM ${stage(entity)} WHERE k IN (SELECT k FROM ${stage(entity)} GROUP BY k HAVING count(*) > 1)`);
      const staged = await target.one<{ rows: string; last: string | null }>(`SELECT count(*) AS rows, max(k) AS last FROM ${stage(entity)}`);
      const to = limit === undefined || Number(staged.rows) < limit ? range.to : staged.last;
      sum = addCounts(sum, await estimateStaged(request, { from, to }));
      if (to === range.to) return { counts: sum, cursor: to };
      from = to;
      if (limit !== undefined) limit = Math.min(request.batchRows, limit * SHRINK);
      if (request.timeIsUp()) return { counts: sum, cursor: from };
    }
  }
}
