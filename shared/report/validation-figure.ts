/** Rows that differ, by entity and kind, as one drawing. */
import type { JudgeOutput } from '../contracts/validation.ts';
import { figureHtml, legendHtml } from './page.ts';
import { seriesColour } from './palette.ts';
import { drawings, Plot } from './plots.ts';

const KINDS = [
  ['missing', 'missing'],
  ['extra', 'extra'],
  ['value', 'value'],
  ['orphan', 'orphan'],
  ['wrongParent', 'wrong parent'],
] as const;

export function differenceFigure(entities: JudgeOutput['entities']): string {
  const bars = Object.entries(entities).flatMap(([entity, each]) =>
    KINDS.flatMap(([field, kind]) => {
      const rows = each[field];
      return rows === 0 ? [] : [{ entity, kind, rows, title: `${entity}: ${rows.toLocaleString('en-US')} ${kind}` }];
    }),
  );
  if (bars.length === 0) return '';
  const names = [...new Set(bars.map(({ entity }) => entity))];
  const kinds = KINDS.map(([, kind]) => kind).filter((kind) => bars.some((bar) => bar.kind === kind));
  const svg = drawings('Rows that differ, by entity and kind', ({ bars: frame }) => ({
    ...frame(names, 'rows'),
    color: { domain: [...kinds], range: kinds.map((_, i) => seriesColour(i)) },
    marks: [
      Plot.gridX({ stroke: 'var(--line)', strokeOpacity: 1 }),
      Plot.barX(bars, { x: 'rows', y: 'entity', fill: 'kind', title: 'title', inset: 0.5 }),
      Plot.ruleX([0], { stroke: 'var(--quiet)' }),
    ],
  }));
  return figureHtml('Rows that differ, by kind', legendHtml(kinds, seriesColour), svg);
}
