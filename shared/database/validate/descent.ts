/**
 * Finds the rows of a piece that differ, in two steps:
 *
 * 1. Count and hash sum of every bucket, one query a side, both at once. Buckets are taken by the hash of the key, so that
 *    they leave no row out, and equal sums of 64-bit hashes in each of them are equal rows.
 * 2. Keys and hashes of the buckets that differ, so many at a time that memory stays flat whatever differs.
 *
 * What differs then is suspected and no more: hashes are taken at two moments, of texts that two servers printed.
 */
import type { Session } from '../session.ts';
import { sourceBuckets, sourceRowsIn, targetBuckets, targetRowsIn, type Buckets } from '../sql/validate/sums.ts';
import type { Read, Suspect, Viewer, WitnessSum } from './look.ts';

type Row = Record<string, string | null>;

/** Rows of both sides that are held at a time, about. */
const HELD_ROWS = 40_000;
const FEWEST_BUCKETS = 64;
const MOST_BUCKETS = 8192;

/** Twice the root of the rows, as a power of two: sums and rows of a few differing buckets then weigh about the same. */
export function bucketsFor(rows: number): number {
  const wanted = 2 ** Math.ceil(Math.log2(2 * Math.sqrt(Math.max(1, rows))));
  return Math.min(MOST_BUCKETS, Math.max(FEWEST_BUCKETS, wanted));
}

export interface Sums extends Read {
  readonly of: Buckets;
  /** What the identity of the target's rows says of the mapping; null where it was not asked. */
  readonly witness: WitnessSum | null;
}

type Seen = Pick<Viewer, 'source' | 'target' | 'entity' | 'look' | 'witnessed'>;

const bytesOf = (rows: readonly Row[]): number =>
  rows.reduce((sum, row) => sum + Object.values(row).reduce((n, value) => n + (value?.length ?? 0) + 4, 7), 0);

/** Step 1. */
export async function compareSums(
  { source, target, entity, look, witnessed }: Seen,
  expectedRows: number,
): Promise<Sums> {
  const count = bucketsFor(expectedRows);
  const [ofSource, ofTarget] = await readBoth(
    source,
    sourceBuckets(entity, look, count),
    target,
    targetBuckets(entity, look, count, witnessed),
  );
  const sourceOf = new Map(ofSource.map((row) => [row['bucket'], row]));
  const targetOf = new Map(ofTarget.map((row) => [row['bucket'], row]));
  const chosen = [...new Set([...sourceOf.keys(), ...targetOf.keys()])].filter((bucket) => {
    const [a, b] = [sourceOf.get(bucket), targetOf.get(bucket)];
    return a?.['rows'] !== b?.['rows'] || a?.['hashes'] !== b?.['hashes'] || b?.['broken'] !== '0';
  });
  const total = (rows: readonly Row[]): number => rows.reduce((sum, row) => sum + Number(row['rows']), 0);
  return {
    of: { count, chosen: chosen.map(Number).sort((a, b) => a - b) },
    sourceRows: total(ofSource),
    targetRows: total(ofTarget),
    buckets: count,
    differing: chosen.length,
    bytes: bytesOf(ofSource) + bytesOf(ofTarget),
    witness: witnessed ? { rows: total(ofTarget), hashes: hashesOf(ofTarget) } : null,
  };
}

const hashesOf = (rows: readonly Row[]): string =>
  rows.reduce((sum, { witness }) => sum + BigInt(witness ?? 0), 0n).toString();

export interface SuspectGroup {
  readonly suspects: readonly Suspect[];
  readonly bytes: number;
  /** The last bucket of the group. */
  readonly upTo: number;
  readonly last: boolean;
}

/** Step 2: suspects in groups of buckets, those after `after`. */
export async function* suspectsIn(viewer: Seen, sums: Sums, after = -1): AsyncGenerator<SuspectGroup> {
  const { count } = sums.of;
  const chosen = sums.of.chosen.filter((bucket) => bucket > after);
  const perBucket = Math.max(1, (sums.sourceRows + sums.targetRows) / count);
  const step = Math.max(1, Math.floor(HELD_ROWS / perBucket));
  for (let at = 0; at < chosen.length; at += step) {
    const some = chosen.slice(at, at + step);
    const rows = await rowsOf(viewer, { count, chosen: some });
    yield { ...rows, upTo: some.at(-1) ?? after, last: at + step >= chosen.length };
  }
}

async function rowsOf(
  { source, target, entity, look }: Seen,
  of: Buckets,
): Promise<{ readonly suspects: readonly Suspect[]; readonly bytes: number }> {
  const [ofSource, ofTarget] = await readBoth(
    source,
    sourceRowsIn(entity, look, of),
    target,
    targetRowsIn(entity, look, of),
  );
  return { suspects: pair(ofSource, ofTarget), bytes: bytesOf(ofSource) + bytesOf(ofTarget) };
}

export const readBoth = (source: Session, a: string, target: Session, b: string): Promise<[Row[], Row[]]> =>
  Promise.all([source.rows<Row>(a), target.rows<Row>(b)]);

/** Rows that are not once on each side with one hash. */
export function pair(ofSource: readonly Row[], ofTarget: readonly Row[]): readonly Suspect[] {
  const sides = new Map<string, { keys: string[]; source: string[]; target: string[] }>();
  const at = (vk: string) => {
    const known = sides.get(vk);
    if (known) return known;
    const made = { keys: [], source: [], target: [] };
    sides.set(vk, made);
    return made;
  };
  for (const row of ofSource) {
    const side = at(row['vk'] ?? '');
    side.keys.push(row['k'] ?? '');
    side.source.push(row['h'] ?? '');
  }
  for (const row of ofTarget) at(row['vk'] ?? '').target.push(row['h'] ?? 'broken');
  return [...sides].flatMap(([vk, { keys, source, target }]) =>
    source.length === 1 && target.length === 1 && source[0] === target[0]
      ? []
      : [{ vk, keys, source: image(source), target: image(target) }],
  );
}

/** What stands on one side for a key, in a word that changes when it does; null: nothing. */
const image = (hashes: readonly string[]): string | null => (hashes.length === 0 ? null : [...hashes].sort().join(' '));
