/**
 * What a differential run would find, without reading all of it: ranges that equal their bases by count and hash sum are
 * unchanged; of the rest some pieces, spread evenly, are staged and decided as a dry run does, and the others are taken to
 * be alike. Where there are few pieces all of them are read, and the numbers are exact.
 */
import type { ActionCount, RowCounts } from '../../domain/action-counts.ts';
import { compareRange } from '../engine/descent.ts';
import type { EstimateRequest } from '../engine/estimate-request.ts';
import { estimateRange } from '../engine/estimate-range.ts';
import { estimateStaged } from '../engine/estimate.ts';
import { stillIgnored } from '../engine/ignored.ts';
import { leafHasRows } from '../sql/leaf.ts';
import type { KeyRange } from '../sql/range.ts';
import { createScratch } from '../sql/scratch.ts';
import { everyNthKey } from '../sql/source.ts';

/** Rows of a piece: as many as a batch. */
const PIECE_ROWS = 5000;
/** So many are read at most: some seconds. */
const MOST_PIECES = 12;
/** Ranges that are compared by sums: small enough that one changed row does not make the whole entity differ. */
const COMPARED_ROWS = 10_000;

export interface SampledEstimate {
  readonly new: number;
  readonly adopted: number;
  readonly changed: number;
  readonly deleted: number;
  readonly unchanged: number;
  readonly targetEdited: number;
  readonly setAside: number;
  readonly basis: 'counted' | 'sampled';
  readonly rowsRead: number;
}

type Kind = 'new' | 'adopted' | 'changed' | 'deleted' | 'targetEdited';

function kindOf({ action, inSource }: ActionCount): Kind | null {
  if (!inSource) return 'deleted';
  if (action === 'insert' || action === 'again') return 'new';
  if (action.startsWith('adopt_') || action === 'adopt') return 'adopted';
  if (action === 'kept' || action === 'missing') return 'targetEdited';
  return ['update', 'conflict', 'no_base', 'adopted', 'reappeared'].includes(action) ? 'changed' : null;
}

const WHOLE: KeyRange = { from: null, to: null };

async function piecesOf({ source, entity }: EstimateRequest, range: KeyRange): Promise<readonly KeyRange[]> {
  const bounds = (await source.rows<{ key: string }>(everyNthKey(entity, range, PIECE_ROWS))).map((row) => row.key);
  const ends = [...bounds.filter((bound) => bound !== range.to), range.to];
  return ends.map((to, i) => ({ from: i === 0 ? range.from : (ends[i - 1] ?? null), to }));
}

/** As many as asked, spread evenly, with both ends. */
function spread<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, i) => all[Math.round((i * (all.length - 1)) / (most - 1))]).filter(
    (one): one is T => one !== undefined,
  );
}

export async function sampleEntity(asked: EstimateRequest): Promise<SampledEstimate> {
  const { target, entity } = asked;
  const found: Record<Kind, number> = { new: 0, adopted: 0, changed: 0, deleted: 0, targetEdited: 0 };
  const request: EstimateRequest = {
    ...asked,
    ignored: await stillIgnored(asked, entity),
    // A range that had to be read anew in smaller parts is heard of once, when it was read.
    onActions: (actions) => {
      for (const action of actions) {
        const kind = kindOf(action);
        if (kind !== null) found[kind] += action.rows;
      }
    },
  };
  await target.run(createScratch(entity, { withParents: true }));
  const isMapped =
    entity.leaf !== null && (await target.one<{ present: string }>(leafHasRows(entity, WHOLE))).present === 'true';
  const compared = isMapped ? await compareRange(request, WHOLE, COMPARED_ROWS) : [{ ...WHOLE, rows: 0, equal: false }];
  const equal = compared.filter((range) => range.equal).reduce((sum, range) => sum + range.rows, 0);
  const pieces: KeyRange[] = [];
  for (const range of compared) if (!range.equal) pieces.push(...(await piecesOf(request, range)));
  const chosen = spread(pieces, MOST_PIECES);
  let rowsRead = 0;
  let setAside = 0;
  for (const piece of chosen) {
    for (let from = piece.from; ;) {
      const read: { counts: RowCounts; cursor: string | null } = await estimateRange(
        request,
        { from, to: piece.to },
        (of, range) => estimateStaged(of, range, () => undefined),
      );
      rowsRead += read.counts.read;
      setAside += read.counts.setAside;
      if (read.cursor === piece.to) break;
      from = read.cursor;
    }
  }
  const factor = chosen.length === 0 ? 1 : pieces.length / chosen.length;
  const scaled = (rows: number): number => Math.round(rows * factor);
  const touched = found.new + found.adopted + found.changed + found.targetEdited + setAside;
  return {
    new: scaled(found.new),
    adopted: scaled(found.adopted),
    changed: scaled(found.changed),
    deleted: scaled(found.deleted),
    targetEdited: scaled(found.targetEdited),
    setAside: scaled(setAside),
    unchanged: equal + scaled(Math.max(0, rowsRead - touched)),
    basis: chosen.length === pieces.length ? 'counted' : 'sampled',
    rowsRead,
  };
}
