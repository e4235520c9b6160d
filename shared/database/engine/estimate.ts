/**
 * The counts that a real run would have, found by reading alone: the same staging and the same classification, without a
 * lock and without a write outside temporary tables. What only writing can find (unique, foreign key, trigger) is not tried.
 */
import type { ActionCount, RowCounts } from '../../domain/action-counts.ts';
import { NOTHING, addCounts, countsOf } from '../../domain/action-counts.ts';

import { quoteLiteral } from '../../domain/identifiers.ts';

import { transaction } from '../transactions.ts';
import { reviveMarked } from '../sql/delete.ts';
import { castAll, findByIdentity, gather, judge, refuseNulls, refuseReused, writeEqual } from '../sql/decide.ts';
import { gatherVanished } from '../sql/gather-vanished.ts';
import { estimateKeys, estimateRange } from './estimate-range.ts';
import type { EstimateRequest } from './estimate-request.ts';
import { stillIgnored } from './ignored.ts';
import { NULL_KEY } from '../sql/aside.ts';
import { leafHasRows } from '../sql/leaf.ts';
import type { KeyRange } from '../sql/range.ts';
import { actionCounts } from '../sql/record.ts';
import { createScratch, stage, work } from '../sql/scratch.ts';
import { duplicateKeys, nullKeys } from '../sql/source.ts';
import { markLeaving } from '../sql/vanished.ts';
import { compareRange } from './descent.ts';
import { prepareRehearsal } from './rehearse.ts';
import { keptKeys } from './estimate-deletes.ts';
import { mustLead } from './link.ts';
import { appliesDeletes } from './vanished.ts';

export interface Estimate {
  readonly counts: RowCounts;
  /** Of the vanished rows those that would be on the list of DeleteRows, whether or not it could delete them. */
  readonly vanished: number;
  /** Where to read on; null with `done`. */
  readonly cursor: string | null;
  readonly done: boolean;
}

/** Rows of the range that are gone: deleted, unless a row is in the way. */
async function estimateVanished(request: EstimateRequest, range: KeyRange): Promise<void> {
  const { target, entity, mode } = request;
  await target.run(gatherVanished(entity, range));
  if (!appliesDeletes(entity, mode)) return;
  await target.run(markLeaving(entity));
  const keys = await target.rows<{ k: string }>(`SELECT k::text AS k FROM ${work(entity)} WHERE action = 'leave'`);
  if (keys.length === 0 || entity.target.mark !== null) return;
  const kept = await keptKeys(
    request,
    entity,
    keys.map((row) => row.k),
  );
  await target.run(
    `UPDATE ${work(entity)} SET action = 'referenced' WHERE action = 'leave' AND k::text = ANY ($1::text[])`,
    [[...kept]],
  );
}

/** Counts of the rows that are staged of a range. */
export async function estimateStaged(
  request: EstimateRequest,
  range: KeyRange,
  listed: (rows: number) => void,
): Promise<RowCounts> {
  const { target, entity, map, mode } = request;
  return transaction(target, async () => {
    const mapped =
      entity.leaf !== null && (await target.one<{ present: string }>(leafHasRows(entity, range))).present === 'true';
    await target.run(gather(entity, range, { map, mode, unmapped: !mapped, final: true, dry: true }));
    if (mapped && mode !== 'missing-only' && request.keys === undefined) await estimateVanished(request, range);
    for (const statement of findByIdentity(entity)) await target.run(statement);
    if (mapped && mode === 'differential') for (const statement of reviveMarked(entity)) await target.run(statement);
    if (mapped && mode === 'full') await target.run(refuseReused(entity));
    await target.run(judge(entity, mode, true));
    if (request.keys !== undefined) await target.run(writeEqual(entity));
    await target.run(refuseNulls(entity));
    // Every value is cast as it would be: what cannot be is found here, and not only by writing.
    await target.run(castAll(entity));
    await markRefused(request);
    const rows = await target.rows<{ action: string; in_source: string; rows: string }>(actionCounts(entity));
    const actions: ActionCount[] = rows.map((row) => ({
      action: row.action === 'leave' ? 'delete' : row.action,
      inSource: row.in_source === 'true',
      rows: Number(row.rows),
    }));
    const gone = actions.filter(({ action }) => action === 'delete' || action === 'referenced');
    listed(gone.reduce((sum, { rows: count }) => sum + count, 0));
    request.onActions?.(actions);
    const columns = mustLead(entity).map(quoteLiteral).join(', ');
    const unlinked = await target.one<{ rows: string }>(
      `SELECT count(*) AS rows FROM ${work(entity)} WHERE action IN ('insert', 'again', 'update') AND missing && ARRAY[${columns}]::text[]`,
    );
    const staged = await target.one<{ rows: string }>(`SELECT count(*) AS rows FROM ${stage(entity)}`);
    const counts = countsOf(Number(staged.rows), actions);
    const ignored = await ignoredRows(request, `missing && ARRAY[${columns}]::text[]`);
    return { ...counts, setAside: counts.setAside + Number(unlinked.rows) - ignored };
  });
}

/** Rows that were tried and refused; one whose unique value another row has now gets another look at the end of a real run. */
async function markRefused({ target, entity, refused = [] }: EstimateRequest): Promise<void> {
  for (const [action, taken] of [
    ['set_aside', false],
    ['park', true],
  ] as const) {
    const keys = refused.filter(({ reason }) => (reason.taken === true) === taken).map(({ key }) => key);
    if (keys.length > 0)
      await target.run(
        `UPDATE ${work(entity)} SET action = '${action}' WHERE in_source AND k::text = ANY ($1::text[])`,
        [keys],
      );
  }
}

/** Of the rows that would be set aside: how many somebody decided to do without. */
async function ignoredRows({ target, entity, ignored }: EstimateRequest, unlinked: string): Promise<number> {
  if (ignored === undefined || ignored.size === 0) return 0;
  const row = await target.one<{ rows: string }>(
    `SELECT count(*) AS rows FROM ${work(entity)} WHERE (action = 'set_aside' OR (action IN ('insert', 'again', 'update') AND ${unlinked})) AND k::text = ANY ($1::text[])`,
    [[...ignored]],
  );
  return Number(row.rows);
}

/** Rows that no range can carry. */
async function estimateUnkeyed({ source, entity, ignored }: EstimateRequest): Promise<RowCounts> {
  const isOpen = (key: string): boolean => ignored?.has(key) !== true;
  const nulls =
    entity.source.nullKey === null || !isOpen(NULL_KEY) ? 0 : Number((await source.one(nullKeys(entity)))['rows']);
  const twice = entity.keyIsUnique
    ? 0
    : (await source.rows<{ key: string; rows: string }>(duplicateKeys(entity)))
        .filter((row) => isOpen(row.key))
        .reduce((sum, row) => sum + Number(row.rows), 0);
  return nulls + twice === 0
    ? NOTHING
    : countsOf(nulls + twice, [{ action: 'set_aside', inSource: true, rows: nulls + twice }]);
}

export async function estimateEntity(asked: EstimateRequest, cursor: string | null): Promise<Estimate> {
  const { target, entity, mode } = asked;
  const request = { ...asked, ignored: await stillIgnored(asked, entity) };
  await target.run(createScratch(entity, { withParents: true }));
  if (request.rehearsal !== undefined) await prepareRehearsal(request, request.rehearsal);
  let vanished = 0;
  const countStaged = (of: EstimateRequest, range: KeyRange): Promise<RowCounts> =>
    estimateStaged(of, range, (listed) => {
      vanished += listed;
    });
  if (request.keys !== undefined)
    return { counts: await estimateKeys(request, request.keys, countStaged), vanished, cursor: null, done: true };
  let counts = cursor === null ? await estimateUnkeyed(request) : NOTHING;
  const rest = { from: cursor, to: null };
  const comparable =
    mode === 'differential' &&
    entity.leaf !== null &&
    (await target.one<{ present: string }>(leafHasRows(entity, rest))).present === 'true';
  const ranges = comparable
    ? await compareRange(request, rest, request.batchRows)
    : [{ ...rest, rows: 0, equal: false }];
  for (const range of ranges) {
    if (range.equal) {
      counts = addCounts(counts, countsOf(range.rows, []));
      if (range.to !== null && request.timeIsUp()) return { counts, vanished, cursor: range.to, done: false };
      continue;
    }
    const read = await estimateRange(request, range, countStaged);
    counts = addCounts(counts, read.counts);
    if (read.cursor !== range.to) return { counts, vanished, cursor: read.cursor, done: false };
  }
  return { counts, vanished, cursor: null, done: true };
}
