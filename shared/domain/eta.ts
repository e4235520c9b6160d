/**
 * How long a run still takes. A row of one entity costs many times what a row of another does (more columns, references,
 * triggers, width), so rows are weighed: by what the entity's own rows have cost in this run, and before it has carried enough
 * of them by what was expected, set right by how far the others have strayed from what was expected of them.
 */

export interface EntityWork {
  readonly entity: string;
  readonly rowsDone: number;
  /** Null while nobody has counted. */
  readonly rowsTotal: number | null;
  /** Of one lane, in this run; null before the first batch. */
  readonly msPerRow?: number | null | undefined;
  /** As it was expected when the run was planned, in whatever unit; null: nothing was. */
  readonly rowCost?: number | null | undefined;
}

/** So much of an entity tells what the rest of it costs. */
const ENOUGH_SHARE = 0.02;
const ENOUGH_ROWS = 500;

const isMeasured = ({ rowsDone, rowsTotal, msPerRow }: EntityWork): boolean =>
  typeof msPerRow === 'number' &&
  rowsDone >= Math.min(rowsTotal ?? 0, Math.max(ENOUGH_ROWS, (rowsTotal ?? 0) * ENOUGH_SHARE)) &&
  rowsDone > 0;

/** What a row of each entity costs, in one unit for all of them. */
export function rowCosts(entities: readonly EntityWork[]): ReadonlyMap<string, number> {
  const measured = entities.filter(isMeasured);
  const sum = (of: (one: EntityWork) => number): number => measured.reduce((total, one) => total + of(one), 0);
  const spent = sum((one) => (one.msPerRow ?? 0) * one.rowsDone);
  const expected = sum((one) => (one.rowCost ?? 0) * one.rowsDone);
  const everyRow = sum((one) => one.rowsDone);
  const scale = expected > 0 ? spent / expected : null;
  const usual = everyRow > 0 ? spent / everyRow : 1;
  return new Map(
    entities.map((one) => {
      if (isMeasured(one)) return [one.entity, one.msPerRow ?? usual];
      if (typeof one.rowCost !== 'number') return [one.entity, usual];
      return [one.entity, measured.length === 0 ? one.rowCost : scale === null ? usual : one.rowCost * scale];
    }),
  );
}

/** Milliseconds for what is left, at the pace of what was done in `elapsedMs`; null while nobody can say. */
export function timeLeft(done: number, left: number, elapsedMs: number): number | null {
  if (left === 0) return 0;
  return done <= 0 || elapsedMs <= 0 ? null : (left * elapsedMs) / done;
}

/**
 * What is left where a pace is set: the first batches of all lanes go at once, and make the rest look shorter than it can be.
 * @param rowsASecond that may be read, at most; null: as fast as they come
 */
export const atPace = (leftMs: number | null, rowsLeft: number, rowsASecond: number | null): number | null =>
  leftMs === null || rowsASecond === null ? leftMs : Math.max(leftMs, (rowsLeft * 1000) / rowsASecond);

/** Gives the milliseconds that are left; null while nobody can say. */
export type EtaMeter = (entities: readonly EntityWork[]) => number | null;

/** Measures from its first look on: what was done before it, perhaps by a run that was interrupted, took time that nobody saw. */
export function etaMeter(now: () => number = () => performance.now()): EtaMeter {
  let first: { readonly at: number; readonly rows: ReadonlyMap<string, number> } | null = null;
  return (entities) => {
    const at = now();
    first ??= { at, rows: new Map(entities.map(({ entity, rowsDone }) => [entity, rowsDone])) };
    return runLeft(entities, at - first.at, first.rows);
  };
}

/**
 * Milliseconds until all entities of a run are through; null while nobody can say.
 * @param before rows of each that were done before the time began
 */
export function runLeft(
  entities: readonly EntityWork[],
  elapsedMs: number,
  before: ReadonlyMap<string, number> = new Map(),
): number | null {
  if (entities.some(({ rowsTotal }) => rowsTotal === null)) return null;
  const costs = rowCosts(entities);
  let done = 0;
  let left = 0;
  for (const { entity, rowsDone, rowsTotal } of entities) {
    const cost = costs.get(entity) ?? 0;
    done += cost * (rowsDone - (before.get(entity) ?? 0));
    left += cost * Math.max(0, (rowsTotal ?? 0) - rowsDone);
  }
  return timeLeft(done, left, elapsedMs);
}
