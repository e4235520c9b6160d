/**
 * The plots of a report as SVG, drawn by Observable Plot in a virtual document: the only file that knows either. Each is drawn
 * twice, for a phone and for a desk, so that its letters have the size of those around it.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** What Plot takes; its own types speak of a browser's document, which there is none of here. */
export type PlotOptions = Omit<Plot.PlotOptions, 'document' | 'width'>;

const WIDTHS = { desk: 960, phone: 340 } as const;
/** Letters of a name that are shown before a bar; the table beside the drawing has it whole. */
const LETTERS = { desk: 30, phone: 18 } as const;
/** A broad letter of the drawing's size, and the tick behind the name. */
const LETTER_WIDTH = 8;
const TICK = 14;

export interface Drawn {
  readonly wide: boolean;
  /** As many ticks as have room. */
  readonly ticks: number;
  /** Room for the labels of both axes. */
  readonly margins: { readonly marginTop: number; readonly marginLeft: number; readonly marginBottom: number };
  /** Frame and axes of bars, one for each name. */
  readonly bars: (names: readonly string[], label: string) => PlotOptions;
}

/** @param label what a screen reader says in place of the drawing; the figures stand in a table beside it */
export function drawings(label: string, options: (drawn: Drawn) => PlotOptions): string {
  return (['desk', 'phone'] as const)
    .map((screen) => {
      const wide = screen === 'desk';
      const ticks = wide ? 8 : 4;
      const margins = { marginTop: 34, marginLeft: 60, marginBottom: 48 };
      const bars = (names: readonly string[], x: string): PlotOptions => barsOf(names, x, LETTERS[screen], ticks);
      const drawn = { wide, ticks, margins, bars };
      return `<div class="${screen}">${svgOf(label, WIDTHS[screen], options(drawn))}</div>\n`;
    })
    .join('');
}

interface Drawing {
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
}

function barsOf(names: readonly string[], label: string, letters: number, ticks: number): PlotOptions {
  const cut = (name: string): string => (name.length <= letters ? name : `${name.slice(0, letters - 1)}\u2026`);
  return {
    height: 66 + names.length * 26,
    marginTop: 20,
    marginLeft: Math.max(...names.map((name) => cut(name).length)) * LETTER_WIDTH + TICK,
    marginBottom: 46,
    x: { label, ticks, tickFormat: 's' },
    y: { label: null, domain: [...names], tickFormat: cut },
  };
}

function svgOf(label: string, width: number, options: PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>') as unknown as {
    readonly document: object;
  };
  const plot = Plot.plot({
    style: { fontSize: '13px', background: 'none' },
    ariaLabel: label,
    ...options,
    width,
    document,
  }) as unknown as Drawing & { querySelectorAll(selector: string): Iterable<Drawing> };
  // The drawing is one picture with one name: what Plot calls its parts is for nobody, and no role of theirs takes a name.
  for (const part of plot.querySelectorAll('[aria-label]')) part.removeAttribute('aria-label');
  plot.setAttribute('role', 'img');
  return plot.outerHTML;
}

export { Plot };
