/** Whether what was measured now is worse than a baseline, figure by figure. */

/** What a baseline holds of an entity; what current-performance prints. */
export interface Measured {
  readonly entity: string;
  readonly rows: number;
  readonly wallMs: number;
  readonly rowsPerSecond: number | null;
  readonly batchMedianMs: number;
  readonly memoryBytes: number | null;
}

export interface Regression {
  readonly entity: string;
  readonly figure: 'rowsPerSecond' | 'batchMedianMs' | 'memoryBytes';
  readonly baseline: number;
  readonly now: number;
  readonly percent: number;
  readonly worse: boolean;
}

/** A fifth is more than the days of one machine differ among each other. */
const WORSE_PERCENT = 20;
/** Fewer rows are the start of a run, which no baseline is about. */
const ENOUGH_ROWS = 1000;

const HIGH_IS_GOOD = { rowsPerSecond: true, batchMedianMs: false, memoryBytes: false } as const;

export interface Compared {
  readonly figures: readonly Regression[];
  /** In the baseline, and without a run that could be compared. */
  readonly missing: readonly string[];
}

export function compareWithBaseline(baseline: readonly Measured[], now: readonly Measured[]): Compared {
  const current = new Map(now.filter(({ rows }) => rows >= ENOUGH_ROWS).map((each) => [each.entity, each]));
  const comparable = baseline.filter(({ rows }) => rows >= ENOUGH_ROWS);
  return {
    figures: comparable.flatMap((before) => {
      const after = current.get(before.entity);
      if (after === undefined) return [];
      return (['rowsPerSecond', 'batchMedianMs', 'memoryBytes'] as const).flatMap((figure): Regression[] => {
        const [was, is] = [before[figure], after[figure]];
        if (was === null || is === null || was <= 0) return [];
        const change = ((is - was) / was) * 100;
        const percent = Math.round(change * 10) / 10;
        const worse = HIGH_IS_GOOD[figure] ? change < -WORSE_PERCENT : change > WORSE_PERCENT;
        return [{ entity: before.entity, figure, baseline: was, now: is, percent, worse }];
      });
    }),
    missing: comparable.filter(({ entity }) => !current.has(entity)).map(({ entity }) => entity),
  };
}
