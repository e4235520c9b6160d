/** The performance report as a page: what is to be known first, then each figure with the table behind it. */
import type { EntityReport, PerformanceReport } from '../domain/performance/report.ts';
import { detailsHtml, escaped, factsHtml, pageHtml, sentence, tableHtml, type Section } from './page.ts';
import {
  batchFigure,
  carriedFigure,
  columnFigure,
  differentialFigure,
  memoryFigure,
  phaseFigure,
  rateFigure,
  whole,
} from './performance-figures.ts';

const day = (moment: string): string => moment.slice(0, 10);
const minute = (moment: string): string => `${moment.slice(0, 10)} ${moment.slice(11, 16)}`;
const numberOr = (value: number | null): string => (value === null ? '-' : whole(value));
const seconds = (ms: number): string => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${whole(ms / 1000)} s`);
const mib = (bytes: number | null): string => (bytes === null ? '-' : `${whole(bytes / 2 ** 20)} MiB`);

export function performancePage(report: PerformanceReport): string {
  const { map, from, to, days, versions } = report;
  return pageHtml({
    title: `Performance of ${map}`,
    about: `${days} ${days === 1 ? 'day' : 'days'}, ${day(from)} to ${day(to)} (UTC). Portage ${versions.portage}, ${versions.source === null ? '' : `source PostgreSQL ${versions.source}, `}target PostgreSQL ${versions.target}. Made ${minute(report.generatedAt)}.`,
    sections: report.runs.length === 0 ? [nothing(days)] : sectionsOf(report),
  });
}

const nothing = (days: number): Section => ({
  id: 'summary',
  title: 'Summary',
  html: `<p>No run in the last ${days} ${days === 1 ? 'day' : 'days'}. Ask for more of them: <code>--last-days N</code>.</p>\n`,
});

const sectionsOf = (report: PerformanceReport): readonly Section[] => [
  { id: 'summary', title: 'Summary', html: summary(report) },
  { id: 'throughput', title: 'Throughput', html: throughput(report) },
  { id: 'phases', title: 'Time by phase', html: phases(report) },
  { id: 'batches', title: 'Batches', html: batches(report) },
  { id: 'memory', title: 'Memory', html: memory(report) },
  { id: 'differences', title: 'Differences and conflicts', html: differences(report) },
  { id: 'checkpoints', title: 'Checkpoints', html: checkpoints(report) },
];

function summary({ operations, entities, runs, notes }: PerformanceReport): string {
  const rows = entities.reduce((sum, each) => sum + each.rows, 0);
  const moved = entities.reduce((sum, each) => sum + each.rowsMoved, 0);
  const findings = entities.flatMap((each) => each.findings.map((text) => `${each.entity}: ${text}`));
  const advised = entities.filter(({ advice }) => advice.length > 0);
  const list = (lines: readonly string[]): string =>
    `<ul class="advice">${lines.map((line) => `<li>${sentence(line)}</li>`).join('')}</ul>\n`;
  return [
    factsHtml([
      ['Rows looked at', whole(rows)],
      ['Rows moved', whole(moved)],
      ['Runs of entities', whole(runs.length)],
      ['Operations', whole(operations.all)],
      ['Operations failed', whole(operations.failed)],
    ]),
    findings.length === 0
      ? '<p class="good" style="margin-top: 1rem">Every limit was kept.</p>\n'
      : `<h3 class="bad">Beyond a limit</h3>\n${list(findings)}`,
    ...(advised.length === 0 ? [] : ['<h3>What to do</h3>\n']),
    ...advised.map(({ entity, advice }) => `<p><strong>${escaped(entity)}</strong></p>\n${list(advice)}`),
    ...notes.map((note) => `<p class="quiet">${escaped(note)}</p>\n`),
  ].join('');
}

function throughput(report: PerformanceReport): string {
  const direction = ({ trend }: EntityReport): string =>
    trend.changePercent === null
      ? trend.direction
      : `<span class="${trend.direction === 'slower' ? 'bad' : ''}">${trend.direction}, ${trend.changePercent > 0 ? '+' : ''}${trend.changePercent} %</span>`;
  return [
    '<p class="quiet">Rows of ranges that are equal on both sides are compared by sums and move nowhere; the rate is that of rows that moved.</p>\n',
    carriedFigure(report),
    rateFigure(report),
    detailsHtml(
      'The figures',
      tableHtml(
        'Throughput by entity',
        [
          { head: 'Entity' },
          { head: 'Runs', align: 'n' },
          { head: 'Rows', align: 'n' },
          { head: 'Moved', align: 'n' },
          { head: 'Written', align: 'n' },
          { head: 'Rows/s of a lane', align: 'n' },
          { head: 'Trend' },
        ],
        report.entities.map((each) => [
          escaped(each.entity),
          whole(each.runs),
          whole(each.rows),
          whole(each.rowsMoved),
          whole(each.written),
          numberOr(each.laneRate),
          direction(each),
        ]),
      ),
    ),
  ].join('');
}

const phases = (report: PerformanceReport): string =>
  [
    '<p class="quiet">Between batches lie the commit and the way to the next step. The bottleneck is that of the last run that moved rows.</p>\n',
    phaseFigure(report),
    detailsHtml(
      'The figures',
      tableHtml(
        'Time by phase and entity',
        [
          { head: 'Entity' },
          { head: 'Preparing', align: 'n' },
          { head: 'Reading', align: 'n' },
          { head: 'Writing', align: 'n' },
          { head: 'Between', align: 'n' },
          { head: 'Bottleneck' },
        ],
        report.entities.map(({ entity, phases: times, bottleneck }) => [
          escaped(entity),
          seconds(times.prepareMs),
          seconds(times.readMs),
          seconds(times.writeMs),
          seconds(times.betweenMs),
          bottleneck,
        ]),
      ),
    ),
  ].join('');

const batches = (report: PerformanceReport): string =>
  [
    batchFigure(report),
    detailsHtml(
      'The figures',
      tableHtml(
        'Batches by entity, of the last run',
        [
          { head: 'Entity' },
          { head: 'Rows, median', align: 'n' },
          { head: 'ms, median', align: 'n' },
          { head: 'ms, 95 %', align: 'n' },
          { head: 'ms, longest', align: 'n' },
        ],
        report.entities
          .filter(({ batchMs }) => batchMs !== null)
          .map(({ entity, batchRows, batchMs }) => [
            escaped(entity),
            numberOr(batchRows?.median ?? null),
            numberOr(batchMs?.median ?? null),
            numberOr(batchMs?.p95 ?? null),
            numberOr(batchMs?.most ?? null),
          ]),
      ),
    ),
  ].join('');

const memory = (report: PerformanceReport): string =>
  [
    memoryFigure(report),
    detailsHtml(
      'The figures',
      tableHtml(
        'Memory by entity',
        [{ head: 'Entity' }, { head: 'At most', align: 'n' }],
        report.entities.map(({ entity, memoryBytes }) => [escaped(entity), mib(memoryBytes)]),
      ),
    ),
  ].join('');

const differences = (report: PerformanceReport): string =>
  [
    differentialFigure(report),
    columnFigure(report),
    ...(report.differentials.length === 0
      ? []
      : [
          detailsHtml(
            'Differences by entity and kind',
            tableHtml(
              'Differences by entity and kind',
              [{ head: 'Entity' }, { head: 'Kind' }, { head: 'Open', align: 'n' }, { head: 'Closed', align: 'n' }],
              report.differentials.map((each) => [
                escaped(each.entity),
                escaped(each.type),
                whole(each.open),
                whole(each.closed),
              ]),
            ),
          ),
        ]),
    ...(report.columns.length === 0
      ? []
      : [
          detailsHtml(
            'Differences by column',
            tableHtml(
              'Differences by column',
              [{ head: 'Entity' }, { head: 'Column' }, { head: 'Kind' }, { head: 'Rows', align: 'n' }],
              report.columns.map((each) => [
                escaped(each.entity),
                escaped(each.column),
                escaped(each.type),
                whole(each.rows),
              ]),
            ),
          ),
        ]),
    ...(report.setAside.length === 0
      ? ['<p class="good">No row is set aside.</p>\n']
      : [
          '<h3>Rows set aside</h3>\n',
          tableHtml(
            'Rows set aside',
            [{ head: 'Entity' }, { head: 'Code' }, { head: 'Rows', align: 'n' }],
            report.setAside.map((each) => [escaped(each.entity), escaped(each.code), whole(each.rows)]),
          ),
        ]),
  ].join('');

const WELL = new Set(['completed', 'in_progress']);

/** A long list is for the JSON. */
const SHOWN = 60;

function checkpoints({ runs }: PerformanceReport): string {
  const newest = runs.slice(-SHOWN).reverse();
  const more = runs.length - newest.length;
  return [
    tableHtml(
      'Checkpoints, the newest first',
      [
        { head: 'Began' },
        { head: 'Entity' },
        { head: 'Status' },
        { head: 'Mode' },
        { head: 'Rows', align: 'n' },
        { head: 'Moved', align: 'n' },
        { head: 'Set aside', align: 'n' },
        { head: 'Conflicts', align: 'n' },
        { head: 'Time', align: 'n' },
        { head: 'Rows/s', align: 'n' },
        { head: 'Operation' },
      ],
      newest.map((run) => [
        minute(run.startedAt),
        escaped(run.entity),
        `<span class="${WELL.has(run.status) ? '' : 'bad'}">${escaped(run.status.replaceAll('_', ' '))}</span>`,
        escaped(run.mode),
        whole(run.rows),
        whole(run.rowsMoved),
        whole(run.setAside),
        whole(run.conflicts),
        seconds(run.wallMs),
        numberOr(run.rowsPerSecond),
        escaped(run.operationId),
      ]),
    ),
    more > 0 ? `<p class="quiet">${whole(more)} earlier ones are in the JSON report.</p>\n` : '',
  ].join('');
}
