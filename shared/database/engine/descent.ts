/**
 * Finds the ranges of a slice in which something differs from its base, on either side, by counts and hash sums: one
 * query a side, both at once (DESIGN, decision 8). Ranges are half open and cover the slice, so nothing is left unread.
 */
import { DataError } from '../pg-errors.ts';
import type { Slice } from '../../domain/slice.ts';
import type { Session } from '../session.ts';
import { basedSums, leafTotals, mappedSums, sameKeys, targetTotals } from '../sql/leaf.ts';
import type { KeyRange } from '../sql/range.ts';
import { canSample, everyNthKey, firstSteps, sampledBounds, sourceSums } from '../sql/source.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';

export interface ComparedRange extends KeyRange {
  readonly rows: number;
  readonly equal: boolean;
}

interface Sides {
  readonly source: Session;
  readonly target: Session;
  readonly entity: CompiledEntity;
  /** The target's rows are known to equal their bases. */
  readonly untouched?: boolean;
  /** Changes of the source are known to lie everywhere. */
  readonly scattered?: boolean;
}

type Sums = Record<string, string | null>;

/** The source has as many rows as are mapped, with the same hashes as when they were last consumed. */
const isConsumed = (source: Sums | undefined, mapped: Sums | undefined): boolean =>
  (source?.['rows'] ?? '0') === (mapped?.['rows'] ?? '0') &&
  (source?.['hashes'] ?? null) === (mapped?.['source_hashes'] ?? null);

/** Every mapped row is there, with the same hash as when it was last written. */
const isUntouched = (mapped: Sums | undefined): boolean =>
  mapped === undefined ||
  (mapped['target_rows'] === mapped['rows'] &&
    mapped['unbased'] === '0' &&
    mapped['target_now'] === mapped['target_hashes']);

/** Null where an expression fails on some row, so that no sum can be taken over it: only reading row by row tells which. */
const unlessUnreadable = <T>(sums: Promise<T>): Promise<T | null> =>
  sums.catch((error: unknown) => {
    if (error instanceof DataError) return null;
    throw error;
  });

/** A look ahead: as many steps of so many rows tell what the rest is like, and cost little where they tell nothing. */
const PROBE = { steps: 2, rows: 5000 };
/** The part of a table that is looked at ahead of a look at the whole is no larger. */
const PROBE_SHARE = 1 / 20;

/**
 * Compares a slice in steps of about `rows` rows. Where most rows of its first steps lie in some that the source has changed,
 * sums would say so of all others, too, at the price of another look at every row: the slice is given as one range that differs.
 */
export async function compareSlice(sides: Sides, range: KeyRange, rows: number): Promise<readonly ComparedRange[]> {
  const wholly = [{ ...range, rows: 0, equal: false }];
  if (sides.scattered === true) return wholly;
  const enough = 2 * PROBE.steps + 1;
  const direct = hasFirstRows(sides.entity);
  const bounds = await (direct
    ? firstBounds(sides, range, Math.min(rows, PROBE.rows), enough)
    : boundsOf(sides, range, rows));
  if (bounds.length >= enough && (await mostlyChanged(sides, range.from, bounds.slice(0, PROBE.steps)))) return wholly;
  return direct ? compareRange(sides, range, rows) : compareSteps(sides, range, bounds);
}

/** What the first rows tell of an entity. */
export interface FirstLook {
  /** Changes of the source lie everywhere: a look at all of it would only say what its slices find out again. */
  readonly scattered: boolean;
  /** The target's rows are as they were written; false: nobody looked. */
  readonly untouched: boolean;
}

/** @returns null where no index gives the first rows, or the entity is not much more than them */
export async function lookAhead(sides: Sides): Promise<FirstLook | null> {
  const { target, entity } = sides;
  const { steps, rows } = PROBE;
  if (!hasFirstRows(entity) || steps * rows > entity.source.estimatedRows * PROBE_SHARE) return null;
  const bounds = await firstBounds(sides, { from: null, to: null }, rows, steps);
  if (bounds.length < steps) return null;
  const scattered = await mostlyChanged(sides, null, bounds);
  const head = { from: null, to: bounds.at(-1) ?? null };
  // Otherwise a look at the whole of both sides follows.
  const untouched = scattered && (await target.rows(mappedSums(entity, head, bounds))).every(isUntouched);
  return { scattered, untouched };
}

/** Whether an index gives the first rows of a range without the rest. */
const hasFirstRows = ({ order, keyIsUnique }: CompiledEntity): boolean => order === 'integer' && keyIsUnique;

const firstBounds = ({ source, entity }: Sides, range: KeyRange, rows: number, steps: number) =>
  keysOf(source, firstSteps(entity, range, rows, steps));

/** Of the source alone: its hashes are there without a join. */
async function mostlyChanged({ source, target, entity }: Sides, from: string | null, steps: readonly string[]) {
  const head = { from, to: steps.at(-1) ?? null };
  const [now, base] = await Promise.all([
    unlessUnreadable(source.rows(sourceSums(entity, head, steps))),
    target.rows(basedSums(entity, head, steps)),
  ]);
  if (now === null) return false;
  const before = byBucket(base);
  const changed = now.filter((sums) => !isConsumed(sums, before.get(Number(sums['bucket']))));
  return 2 * rowsIn(changed) > rowsIn(now);
}

const byBucket = (list: readonly Sums[]): ReadonlyMap<number, Sums> =>
  new Map(list.map((row) => [Number(row['bucket']), row]));
const rowsIn = (list: readonly Sums[]): number => list.reduce((sum, { rows }) => sum + Number(rows), 0);

const keysOf = async (source: Session, sql: string): Promise<readonly string[]> =>
  (await source.rows<{ key: string }>(sql)).map((row) => row.key);

const boundsOf = ({ source, entity }: Sides, range: KeyRange, rows: number): Promise<readonly string[]> =>
  keysOf(source, everyNthKey(entity, range, rows));

/** Compares a range in steps of about `rows` rows; neighbours with the same answer are given as one. */
export const compareRange = async (sides: Sides, range: KeyRange, rows: number): Promise<ComparedRange[]> =>
  compareSteps(sides, range, await boundsOf(sides, range, rows));

async function compareSteps(sides: Sides, range: KeyRange, bounds: readonly string[]): Promise<ComparedRange[]> {
  const { source, target, entity, untouched = false } = sides;
  const [ofSource, mapped] = await Promise.all([
    unlessUnreadable(source.rows(sourceSums(entity, range, bounds))),
    target.rows(untouched ? basedSums(entity, range, bounds) : mappedSums(entity, range, bounds)),
  ]);
  if (ofSource === null) return [{ ...range, rows: 0, equal: false }];
  const sourceSum = byBucket(ofSource);
  const mappedSum = byBucket(mapped);
  const compared: ComparedRange[] = [];
  for (let bucket = 0; bucket <= bounds.length; bucket++) {
    const next = {
      from: bucket === 0 ? range.from : (bounds[bucket - 1] ?? null),
      to: bounds[bucket] ?? range.to,
      rows: Number(sourceSum.get(bucket)?.['rows'] ?? 0),
      equal:
        isConsumed(sourceSum.get(bucket), mappedSum.get(bucket)) && (untouched || isUntouched(mappedSum.get(bucket))),
    };
    const last = compared.at(-1);
    if (last?.equal === next.equal)
      compared[compared.length - 1] = { ...last, to: next.to, rows: last.rows + next.rows };
    else compared.push(next);
  }
  return compared;
}

/** Whether the target's rows that have an identity of the entity's are those of its mappings. */
export async function compareKeySets(
  target: Session,
  entity: CompiledEntity,
): Promise<Pick<TargetComparison, 'allMapped' | 'mapped'>> {
  const { same, mapped } = await target.one<{ same: string; mapped: string }>(sameKeys(entity));
  return { allMapped: same === 'true', mapped: Number(mapped) };
}

export interface WholeComparison {
  /** Rows of the source; null where some row cannot be read. */
  readonly rows: number | null;
  readonly equal: boolean;
  readonly target: TargetComparison;
}

export interface TargetComparison {
  /** The target has no row of this entity without a mapping. */
  readonly allMapped: boolean;
  /** Every mapped row is there as it was last written, and no other. */
  readonly untouched: boolean;
  /** Rows that have a mapping. */
  readonly mapped: number;
}

/** What an aggregate of leaf.ts gives: `rows`, and sums of hashes. */
type Totals = Readonly<Record<string, string | null>>;

/**
 * Whether every row of the target that has an identity of the entity's has a mapping. As many rows as mappings do not say so:
 * one may be gone, and another there that nobody carried.
 */
async function isAllMapped(target: Session, entity: CompiledEntity, base: Totals, now: Totals): Promise<boolean> {
  if (now['rows'] !== base['rows']) return false;
  if (base['unbased'] === '0' && now['hashes'] === base['target_hashes']) return true;
  return entity.target.belongs === null || (await compareKeySets(target, entity)).allMapped;
}

/**
 * The whole entity in one look: three aggregates, none of them a join where the entity has an identity. Only for entities
 * that are read within seconds (DESIGN, decision 14); larger ones are compared by slice.
 */
export async function compareWhole(sides: Sides): Promise<WholeComparison> {
  const { source, target, entity } = sides;
  const [ofSource, [base, compared]] = await Promise.all([
    unlessUnreadable(source.rows(sourceSums(entity, { from: null, to: null }, []))),
    withBase(target, entity),
  ]);
  if (ofSource === null) return { rows: null, equal: false, target: compared };
  const [sums] = ofSource;
  return {
    rows: Number(sums?.['rows'] ?? 0),
    equal: compared.untouched && isConsumed(sums, base),
    target: compared,
  };
}

/** The target alone: two aggregates. */
export const compareTarget = async (target: Session, entity: CompiledEntity): Promise<TargetComparison> =>
  (await withBase(target, entity))[1];

async function withBase(target: Session, entity: CompiledEntity): Promise<readonly [Totals, TargetComparison]> {
  const base = await target.one(leafTotals(entity));
  const now = await target.one(targetTotals(entity));
  const allMapped = await isAllMapped(target, entity, base, now);
  const untouched = allMapped && base['unbased'] === '0' && now['hashes'] === base['target_hashes'];
  return [base, { allMapped, untouched, mapped: Number(base['rows']) }];
}

/** Slices of about `rows` rows each, where `total` were counted. */
export async function planSlices(
  source: Session,
  entity: CompiledEntity,
  rows: number,
  total: number,
  slicesOf: (bounds: readonly string[]) => readonly Slice[],
): Promise<readonly Slice[]> {
  const parts = Math.ceil(total / rows);
  if (canSample(entity, total)) return slicesOf(await keysOf(source, sampledBounds(entity, parts)));
  // The last bound is the last key where the rows divide evenly: the open slice after it would be empty.
  return slicesOf((await keysOf(source, everyNthKey(entity, { from: null, to: null }, rows))).slice(0, parts - 1));
}
