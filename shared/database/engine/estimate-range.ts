/** Reads a range for an estimate; a row that keeps it from being read or cast is found by reading less, and counted as set aside. */
import type { RowCounts } from '../../domain/action-counts.ts';
import { NOTHING, addCounts, countsOf } from '../../domain/action-counts.ts';
import { DataError } from '../pg-errors.ts';
import { tried } from '../transactions.ts';
import type { KeyRange } from '../sql/range.ts';
import { emptyStage, stage, dropAmbiguous } from '../sql/scratch.ts';
import { firstKey } from '../sql/source.ts';
import type { EstimateRequest } from './estimate-request.ts';
import { reasonFor } from './blame.ts';
import { noteRefused } from './rehearsal.ts';
import { rehearse } from './rehearse.ts';
import { stageRows } from './stage-rows.ts';

const SHRINK = 8;

/** Stages the next rows of a range and counts them. @returns the counts, and where the rows end */
async function next(
  request: EstimateRequest,
  range: KeyRange,
  limit: number | undefined,
  count: CountStaged,
): Promise<{ counts: RowCounts; to: string | null }> {
  const { target, entity } = request;
  await target.run(emptyStage(entity));
  await stageRows(request, { range, limit }, { withParents: true });
  if (!entity.keyIsUnique) await target.run(dropAmbiguous(entity));
  const staged = await target.one<{ rows: string; last: string | null }>(
    `SELECT count(*) AS rows, max(k) AS last FROM ${stage(entity)}`,
  );
  const to = limit === undefined || Number(staged.rows) < limit ? range.to : staged.last;
  const read = { from: range.from, to };
  const refused =
    request.rehearsal === undefined || staged.rows === '0' ? [] : await rehearse(request, request.rehearsal, read);
  return { counts: await count({ ...request, refused }, read), to };
}

const setAside = ({ ignored }: EstimateRequest, key: string): RowCounts =>
  ignored?.has(key) === true
    ? { ...NOTHING, read: 1 }
    : countsOf(1, [{ action: 'set_aside', inSource: true, rows: 1 }]);

/** A row that was tried alone. One whose unique value another row has now is tried again with that one, at the end of a real run. */
async function refusedRow(request: EstimateRequest, key: string, error: DataError): Promise<RowCounts> {
  const { rehearsal, entity } = request;
  if (rehearsal === undefined) return setAside(request, key);
  const reason = await reasonFor(request, key, error);
  noteRefused(rehearsal, entity.name, key, reason);
  if (reason.taken !== true) return setAside(request, key);
  return countsOf(1, [{ action: 'park', inSource: true, rows: 1 }]);
}

type CountStaged = (request: EstimateRequest, range: KeyRange) => Promise<RowCounts>;

export async function estimateRange(
  request: EstimateRequest,
  range: KeyRange,
  count: CountStaged,
): Promise<{ counts: RowCounts; cursor: string | null }> {
  const { source, entity } = request;
  const { rehearsal } = request;
  // A rehearsal writes what it stages: that is never more than a batch.
  const limited = rehearsal !== undefined || (entity.order === 'integer' && entity.keyIsUnique);
  let limit = limited ? request.batchRows : undefined;
  let from = range.from;
  let sum = NOTHING;
  for (;;) {
    const rest = { from, to: range.to };
    try {
      const look = (): ReturnType<typeof next> => next(request, rest, limit, count);
      // What fails inside a transaction spoils it, unless a savepoint stands before it.
      const read = rehearsal === undefined ? await look() : await tried(request.target, look);
      sum = addCounts(sum, read.counts);
      if (read.to === range.to) return { counts: sum, cursor: read.to };
      from = read.to;
      if (limit !== undefined) limit = Math.min(request.batchRows, limit * SHRINK);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      if (limit !== 1) {
        limit = Math.max(1, Math.floor((limit ?? request.batchRows) / SHRINK));
        continue;
      }
      const first = await source.maybeOne<{ key: string }>(firstKey(entity, rest));
      if (first === null) throw error;
      sum = addCounts(sum, await refusedRow(request, first.key, error));
      if (first.key === range.to) return { counts: sum, cursor: range.to };
      from = first.key;
    }
    if (request.timeIsUp()) return { counts: sum, cursor: from };
  }
}

/** The same for named rows; there are not many. One that keeps the others from being read is found by reading fewer. */
export async function estimateKeys(
  request: EstimateRequest,
  keys: readonly string[],
  count: CountStaged,
): Promise<RowCounts> {
  const { target, entity } = request;
  let sum = NOTHING;
  let size = Math.min(keys.length, request.batchRows);
  for (let at = 0; at < keys.length;) {
    const some = keys.slice(at, at + size);
    try {
      await target.run(emptyStage(entity));
      await stageRows(request, { keys: some }, { withParents: true });
      sum = addCounts(sum, await count(request, { from: null, to: null }));
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      if (some.length > 1) {
        size = Math.max(1, Math.floor(some.length / SHRINK));
        continue;
      }
      sum = addCounts(sum, setAside(request, some[0] ?? ''));
    }
    at += some.length;
    size = Math.min(request.batchRows, size * SHRINK);
  }
  return sum;
}
