/** The plots of the performance report: which figure becomes which mark. */
import type { EntityReport, PerformanceReport } from '../domain/performance/report.ts';
import { figureHtml, legendHtml } from './page.ts';
import { SERIES, seriesColour } from './palette.ts';
import { drawings, Plot } from './plots.ts';

const OTHERS = 'others';
const GRID = { stroke: 'var(--line)', strokeOpacity: 1 } as const;
export const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

/** Entities by their rows, as many as have a colour; the rest are one series. */
export function seriesOf(entities: readonly EntityReport[]): {
  readonly names: readonly string[];
  readonly of: (entity: string) => string;
} {
  const byRows = [...entities].sort((a, b) => b.rows - a.rows).map(({ entity }) => entity);
  const named = byRows.length <= SERIES ? byRows : byRows.slice(0, SERIES - 1);
  const names = byRows.length <= SERIES ? named : [...named, OTHERS];
  return { names, of: (entity) => (named.includes(entity) ? entity : OTHERS) };
}
const colours = (names: readonly string[]) => ({
  domain: [...names],
  range: names.map((_, i) => seriesColour(i)),
});

export function carriedFigure({ carried, entities, from, to }: PerformanceReport): string {
  const series = seriesOf(entities);
  const sums = Map.groupBy(carried, (point) => `${point.from} ${series.of(point.entity)}`);
  const bars = [...sums.values()].flatMap((points) => {
    const [first] = points;
    if (first === undefined) return [];
    const rows = points.reduce((sum, point) => sum + point.rows, 0);
    const name = series.of(first.entity);
    const title = `${name}: ${whole(rows)} rows, ${first.from}`;
    return [{ from: new Date(first.from), to: new Date(first.to), rows, series: name, title }];
  });
  const svg = drawings(
    'Rows that went through in each span of time, stacked by entity',
    ({ wide, ticks, margins }) => ({
      height: wide ? 300 : 260,
      ...margins,
      x: { type: 'utc', domain: [new Date(from), new Date(to)], label: null, ticks },
      y: { label: 'rows', tickFormat: 's', nice: true },
      color: colours(series.names),
      marks: [
        Plot.gridY(GRID),
        Plot.rectY(bars, {
          ...{ x1: 'from', x2: 'to', y: 'rows', fill: 'series', title: 'title', inset: 0 },
          order: [...series.names],
        }),
        Plot.ruleY([0], { stroke: 'var(--quiet)' }),
      ],
    }),
  );
  return figureHtml('Rows that went through, by entity', legendHtml(series.names, seriesColour), svg);
}

export function rateFigure({ runs, entities, from, to, limits }: PerformanceReport): string {
  const series = seriesOf(entities);
  const dots = runs
    .filter((run) => run.laneRate !== null)
    .map((run) => ({
      at: new Date(run.startedAt),
      rate: run.laneRate ?? 1,
      series: series.of(run.entity),
      entity: run.entity,
      title: `${run.entity}: ${whole(run.laneRate ?? 0)} rows/s, ${run.operationId}`,
    }));
  if (dots.length === 0) return '<p class="quiet">No run moved enough rows (1,000) for a rate.</p>\n';
  const svg = drawings('Rows that one lane moves in a second, run by run', ({ wide, ticks, margins }) => ({
    height: wide ? 300 : 260,
    ...margins,
    x: { type: 'utc', domain: [new Date(from), new Date(to)], label: null, ticks },
    y: { type: 'log', label: 'rows/s', tickFormat: 's', ticks: 4, nice: true },
    color: colours(series.names),
    marks: [
      Plot.gridY({ ...GRID, ticks: 4 }),
      Plot.line(dots, { x: 'at', y: 'rate', stroke: 'series', z: 'entity', strokeWidth: 1.5 }),
      Plot.dot(dots, { x: 'at', y: 'rate', fill: 'series', r: 4, title: 'title' }),
      Plot.ruleY([limits.rowsPerSecond], { stroke: 'var(--bad)', strokeDasharray: '4 3' }),
    ],
  }));
  return figureHtml(
    `Rows/s of one lane, run by run; dashed: the floor of ${whole(limits.rowsPerSecond)}`,
    legendHtml(series.names, seriesColour),
    svg,
  );
}

const PHASES = ['reading', 'writing', 'between batches'] as const;

/** Time that a thousand moved rows cost, phase by phase: by it entities of any size can be compared. */
export function phaseFigure({ entities }: PerformanceReport): string {
  const moved = entities.filter(({ rowsMoved }) => rowsMoved > 0);
  if (moved.length === 0) return '<p class="quiet">No row was moved.</p>\n';
  const bars = moved.flatMap(({ entity, rowsMoved, phases }) =>
    [phases.readMs, phases.writeMs, phases.betweenMs].map((ms, i) => {
      const each = (ms * 1000) / rowsMoved;
      const phase = PHASES[i] ?? '';
      return { entity, phase, ms: each, title: `${entity}: ${phase} ${each.toFixed(1)} ms for 1,000 rows` };
    }),
  );
  const svg = drawings('Milliseconds that a thousand rows cost, by phase and entity', ({ wide, bars: frame }) => ({
    ...frame(
      moved.map(({ entity }) => entity),
      wide ? 'ms for 1,000 rows' : 'ms / 1,000 rows',
    ),
    color: colours(PHASES),
    marks: [
      Plot.gridX(GRID),
      Plot.barX(bars, { x: 'ms', y: 'entity', fill: 'phase', title: 'title', inset: 0.5 }),
      Plot.ruleX([0], { stroke: 'var(--quiet)' }),
    ],
  }));
  return figureHtml('What a thousand rows cost, by phase', legendHtml(PHASES, seriesColour), svg);
}

export function batchFigure({ batches }: PerformanceReport): string {
  if (batches.length === 0) return '<p class="quiet">No batch moved a row.</p>\n';
  const dots = batches.map((bin) => ({
    ...bin,
    title: `${whole(bin.batches)} batches of about ${whole(bin.rows)} rows took about ${whole(bin.ms)} ms`,
  }));
  const svg = drawings('Batches by their rows and their time, larger where there are more', ({ wide, margins }) => ({
    height: wide ? 320 : 280,
    ...margins,
    x: { type: 'log', label: 'rows of a batch', tickFormat: 's', ticks: wide ? 6 : 3, nice: true },
    y: { type: 'log', label: 'ms', tickFormat: 's', ticks: 4, nice: true },
    r: { range: [0, wide ? 18 : 12] },
    marks: [
      Plot.gridY({ ...GRID, ticks: 4 }),
      Plot.dot(dots, {
        x: 'rows',
        y: 'ms',
        r: 'batches',
        fill: 'var(--s1)',
        fillOpacity: 0.8,
        stroke: 'var(--card)',
        title: 'title',
      }),
    ],
  }));
  return figureHtml('Batches by rows and time; the larger the dot, the more of them', '', svg);
}

export function memoryFigure({ memory, from, to, limits }: PerformanceReport): string {
  if (memory.length === 0) return '<p class="quiet">No batch has told its memory.</p>\n';
  const points = memory.map(({ at, bytes }) => ({
    at: new Date(at),
    mib: bytes / 2 ** 20,
    title: `${whole(bytes / 2 ** 20)} MiB, ${at}`,
  }));
  const most = Math.max(...points.map(({ mib }) => mib));
  const limit = limits.memoryBytes / 2 ** 20;
  // A limit far above would press the line to the floor.
  const shown = limit <= most * 2;
  const svg = drawings('Memory of the workers over time', ({ wide, ticks, margins }) => ({
    height: wide ? 240 : 220,
    ...margins,
    x: { type: 'utc', domain: [new Date(from), new Date(to)], label: null, ticks },
    y: { label: 'MiB', domain: [0, shown ? limit : most], nice: true, tickFormat: 's', ticks: 5 },
    marks: [
      Plot.gridY({ ...GRID, ticks: 5 }),
      Plot.lineY(points, { x: 'at', y: 'mib', stroke: 'var(--s1)', strokeWidth: 1.5 }),
      Plot.dot(points, { x: 'at', y: 'mib', fill: 'var(--s1)', r: 3, title: 'title' }),
      Plot.ruleY([0], { stroke: 'var(--quiet)' }),
      ...(shown ? [Plot.ruleY([limit], { stroke: 'var(--bad)', strokeDasharray: '4 3' })] : []),
    ],
  }));
  return figureHtml(`Most memory of a worker's process; its limit is ${whole(limit)} MiB`, '', svg);
}

export function differentialFigure({ differentials }: PerformanceReport): string {
  const open = differentials.filter((each) => each.open > 0);
  if (open.length === 0) return '<p class="good">No difference is open.</p>\n';
  const types = [...new Set(open.map(({ type }) => type))].sort();
  const entities = [...new Set(open.map(({ entity }) => entity))];
  const bars = open.map((each) => ({ ...each, title: `${each.entity}: ${whole(each.open)} open, ${each.type}` }));
  const svg = drawings('Open differences by entity and kind', ({ bars: frame }) => ({
    ...frame(entities, 'rows'),
    color: colours(types),
    marks: [
      Plot.gridX(GRID),
      Plot.barX(bars, { x: 'open', y: 'entity', fill: 'type', title: 'title', inset: 0.5 }),
      Plot.ruleX([0], { stroke: 'var(--quiet)' }),
    ],
  }));
  return figureHtml('Open differences, by entity and kind', legendHtml(types, seriesColour), svg);
}

export function columnFigure({ columns }: PerformanceReport): string {
  if (columns.length === 0) return '';
  const types = [...new Set(columns.map(({ type }) => type))].sort();
  const bars = columns.map(({ entity, column, type, rows }) => ({
    name: `${entity}.${column}`,
    type,
    rows,
    title: `${entity}.${column}: ${whole(rows)}, ${type}`,
  }));
  const names = [...new Set(bars.map(({ name }) => name))];
  const svg = drawings('Differences by column and kind', ({ bars: frame }) => ({
    ...frame(names, 'rows'),
    color: colours(types),
    marks: [
      Plot.gridX(GRID),
      Plot.barX(bars, { x: 'rows', y: 'name', fill: 'type', title: 'title', inset: 0.5 }),
      Plot.ruleX([0], { stroke: 'var(--quiet)' }),
    ],
  }));
  return figureHtml('The columns that differ most', legendHtml(types, seriesColour), svg);
}
