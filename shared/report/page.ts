/**
 * The frame of a report: one file that needs nothing else, no script and no network; light or dark as the reader has it, on a
 * phone and on paper. Everything that is shown in a plot stands in a table beside it.
 */
import { DARK, LIGHT, variablesOf } from './palette.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);

/** As `escaped`, for sentences with commands and moments in them: `--flags` and what else has a hyphen are not broken there. */
export const sentence = (text: string): string =>
  escaped(text).replace(/(?<![^\s(])[^\s(]*-[^\s)]*/g, (word) =>
    word.length > UNBROKEN ? word : `<span class="whole">${word}</span>`,
  );
/** Longer words would not go into a column of a phone. */
const UNBROKEN = 24;

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly html: string;
}

export interface Page {
  readonly title: string;
  /** A line below the title. */
  readonly about: string;
  readonly sections: readonly Section[];
}

const STYLE = `
:root { color-scheme: light dark; ${variablesOf(LIGHT)} }
@media (prefers-color-scheme: dark) { :root { ${variablesOf(DARK)} } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: anywhere; font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main, header, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: clamp(1.5rem, 1.1rem + 2vw, 2.1rem); line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 0 0 .25rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p { margin: .25rem 0 .75rem; max-width: 60ch; }
.whole { white-space: nowrap; }
.quiet { color: var(--quiet); }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -100vw; } .skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: 1rem 0 0; padding: 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1.25rem; margin: 1.25rem 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: 1rem; margin: 1rem 0 0; }
.facts div { border-left: 3px solid var(--line); padding-left: .75rem; }
.facts dt { color: var(--quiet); font-size: .85rem; } .facts dd { margin: 0; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
figure { margin: .75rem 0 1rem; } figcaption { color: var(--quiet); font-size: .9rem; margin-bottom: .5rem; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; list-style: none; margin: 0 0 .5rem; padding: 0; font-size: .9rem; }
.legend li::before { content: ""; display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em; background: var(--swatch); }
svg { display: block; max-width: 100%; height: auto; } svg text { fill: var(--ink); }
.phone { display: none; } @media (max-width: 40rem) { .phone { display: block; } .desk { display: none; } section { padding: 1rem .8rem; } }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .75rem .35rem 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; overflow-wrap: break-word; }
td.n, th.n { text-align: right; } td.wrap { white-space: normal; min-width: 14rem; overflow-wrap: anywhere; }
@media (max-width: 40rem) { table:has(.wrap) :is(th, td) { white-space: normal; } td.wrap { min-width: 10rem; } }
td :is(.good, .bad) { white-space: nowrap; }
thead th { color: var(--quiet); font-weight: 600; }
summary { cursor: pointer; color: var(--link); margin-top: .75rem; width: fit-content; }
.verdict { font-size: 1.35rem; line-height: 1.3; margin: .5rem 0; }
.sign { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: 1.5rem; margin: 1rem 0 0; } .sign dt { color: var(--quiet); font-size: .85rem; } .sign dd { margin: 0; border-bottom: 1px solid var(--quiet); height: 2.6rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .bad, .good { font-weight: 600; }
ul.advice { margin: .25rem 0 0; padding-left: 1.2rem; } footer { padding-bottom: 3rem; font-size: .9rem; }
@media print {
  :root { ${variablesOf(LIGHT)} } body { background: #fff; font-size: 10.5pt; } nav, .skip { display: none; }
  section { border: 0; padding: 0; margin: 0 0 1.25rem; break-inside: avoid; } details::details-content { content-visibility: visible; display: block; }
  .phone { display: none; } .desk { display: block; } .scroll { overflow: visible; } table { margin-bottom: .75rem; font-size: 9pt; }
  th, td:not(.n), td.wrap { white-space: normal; min-width: 0; } summary { display: block; color: var(--quiet); }
}`;

/** The whole document. */
export function pageHtml({ title, about, sections }: Page): string {
  const links = sections.map(({ id, title: name }) => `<li><a href="#${id}">${escaped(name)}</a></li>`).join('');
  const parts = sections.map(
    ({ id, title: name, html }) =>
      `<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${escaped(name)}</h2>\n${html}</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header><h1>${escaped(title)}</h1>
<p class="quiet">${escaped(about)}</p>
<nav aria-label="Sections"><ul>${links}</ul></nav></header>
<main id="main">
${parts.join('\n')}
</main>
</body>
</html>
`;
}

export interface Cell {
  readonly head: string;
  readonly align?: 'n' | 'wrap';
}

/** Long names may be broken behind an underscore, where a cell breaks at all; not so what stands in a tag. */
const breakable = (html: string): string => html.replace(/_(?![^<]*>)/g, '_<wbr>');

/** A table that scrolls by itself where it is too wide, by keyboard too. `html` cells are trusted. */
export function tableHtml(label: string, cells: readonly Cell[], rows: readonly (readonly string[])[]): string {
  const kind = (i: number): string => (cells[i]?.align === undefined ? '' : ` class="${cells[i].align}"`);
  const head = cells.map(({ head: text }, i) => `<th scope="col"${kind(i)}>${escaped(text)}</th>`).join('');
  const body = rows
    .map((row) => `<tr>${row.map((cell, i) => `<td${kind(i)}>${breakable(cell)}</td>`).join('')}</tr>`)
    .join('\n');
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escaped(label)}"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

export const detailsHtml = (summary: string, html: string): string =>
  `<details><summary>${escaped(summary)}</summary>\n${html}</details>\n`;

/** Big numbers with what they count. */
export const factsHtml = (facts: readonly (readonly [string, string])[]): string =>
  `<dl class="facts">${facts.map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`).join('')}</dl>\n`;

export const legendHtml = (names: readonly string[], colourOf: (n: number) => string): string =>
  names.length < 2
    ? ''
    : `<ul class="legend">${names.map((name, i) => `<li style="--swatch: ${colourOf(i)}">${escaped(name)}</li>`).join('')}</ul>\n`;

export const figureHtml = (caption: string, legend: string, drawings: string): string =>
  `<figure><figcaption>${escaped(caption)}</figcaption>\n${legend}${drawings}</figure>\n`;
