/** Where the time went, run by run; and how runs of the last days compare. */
import type {
  AnalyzedRun,
  AnalyzePerformanceAnswer,
} from '../../shared/operations/migration-analyzer/analyze-performance.ts';
import type { PerformanceTrendsAnswer } from '../../shared/operations/migration-analyzer/performance-trends.ts';
import type { Paint } from '../io.ts';
import { bytes, duration, number, rowsOf, table } from './table.ts';

export const analyzePerformanceText = ({ runs, notes }: AnalyzePerformanceAnswer, paint: Paint): string =>
  [...runs.map((run) => page(run, paint)), notes.map((note) => `${note}\n`).join('')].filter(Boolean).join('\n');

function page(run: AnalyzedRun, paint: Paint): string {
  const { phases, shares } = run;
  const phase = (name: string, ms: number, share: number): readonly string[] => [
    `  ${name.padEnd(16)} ${duration(ms).padStart(12)} ${`${share.toFixed(1)} %`.padStart(8)}  ${'#'.repeat(Math.round(share / 2.5))}\n`,
  ];
  const rate = run.rowsPerSecond === null ? '' : `, ${number(Math.round(run.rowsPerSecond))} rows/s`;
  return [
    `${paint('bold', `${run.entity}: ${run.operationId}`)} (${run.status.replaceAll('_', ' ')})\n`,
    `  ${rowsOf(run.rows)} in ${duration(run.wallMs)}${rate}; ${number(run.rowsMoved)} moved in ${number(run.batches)} ${run.batches === 1 ? 'batch' : 'batches'}, ${number(run.rowsCompared)} equal by their sums\n`,
    ...(run.batches === 0
      ? []
      : [
          `  a batch: ${rowsOf(run.batchRows.median)} in ${number(run.batchMs.median)} ms (median), ${number(run.batchMs.p95)} ms (95 %), ${number(run.batchMs.most)} ms (longest)\n`,
        ]),
    ...(run.memoryBytes === null ? [] : [`  memory: at most ${bytes(run.memoryBytes.most)}\n`]),
    ...phase('preparing', phases.prepareMs, shares.prepare),
    ...phase('reading', phases.readMs, shares.read),
    ...phase('writing', phases.writeMs, shares.write),
    ...phase('between batches', phases.betweenMs, shares.between),
    `  bottleneck: ${paint('bold', run.bottleneck)}\n`,
    ...run.findings.map(({ code, text }) => `  ${paint('red', code)} ${text}\n`),
    ...(run.slowBatches.length === 0 ? [] : [`\n  Slow batches\n${indented(slowTable(run, paint))}`]),
    ...(run.advice.length === 0 ? [] : ['\n  What to do\n', ...run.advice.map((line) => `  - ${line}\n`)]),
  ].join('');
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ');

const slowTable = ({ slowBatches }: AnalyzedRun, paint: Paint): string =>
  table(
    [
      { head: 'Batch', align: 'right', text: (row) => row.batchNo },
      { head: 'Slice', align: 'right', text: (row) => (row.slice < 0 ? '-' : String(row.slice)) },
      { head: 'Range', text: (row) => (row.slice < 0 ? (row.from ?? '-') : `(${row.from ?? ''}, ${row.to ?? ''}]`) },
      { head: 'Rows', align: 'right', text: (row) => number(row.rows) },
      { head: 'Read', align: 'right', text: (row) => `${number(row.readMs)} ms` },
      { head: 'Write', align: 'right', text: (row) => `${number(row.writeMs)} ms` },
      { head: 'Set aside', align: 'right', text: (row) => number(row.setAside) },
      { head: 'Committed', text: (row) => row.committedAt },
    ],
    slowBatches,
    paint,
  );

export function trendsText({ days, entities, notes }: PerformanceTrendsAnswer, paint: Paint): string {
  const parts = entities
    .filter(({ runs }) => runs.length > 0)
    .map(({ entity, runs, moving }) => {
      const change =
        moving.changePercent === null
          ? moving.direction
          : `${moving.direction} (${moving.changePercent > 0 ? '+' : ''}${moving.changePercent} % from the first to the last)`;
      const middle = moving.median === null ? '' : `, ${number(Math.round(moving.median))} rows/s a lane in the middle`;
      return `${paint('bold', entity)}: ${moving.direction === 'slower' ? paint('red', change) : change}${middle}\n${trendTable(runs, paint)}`;
    });
  if (parts.length === 0) parts.push(`No run in the last ${days} ${days === 1 ? 'day' : 'days'}.\n`);
  return [...parts, ...notes.map((note) => `${note}\n`)].join('\n');
}

const trendTable = (runs: PerformanceTrendsAnswer['entities'][number]['runs'], paint: Paint): string =>
  table(
    [
      { head: 'Began', text: (row) => row.startedAt },
      { head: 'Rows', align: 'right', text: (row) => number(row.rows) },
      { head: 'Moved', align: 'right', text: (row) => number(row.rowsMoved) },
      { head: 'Time', align: 'right', text: (row) => duration(row.wallMs) },
      {
        head: 'Rows/s',
        align: 'right',
        text: (row) => number(row.rowsPerSecond === null ? null : Math.round(row.rowsPerSecond)),
      },
      { head: 'Read', align: 'right', text: (row) => duration(row.phases.readMs) },
      { head: 'Write', align: 'right', text: (row) => duration(row.phases.writeMs) },
      { head: 'Memory', align: 'right', text: (row) => bytes(row.memoryBytes?.most ?? null) },
      { head: 'Operation', text: (row) => row.operationId },
    ],
    runs,
    paint,
  );
