/**
 * One piece of one entity compared on both sides, from sums to rows to columns; what it finds is in the ledger when it
 * returns. Steps: sums by bucket, rows of the buckets that differ, a second look at what differs (settle.ts), the columns of
 * what still does (examine.ts).
 */
import { DataError } from '../pg-errors.ts';
import type { Session } from '../session.ts';
import { NULL_KEY } from '../sql/aside.ts';
import { nullKeys } from '../sql/source.ts';
import { found } from '../sql/validate/compare.ts';
import { writesTo } from '../sql/validate/writes.ts';
import { compareSums, suspectsIn } from './descent.ts';
import { beginExamination, examine } from './examine.ts';
import type { Read, Suspect, Viewer, WitnessSum } from './look.ts';
import { settle } from './settle.ts';
import { unreadableKeys } from './unreadable.ts';

export interface Compared extends Read {
  /** Rows that could not be evaluated in the source, and were judged one by one. */
  readonly unreadable: number;
  readonly witness: WitnessSum | null;
}

/**
 * @param expectedRows about how many rows the piece has
 * @param after the last bucket of which the rows were compared by a step before; -1: none
 * @returns what was read, or the last bucket that was compared when the step's time was up
 */
export async function comparePiece(
  given: Omit<Viewer, 'isBusy' | 'begunAt'>,
  expectedRows: number,
  after = -1,
): Promise<Compared | { readonly after: number }> {
  const { source, target } = given;
  const before = await writes(given);
  const viewer: Viewer = {
    ...given,
    begunAt: performance.now(),
    isBusy: async () => (await writes(given)) !== before,
  };
  if (after < 0)
    await target.run('DELETE FROM portage.validation_findings WHERE operation_no = $1 AND piece = $2', [
      viewer.operationNo,
      viewer.piece,
    ]);
  const { sums, seeing, unreadable } = await takeSums(viewer, expectedRows);
  let bytes = sums.bytes;
  for await (const group of suspectsIn(seeing, sums, after)) {
    bytes += group.bytes;
    if (group.suspects.length === 0) continue;
    const { real } = await settle(seeing, group.suspects);
    if (real.length > 0) bytes += await examineAndKeep(seeing, real);
    if (viewer.timeIsUp() && !group.last) return { after: group.upTo };
  }
  const alone: readonly Suspect[] = unreadable.map((key) => ({ vk: key, keys: [key], source: null, target: null }));
  if (alone.length > 0) bytes += await examineAndKeep({ ...viewer, look: { ...viewer.look, without: [] } }, alone);
  if (isFirst(viewer) && viewer.scope.keys) await noteNullKeys(source, target, viewer);
  const { sourceRows, targetRows, buckets, differing } = sums;
  return {
    sourceRows: sourceRows + unreadable.length,
    targetRows,
    buckets,
    differing,
    bytes,
    unreadable: unreadable.length,
    witness: sums.witness,
  };
}

async function examineAndKeep(viewer: Viewer, suspects: readonly Suspect[]): Promise<number> {
  await beginExamination(viewer);
  const bytes = await examine(viewer, suspects);
  await keepFound(viewer);
  return bytes;
}

/** Rows that writers have changed on both sides so far, as the servers count them. */
async function writes({ source, target, entity }: Pick<Viewer, 'source' | 'target' | 'entity'>): Promise<string> {
  const { relation } = entity.normal.source;
  const [a, b] = await Promise.all([
    source.one<{ writes: string | null }>(writesTo(relation, source.serverVersion)),
    target.one<{ writes: string | null }>(writesTo(entity.target.relation, target.serverVersion)),
  ]);
  return `${a.writes ?? ''} ${b.writes ?? ''}`;
}

/** The sums; where an expression fails on some rows, those of the others. */
async function takeSums(viewer: Viewer, expectedRows: number) {
  try {
    return { sums: await compareSums(viewer, expectedRows), seeing: viewer, unreadable: [] as readonly string[] };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const unreadable = await unreadableKeys(viewer);
    // An error of the target, or one that has gone: there is nothing to leave out.
    if (unreadable.length === 0) throw error;
    const seeing = { ...viewer, look: { ...viewer.look, without: unreadable } };
    return { sums: await compareSums(seeing, expectedRows), seeing, unreadable };
  }
}

const isFirst = ({ look: { piece } }: Viewer): boolean =>
  'range' in piece ? piece.range.from === null : piece.part === 0;

/** Rows without a key are in no bucket: they have one of their own. */
async function noteNullKeys(source: Session, target: Session, { entity, operationNo, piece }: Viewer): Promise<void> {
  if (entity.source.nullKey === null) return;
  const { rows } = await source.one<{ rows: string }>(nullKeys(entity));
  if (rows === '0') return;
  await target.run(
    `INSERT INTO portage.validation_findings (operation_no, entity_id, piece, legacy_key, kind, reason) VALUES ($1, $2, $3, $4, 'missing', $5) ON CONFLICT DO NOTHING`,
    [operationNo, entity.entityId, piece, NULL_KEY, `null_key: ${rows} source rows`],
  );
}

/** What was found goes into the ledger; found again by a repeated step, it is there once. */
async function keepFound({ target, entity, operationNo, piece }: Viewer): Promise<void> {
  const columns =
    'legacy_key, kind, columns, reasons, reason, target_key, source_hash, target_hash, source_values, target_values';
  await target.run(
    `INSERT INTO portage.validation_findings (operation_no, entity_id, piece, ${columns}) SELECT ${operationNo}, ${entity.entityId}, ${piece}, ${columns} FROM ${found(entity)} ON CONFLICT DO NOTHING`,
  );
}
