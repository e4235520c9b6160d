import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { BOTTLENECKS } from '../../domain/performance/judge-run.ts';
import { operation } from '../operation.ts';

const [text, count] = [z.string(), z.number()];
const spread = z.strictObject({ median: count, p95: count, most: count });

/** What the ledger measured of a run (shared/domain/performance/run-figures.ts). */
export const runFigures = z.strictObject({
  entity: text,
  operationId: text,
  status: text,
  mode: text,
  startedAt: text,
  rows: count,
  rowsMoved: count,
  rowsCompared: count,
  written: count,
  setAside: count,
  conflicts: count,
  batches: count,
  bisected: count,
  slices: count,
  wallMs: count,
  pausedMs: count,
  rowsPerSecond: count.nullable(),
  phases: z.strictObject({ prepareMs: count, readMs: count, writeMs: count, betweenMs: count }),
  batchRows: spread,
  batchMs: spread,
  memoryBytes: z.strictObject({ first: count, last: count, most: count }).nullable(),
});

const analyzedRun = runFigures.extend({
  bottleneck: z.enum(BOTTLENECKS),
  /** Percent of the time of all lanes. */
  shares: z.strictObject({ prepare: count, read: count, write: count, between: count }),
  slowBatches: z.array(
    z.strictObject({
      batchNo: text,
      slice: z.int(),
      from: text.nullable(),
      to: text.nullable(),
      rows: count,
      setAside: count,
      readMs: count,
      writeMs: count,
      committedAt: text,
    }),
  ),
  findings: z.array(z.strictObject({ code: z.enum(['V004', 'SYS003']), text })),
  advice: z.array(text),
});
export type AnalyzedRun = z.output<typeof analyzedRun>;

export const analyzePerformanceAnswer = z.strictObject({
  limits: z.strictObject({ rowsPerSecond: count, memoryBytes: count }),
  runs: z.array(analyzedRun),
  notes: z.array(text),
});
export type AnalyzePerformanceAnswer = z.output<typeof analyzePerformanceAnswer>;

export const analyzePerformance = operation({
  program: 'migration-analyzer',
  name: 'analyze-performance',
  purpose:
    'Says where the time of an entity went, phase by phase, names the bottleneck and slow batches, and what to do.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('migration-analyzer analyze-performance'),
    entity: entitySelection,
    lastRun: z.boolean().default(false),
  }),
  answer: analyzePerformanceAnswer,
  finds: 'a run was beyond a limit',
  exit: ({ runs }) => (runs.some(({ findings }) => findings.length > 0) ? 1 : 0),
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    { name: 'last-run', kind: 'switch', help: 'only the newest run of each entity, not the last ten' },
  ],
  examples: [
    'migration-analyzer analyze-performance --entity orders --last-run',
    'migration-analyzer analyze-performance --entity all --last-run --json',
  ],
});
