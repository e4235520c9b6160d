/** `migration-analyzer generate-performance-report`: figures from the ledger, written as they are or drawn as a page. */
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import {
  batchBins,
  carriedRows,
  columnCounts,
  differentialCounts,
  memorySeries,
  operationCounts,
  setAsideCounts,
} from '../../../shared/database/performance/report-figures.ts';
import { runsSince, slowBatches } from '../../../shared/database/performance/run-figures.ts';
import { tableFacts } from '../../../shared/database/performance/table-facts.ts';
import { normalEntity, type EntityMap } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { judgeRun } from '../../../shared/domain/performance/judge-run.ts';
import type { EntityReport, PerformanceReport } from '../../../shared/domain/performance/report.ts';
import { laneRate, type Limits, type RunFigures } from '../../../shared/domain/performance/run-figures.ts';
import { trendOf } from '../../../shared/domain/performance/trend.ts';
import type { GeneratePerformanceReportAnswer } from '../../../shared/operations/migration-analyzer/generate-performance-report.ts';
import type { Sides } from '../../dependencies.ts';
import { put, writeOutput } from '../../output-file.ts';
import { limitsOf, NEVER_MIGRATED } from '../../performance-limits.ts';
import { programVersion } from '../../program-version.ts';
import type { Invocation } from '../../step.ts';

export interface GeneratePerformanceReportRequest {
  readonly lastDays: number;
  readonly output: string;
}

/** A page with more of them is read by nobody. */
const MOST_RUNS = 500;
const MOST_COLUMNS = 20;
const SLOW = 10;

export async function generatePerformanceReport(
  { lastDays, output }: GeneratePerformanceReportRequest,
  deps: Invocation,
): Promise<GeneratePerformanceReportAnswer> {
  const report = await reportOf(lastDays, deps);
  const format = /\.html$/i.test(output) ? 'html' : 'json';
  const place = await writeOutput(output, async (file) => {
    if (format === 'json') return put(file, `${JSON.stringify(report, null, 2)}\n`);
    // Plots in a virtual document: deployed, a bundle of its own that nobody else has to load.
    const { performancePage } = await import('#report/performance-page');
    return put(file, performancePage(report));
  });
  return {
    output: place,
    format,
    days: lastDays,
    operations: report.operations.all,
    entities: report.entities.length,
    rows: report.entities.reduce((sum, { rows }) => sum + rows, 0),
    findings: report.entities.flatMap(({ entity, findings }) => findings.map((finding) => `${entity}: ${finding}`)),
  };
}

async function reportOf(days: number, deps: Invocation): Promise<PerformanceReport> {
  const map = await deps.configuredMap();
  const limits = limitsOf(deps.settings(map));
  return deps.withSides('generate-performance-report', [], async (sides) => {
    const { source, target } = sides;
    if ((await ledgerVersion(target)) === 0)
      throw new PortageError('SYS002', `there is nothing to report: ${NEVER_MIGRATED}`, {
        expected: 'a target that was migrated into',
        next: 'Migrate first: portage differential-migration migrate',
      });
    const names = Object.keys(map.entities);
    const question = { mapName: map.name, entities: names, days };
    const runs = await runsSince(target, map.name, names, days, MOST_RUNS);
    const now = deps.now();
    return {
      generatedAt: now.toISOString(),
      from: new Date(now.getTime() - days * 86_400_000).toISOString(),
      to: now.toISOString(),
      days,
      map: map.name,
      versions: { portage: programVersion(), source: versionOf(source), target: versionOf(target) },
      limits: { rowsPerSecond: limits.floor, memoryBytes: limits.memoryBytes },
      operations: await operationCounts(target, map.name, days),
      entities: await entityReports(sides, map, runs, limits),
      runs: runs.map(pointOf).reverse(),
      carried: await carriedRows(target, question),
      batches: await batchBins(target, question),
      memory: await memorySeries(target, question),
      differentials: await differentialCounts(target, question),
      columns: await columnCounts(target, question, MOST_COLUMNS),
      setAside: await setAsideCounts(target, question),
      notes: runs.length < MOST_RUNS ? [] : [`The newest ${MOST_RUNS} runs are shown.`],
    };
  });
}

const versionOf = ({ serverVersion }: { readonly serverVersion: number }): string =>
  `${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`;

const pointOf = (run: RunFigures): PerformanceReport['runs'][number] => ({
  entity: run.entity,
  operationId: run.operationId,
  status: run.status,
  mode: run.mode,
  startedAt: run.startedAt,
  rows: run.rows,
  rowsMoved: run.rowsMoved,
  setAside: run.setAside,
  conflicts: run.conflicts,
  wallMs: run.wallMs,
  rowsPerSecond: run.rowsPerSecond,
  laneRate: laneRate(run),
});

/** Entities with a run, in the order of the map. */
async function entityReports(
  { source, target }: Sides,
  map: EntityMap,
  runs: readonly RunFigures[],
  limits: Limits,
): Promise<EntityReport[]> {
  const reports: EntityReport[] = [];
  for (const entity of Object.keys(map.entities)) {
    const own = runs.filter((run) => run.entity === entity);
    // The newest that moved rows says most of how rows are moved.
    const shown = own.find((run) => run.batches > 0) ?? own[0];
    if (shown === undefined) continue;
    const facts = await tableFacts(source, target, normalEntity(map, entity));
    const verdict = judgeRun(shown, await slowBatches(target, shown, SLOW), facts, limits);
    const sum = (of: (run: RunFigures) => number): number => own.reduce((total, run) => total + of(run), 0);
    const rates = own.flatMap((run) => laneRate(run) ?? []);
    const memory = own.flatMap(({ memoryBytes }) => memoryBytes?.most ?? []);
    reports.push({
      entity,
      runs: own.length,
      rows: sum((run) => run.rows),
      rowsMoved: sum((run) => run.rowsMoved),
      written: sum((run) => run.written),
      setAside: shown.setAside,
      conflicts: shown.conflicts,
      laneRate: rates[0] ?? null,
      phases: {
        prepareMs: sum((run) => run.phases.prepareMs),
        readMs: sum((run) => run.phases.readMs),
        writeMs: sum((run) => run.phases.writeMs),
        betweenMs: sum((run) => run.phases.betweenMs),
      },
      batchRows: shown.batches === 0 ? null : shown.batchRows,
      batchMs: shown.batches === 0 ? null : shown.batchMs,
      memoryBytes: memory.length === 0 ? null : Math.max(...memory),
      bottleneck: verdict.bottleneck,
      trend: trendOf(rates.toReversed()),
      findings: verdict.findings.map(({ code, text }) => `${code} ${text}`),
      advice: verdict.advice,
    });
  }
  return reports;
}
