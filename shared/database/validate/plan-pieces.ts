/** Cuts what a validation reads into pieces: an entity of ordinary size is one, because one pass over it is the fastest. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { slicesFrom } from '../../domain/slice.ts';
import type { Session } from '../session.ts';
import { unhurried } from '../session.ts';
import { planSlices } from '../engine/descent.ts';
import { countRows } from '../sql/source.ts';
import type { PlannedPiece } from '../ledger/validation-pieces.ts';

/** Rows that are hashed within the 5 s that a snapshot of the source may live (measured: about a million a second). */
const PIECE_ROWS = 4_000_000;
/** A sample says something where it has so many rows. */
const SAMPLE_ROWS = 20_000;
const SAMPLES = 1024;
/** Above this the planner's estimate is good enough to cut by. */
const COUNTED_BELOW = 2_000_000;

/** Rows of the source: counted where that is quick, so that buckets fit. */
async function rowsOf(source: Session, entity: CompiledEntity): Promise<number> {
  const estimate = entity.source.estimatedRows;
  if (estimate >= 0 && entity.normal.source.where === null && entity.source.hasPages) return estimate;
  if (estimate > COUNTED_BELOW) return estimate;
  return Number((await unhurried(source, () => source.one(countRows(entity))))['rows']);
}

/** Key ranges where an index serves, parts by the hash of the key otherwise. */
async function selectionsOf(
  source: Session,
  entity: CompiledEntity,
  rows: number,
  quick: boolean,
): Promise<readonly PlannedPiece['selection'][]> {
  if (quick || rows <= PIECE_ROWS) return [{ part: 0, of: 1 }];
  if (entity.order === 'integer' && entity.keyIsUnique && entity.verify.via !== 'identity') {
    const slices = await unhurried(source, () => planSlices(source, entity, PIECE_ROWS, rows, slicesFrom));
    return slices.map(({ from, to }) => ({ range: { from, to } }));
  }
  const of = 2 ** Math.ceil(Math.log2(rows / PIECE_ROWS));
  return Array.from({ length: of }, (_, part) => ({ part, of }));
}

/** Pieces of an entity for one check that reads rows, without their numbers. */
export async function rowPieces(
  source: Session,
  entity: CompiledEntity,
  quick: boolean,
): Promise<readonly Pick<PlannedPiece, 'selection' | 'share' | 'expectedRows'>[]> {
  const rows = await rowsOf(source, entity);
  const share = quick
    ? Math.min(SAMPLES - 1, Math.max(8, Math.ceil((SAMPLE_ROWS / Math.max(1, rows)) * SAMPLES)))
    : null;
  const selections = await selectionsOf(source, entity, rows, quick);
  return selections.map((selection) => ({
    selection,
    share,
    expectedRows: Math.ceil(((share ?? SAMPLES) / SAMPLES) * (rows / selections.length)),
  }));
}
