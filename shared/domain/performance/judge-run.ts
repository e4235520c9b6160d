/** Where the time of a run went, and what follows from it. Each rule reads figures that were measured, and says which. */
import type { Limits, RunFigures, SlowBatch, TableFacts } from './run-figures.ts';

export const BOTTLENECKS = ['reading', 'writing', 'between batches', 'preparing', 'none', 'not enough data'] as const;
export type Bottleneck = (typeof BOTTLENECKS)[number];

export interface Verdict {
  readonly bottleneck: Bottleneck;
  /** Share of each phase, in percent of the time of all lanes. */
  readonly shares: {
    readonly prepare: number;
    readonly read: number;
    readonly write: number;
    readonly between: number;
  };
  readonly findings: readonly Finding[];
  /** What to do, the most useful first. */
  readonly advice: readonly string[];
}

export interface Finding {
  readonly code: 'V004' | 'SYS003';
  readonly text: string;
}

/** Below this a run says more about its start than about its rate (SEMANTICS 38). */
export const ENOUGH = { rows: 10_000, ms: 5_000 } as const;
/** A phase that takes as much as all others together decides how long the run takes. */
const DECIDES = 0.5;
/** Time in which no row moves is worth naming earlier: nothing is gained by it. */
const DECIDES_IDLE = 0.3;
/** Three times the median: batches of equal size differ by a checkpoint of the server or two, not by so much. */
export const SLOW_FACTOR = 3;
/** ... and by this much at least, because three times a few milliseconds is nobody's trouble. */
export const SLOW_LEAST_MS = 200;
/** Under this, begin, bookkeeping and commit of a batch (some 10 ms, measured) are a noticeable part of it. */
const SHORT_BATCH_MS = 50;
/** No snapshot of the source is to be older: vacuum waits for it. */
const LONG_BATCH_MS = 5_000;
/** The engine's own batches take so long on small hardware. */
const GOOD_BATCH_MS = 200;
/** What batchRows takes at most. */
const MOST_BATCH_ROWS = 100_000;
/** A garbage collector needs some room above what is alive. */
const MEMORY_SHARE = 0.8;
/** Twice as much at the end as at the beginning is more than a collector's habit (measured: flat within a quarter). */
const MEMORY_GROWTH = 2;
const MEMORY_GROWTH_LEAST = 64 * 2 ** 20;
/** So many cut batches are a matter of the data, not of a stray row. */
const BISECTED_SHARE = 0.2;
/** One lane is enough for what takes seconds. */
const WORTH_LANES_ROWS = 100_000;

export const judgedEnough = ({ rows, wallMs }: Pick<RunFigures, 'rows' | 'wallMs'>): boolean =>
  rows >= ENOUGH.rows && wallMs >= ENOUGH.ms;

export function judgeRun(run: RunFigures, slow: readonly SlowBatch[], facts: TableFacts, limits: Limits): Verdict {
  const { prepareMs, readMs, writeMs, betweenMs } = run.phases;
  const all = Math.max(1, prepareMs + readMs + writeMs + betweenMs);
  const [prepare, read, write, between] = [prepareMs / all, readMs / all, writeMs / all, betweenMs / all];
  const bottleneck = bottleneckOf(run, { prepare, read, write, between });
  return {
    bottleneck,
    shares: { prepare: percent(prepare), read: percent(read), write: percent(write), between: percent(between) },
    findings: findingsOf(run, limits),
    advice: [
      ...setAsideAdvice(run),
      ...bottleneckAdvice(bottleneck, run, facts),
      ...sizeAdvice(run, bottleneck),
      ...slowAdvice(run, slow),
      ...memoryAdvice(run, limits),
    ],
  };
}

type Shares = Readonly<Record<'prepare' | 'read' | 'write' | 'between', number>>;

function bottleneckOf(run: RunFigures, share: Shares): Bottleneck {
  if (run.batches < 2) return 'not enough data';
  if (share.between >= DECIDES_IDLE) return 'between batches';
  if (share.read >= DECIDES) return 'reading';
  if (share.write >= DECIDES) return 'writing';
  return share.prepare >= DECIDES ? 'preparing' : 'none';
}

function findingsOf(run: RunFigures, { floor, memoryBytes }: Limits): readonly Finding[] {
  const found: Finding[] = [];
  if (judgedEnough(run) && run.rowsPerSecond !== null && run.rowsPerSecond < floor)
    found.push({ code: 'V004', text: `${whole(run.rowsPerSecond)} rows/s, under the floor of ${whole(floor)}` });
  if (run.memoryBytes !== null && run.memoryBytes.most > memoryBytes)
    found.push({
      code: 'SYS003',
      text: `${mib(run.memoryBytes.most)} of memory, over the limit of ${mib(memoryBytes)}`,
    });
  return found;
}

function setAsideAdvice(run: RunFigures): readonly string[] {
  if (run.bisected === 0 || run.bisected < run.batches * BISECTED_SHARE) return [];
  return [
    `${whole(run.bisected)} of ${whole(run.batches)} batches were cut down to a row or two, because rows cannot be written: mend the ${whole(run.setAside)} rows of portage differential-migration set-aside --entity ${run.entity} first.`,
  ];
}

function bottleneckAdvice(bottleneck: Bottleneck, run: RunFigures, facts: TableFacts): readonly string[] {
  const { entity } = run;
  switch (bottleneck) {
    case 'reading':
      return [
        ...(facts.sourceKind === 'table' && !facts.sourceKeyIndexed
          ? [`The source has no index on the key of ${entity}: every range reads the whole table. Create one.`]
          : []),
        ...(facts.sourceKind === 'view'
          ? [`The source of ${entity} is a view, which is computed for each range.`]
          : []),
        ...(facts.readsOtherTables
          ? [`The map of ${entity} reads other tables row by row; they need an index on what is looked up.`]
          : []),
        `Reading takes most of the time: look at the statement that reads (portage differential-migration explain --entity ${entity}) in the source's EXPLAIN ANALYZE.`,
        ...lanesAdvice(run),
      ];
    case 'writing':
      return [
        ...(facts.targetTriggers.length > 0
          ? [`The target fires ${facts.targetTriggers.join(', ')} for every row: see docs/triggers.md.`]
          : []),
        ...(facts.targetIndexes > 3
          ? [
              `The target table has ${facts.targetIndexes} indexes, and each row is written into all of them: create those that only the application needs after the first load.`,
            ]
          : []),
        ...lanesAdvice(run),
        ...(facts.targetTriggers.length === 0 && facts.targetIndexes <= 3 && lanesAdvice(run).length === 0
          ? ['Writing takes most of the time: look at disk and CPU of the target while it runs.']
          : []),
      ];
    case 'between batches':
      return [
        'Most of it passes between batches: commits wait for the disk of the target, or steps wait for a free worker. See commit latency there, and the lanes (PORTAGE_LANES).',
      ];
    case 'preparing':
      return [
        'Comparing and planning takes longer than moving the rows: that is right for a run in which little has changed.',
      ];
    case 'none':
    case 'not enough data':
      return [];
  }
}

const lanesAdvice = (run: RunFigures): readonly string[] =>
  run.slices <= 1 && run.rowsMoved >= WORTH_LANES_ROWS
    ? ['It ran on one lane: allow more (PORTAGE_LANES, and no --sequential).']
    : [];

/** Towards batches of a good length, by at most ten times: what was measured holds near where it was measured. */
function sizeAdvice(run: RunFigures, bottleneck: Bottleneck): readonly string[] {
  const { median: ms } = run.batchMs;
  const { median: rows } = run.batchRows;
  if (run.batches < 10 || rows < 1) return [];
  const rowsFor = (wanted: number): number => roundedRows((rows * wanted) / Math.max(1, ms));
  if (ms > LONG_BATCH_MS) {
    const fewer = Math.max(1, rowsFor(LONG_BATCH_MS / 2));
    return fewer < rows
      ? [`Half of its batches take more than ${seconds(ms)}: make them smaller, --batch-size ${fewer}.`]
      : [];
  }
  if ((ms < SHORT_BATCH_MS || bottleneck === 'between batches') && ms < GOOD_BATCH_MS) {
    const more = Math.min(rows * 10, rowsFor(GOOD_BATCH_MS), MOST_BATCH_ROWS);
    return more >= rows * 1.5
      ? [
          `Its batches of ${whole(rows)} rows take ${whole(ms)} ms: make them larger, --batch-size ${roundedRows(more)}.`,
        ]
      : [];
  }
  return [];
}

function slowAdvice(run: RunFigures, slow: readonly SlowBatch[]): readonly string[] {
  if (slow.length === 0) return [];
  const writing = slow.filter((batch) => batch.writeMs >= batch.readMs).length;
  return [
    writing * 2 >= slow.length
      ? `Slow batches wait while they write: look for locks while it runs (portage migration-analyzer debug --entity ${run.entity}), and at the server's checkpoints.`
      : 'Slow batches wait while they read: these key ranges have wider rows, or the source was busy then.',
  ];
}

function memoryAdvice(run: RunFigures, { memoryBytes }: Limits): readonly string[] {
  const memory = run.memoryBytes;
  if (memory === null) return [];
  const lines: string[] = [];
  if (memory.most > memoryBytes * MEMORY_SHARE)
    lines.push(
      `Memory came to ${mib(memory.most)} of ${mib(memoryBytes)}: smaller batches, --batch-size ${Math.max(1, roundedRows(run.batchRows.median / 2))}, or --streaming-mode.`,
    );
  if (memory.last > memory.first * MEMORY_GROWTH && memory.last - memory.first > MEMORY_GROWTH_LEAST)
    lines.push(
      `Memory grew from ${mib(memory.first)} to ${mib(memory.last)}: see whether it goes on, portage migration-analyzer memory-leak-check --entity ${run.entity} --duration 300.`,
    );
  return lines;
}

const percent = (share: number): number => Math.round(share * 1000) / 10;
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const mib = (bytes: number): string => `${whole(bytes / 2 ** 20)} MiB`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
/** Two digits are all that a measurement of a batch is good for. */
const roundedRows = (rows: number): number => {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, rows))) - 1);
  return Math.max(1, Math.round(rows / step) * step);
};
