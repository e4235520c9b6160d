/**
 * The colours of a report, by day and by night. Text stands out from its ground by 4.5 to 1 and what is drawn by 3 to 1 (WCAG
 * 1.4.3 and 1.4.11); a test computes it. Series are told apart by their names beside them too, never by colour alone.
 */
export interface Theme {
  readonly ground: string;
  readonly card: string;
  readonly ink: string;
  readonly quiet: string;
  readonly line: string;
  readonly link: string;
  readonly good: string;
  readonly bad: string;
  /** In the order in which they are given out. */
  readonly series: readonly string[];
}

export const LIGHT: Theme = {
  ground: '#f6f5f2',
  card: '#ffffff',
  ink: '#1c2026',
  quiet: '#565d68',
  line: '#d9d7d1',
  link: '#1f4fbf',
  good: '#1b6e42',
  bad: '#a81d33',
  series: ['#2a5fcf', '#b5540d', '#1e7d4d', '#8a3fa8', '#0f7488', '#a83254', '#7a6500', '#5c6370'],
};

export const DARK: Theme = {
  ground: '#12151a',
  card: '#1b1f26',
  ink: '#e8eaed',
  quiet: '#a7aeb9',
  line: '#363c46',
  link: '#8fb4ff',
  good: '#6fd39b',
  bad: '#ff9aa6',
  series: ['#82abff', '#f2a066', '#66cc97', '#d39cec', '#5fc9dc', '#ff94b0', '#d9bf55', '#a9b0bc'],
};

/** As custom properties, which both the page and the plots use. */
export const variablesOf = (theme: Theme): string =>
  Object.entries(theme)
    .flatMap(([name, value]: [string, string | readonly string[]]) =>
      typeof value === 'string' ? [`--${name}: ${value};`] : value.map((each, i) => `--s${i + 1}: ${each};`),
    )
    .join(' ');

/** The colour of the nth series; the last stands for all that are left. */
export const seriesColour = (n: number): string => `var(--s${Math.min(n, LIGHT.series.length - 1) + 1})`;
export const SERIES = LIGHT.series.length;
