/**
 * The plots of a report as SVG, drawn by Observable Plot in a virtual document: the only file that knows either. Each is drawn
 * twice, for a phone and for a desk, so that its letters have the size of those around it.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** What Plot takes; its own types speak of a browser's document, which there is none of here. */
export type PlotOptions = Omit<Plot.PlotOptions, 'document' | 'width'>;

const WIDTHS = { desk: 960, phone: 340 } as const;
/** Where the names of rows stand. */
const NAMES = { desk: 150, phone: 96 } as const;

export interface Drawn {
  readonly wide: boolean;
  /** Room for names at the left. */
  readonly names: number;
  /** As many ticks as have room. */
  readonly ticks: number;
}

/** @param label what a screen reader says in place of the drawing; the figures stand in a table beside it */
export function drawings(label: string, options: (drawn: Drawn) => PlotOptions): string {
  return (['desk', 'phone'] as const)
    .map((screen) => {
      const wide = screen === 'desk';
      const drawn = { wide, names: NAMES[screen], ticks: wide ? 8 : 4 };
      return `<div class="${screen}">${svgOf(label, WIDTHS[screen], options(drawn))}</div>\n`;
    })
    .join('');
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
  }) as unknown as {
    setAttribute(name: string, value: string): void;
    outerHTML: string;
  };
  plot.setAttribute('role', 'img');
  return plot.outerHTML;
}

export { Plot };
