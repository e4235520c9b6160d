/** Before an entity's slices: who owns it, whether anything differs at all, and where its slices begin and end. */
import type { RowCounts } from '../../domain/action-counts.ts';
import { NOTHING, countsOf } from '../../domain/action-counts.ts';
import type { Slice } from '../../domain/slice.ts';
import { slicesFrom } from '../../domain/slice.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { Session } from '../session.ts';
import { unhurried } from '../session.ts';
import type { Mode } from '../sql/decide.ts';
import { NULL_KEY, ambiguousReason, setAsideGroup } from '../sql/aside.ts';
import { countRows, duplicateKeys, nullKeys } from '../sql/source.ts';
import { leafHasRows } from '../sql/leaf.ts';
import {
  compareKeySets,
  compareTarget,
  compareWhole,
  lookAhead,
  planSlices,
  type FirstLook,
  type TargetComparison,
} from './descent.ts';

/** A slice of about this many rows: some seconds of work, so that lanes end at about the same time. */
const SLICE_ROWS = 250_000;
/** The bounds stand in a state: of two keys of some dozen bytes this many are a third of what one holds. */
const MOST_SLICES = 1000;
/** Without a usable index every slice reads the whole table once, so there are never more than this many. */
const MOST_SCANS = 20;
/** Up to here one look at the whole entity stays within the 5 s that a snapshot of the source may live (measured: 2.5M rows/s). */
const WHOLE_LOOK_ROWS = 10_000_000;

export interface Preparation {
  readonly slices: readonly Slice[];
  readonly rows: number;
  readonly fresh: boolean;
  /** The target's rows equal their bases; false: nobody looked. */
  readonly untouched: boolean;
  /** Changes of the source lie everywhere, as far as the first rows tell. */
  readonly scattered: boolean;
  /** Both sides equal their bases: there is nothing to do. */
  readonly equal: boolean;
}

interface Sides {
  readonly source: Session;
  readonly target: Session;
}

/** Whether every target row of the entity has a mapping, so that no row can be found by identity. */
const isFresh = async (target: Session, entity: CompiledEntity): Promise<boolean> =>
  (await (entity.target.belongs === null ? compareTarget(target, entity) : compareKeySets(target, entity))).allMapped;

/** The same where changes lie everywhere: a look at the target alone spares each slice one, unless its first rows differ, too. */
async function lookAtTarget(target: Session, entity: CompiledEntity, first: FirstLook): Promise<TargetComparison> {
  const unknown = { allMapped: false, untouched: false, mapped: 0 };
  if (entity.target.belongs === null) return unknown;
  if (first.untouched && entity.source.estimatedRows <= WHOLE_LOOK_ROWS) return compareTarget(target, entity);
  return { ...unknown, ...(await compareKeySets(target, entity)) };
}

/** Whether the target table holds nothing at all: the common first run needs no counting. */
const isEmpty = async (target: Session, entity: CompiledEntity): Promise<boolean> =>
  (await target.one<{ empty: string }>(`SELECT (NOT EXISTS (SELECT FROM ${entity.target.table}))::text AS empty`))
    .empty === 'true';

const countSource = async (source: Session, entity: CompiledEntity): Promise<number> =>
  Number((await source.one(countRows(entity)))['rows']);

/** Plans the entity's slices. Nothing here has a statement timeout: it looks at whole tables. */
export const prepare = (sides: Sides, entity: CompiledEntity, mode: Mode, lanes: number): Promise<Preparation> =>
  unhurried(sides.source, () => unhurried(sides.target, () => planEntity(sides, entity, mode, lanes)));

async function planEntity(sides: Sides, entity: CompiledEntity, mode: Mode, lanes: number): Promise<Preparation> {
  const { source, target } = sides;
  const mapped =
    (await target.one<{ present: string }>(leafHasRows(entity, { from: null, to: null }))).present === 'true';
  let fresh = !mapped && (await isEmpty(target, entity));
  let untouched = false;
  let rows: number | null = null;
  const first = mapped && mode === 'differential' ? await lookAhead({ ...sides, entity }) : null;
  if (first?.scattered === true) {
    const look = await lookAtTarget(target, entity, first);
    fresh = look.allMapped;
    untouched = look.untouched;
    // Where it has not grown by much the source has about as many; every slice counts its own.
    rows = entity.source.estimatedRows <= 2 * look.mapped ? look.mapped : null;
  } else if (mapped && mode === 'differential' && entity.source.estimatedRows <= WHOLE_LOOK_ROWS) {
    const whole = await compareWhole({ ...sides, entity });
    if (whole.equal && whole.rows !== null)
      return { slices: [], rows: whole.rows, fresh: true, untouched: true, scattered: false, equal: true };
    rows = whole.rows;
    fresh = whole.target.allMapped;
    untouched = whole.target.untouched;
  } else if (mapped) {
    fresh = await isFresh(target, entity);
  }
  rows ??= await countSource(source, entity);
  const perLane = Math.ceil(rows / lanes);
  // Two lanes on a small table cost more to plan than they save.
  const wanted = rows < 20_000 ? rows : Math.min(SLICE_ROWS, perLane);
  const sliceRows = Math.max(
    1,
    wanted,
    Math.ceil(rows / (entity.order === 'integer' && entity.keyIsUnique ? MOST_SLICES : MOST_SCANS)),
  );
  return {
    slices: rows <= sliceRows ? slicesFrom([]) : await planSlices(source, entity, sliceRows, rows, slicesFrom),
    rows,
    fresh,
    untouched,
    scattered: first?.scattered === true,
    equal: false,
  };
}

/**
 * Rows that no range can carry: a NULL in the key, or a key that stands for several rows. Set aside as a group, all of
 * them, because nobody can say which one is meant (SEMANTICS 7).
 */
export async function setAsideUnkeyed(sides: Sides, entity: CompiledEntity, operationNo: number): Promise<RowCounts> {
  const groups: { key: string; rows: number; reason: string }[] = [];
  if (entity.source.nullKey !== null) {
    const rows = Number((await sides.source.one(nullKeys(entity)))['rows']);
    if (rows > 0) groups.push({ key: NULL_KEY, rows, reason: `${rows} rows have NULL in their key` });
  }
  if (!entity.keyIsUnique) {
    for (const row of await sides.source.rows<{ key: string; rows: string }>(duplicateKeys(entity))) {
      groups.push({ key: row.key, rows: Number(row.rows), reason: ambiguousReason(Number(row.rows)) });
    }
  }
  for (const group of groups)
    await sides.target.run(setAsideGroup(entity, operationNo), [group.key, group.reason, group.rows]);
  const total = groups.reduce((sum, group) => sum + group.rows, 0);
  return total === 0 ? NOTHING : countsOf(total, [{ action: 'set_aside', inSource: true, rows: total }]);
}
