/**
 * A row that both sides are looked at for while others write to them, part by part: whether it is there, and each value that
 * is compared. The two sides are never read at one moment, so a difference says nothing by itself. What decides, of a part:
 *
 * 1. It stood still in the source for half of the window, and the target shows something else: a difference.
 * 2. The source moved on lately: none if the target showed, at one of the looks, what the source had shown; it follows.
 *
 * So a row that never stands still is decided too: what stands still in it by the first, what moves by the second.
 */

/** What stands on one side: whether the row is there, in a word, and then its parts. */
export type Image = readonly [presence: string, ...parts: string[]];

interface Part {
  source: string;
  target: string;
  sourceMovedAt: number;
  followed: boolean;
  readonly seenInSource: Set<string>;
}

export interface MovingRow {
  readonly parts: Map<number, Part>;
  moved: boolean;
}

/** What of a row differs for good: the row itself, or these of its parts, counted from 1. */
export interface Divergence {
  readonly presence: boolean;
  readonly parts: readonly number[];
}

export const movingRow = (): MovingRow => ({ parts: new Map(), moved: false });

export const areAlike = (source: Image, target: Image): boolean =>
  source.length === target.length && source.every((part, i) => part === target[i]);

/** Takes in one look at both sides. */
export function observe(row: MovingRow, source: Image, target: Image, at: number): void {
  const shared = Math.min(source.length, target.length);
  for (let i = 0; i < shared; i++) {
    const [ofSource = '', ofTarget = ''] = [source[i], target[i]];
    const known = row.parts.get(i);
    const part = known ?? {
      source: ofSource,
      target: ofTarget,
      sourceMovedAt: at,
      followed: false,
      seenInSource: new Set<string>(),
    };
    if (part.source !== ofSource) {
      part.sourceMovedAt = at;
      row.moved = true;
    }
    if (part.target !== ofTarget) row.moved = true;
    part.source = ofSource;
    part.target = ofTarget;
    part.seenInSource.add(ofSource);
    part.followed ||= part.seenInSource.has(ofTarget);
    row.parts.set(i, part);
  }
}

/** What is believed of the row at the end of the window; null: nothing. */
export function divergenceOf({ parts }: MovingRow, at: number, windowMs: number): Divergence | null {
  const differs = ([, part]: readonly [number, Part]): boolean =>
    part.source !== part.target && (at - part.sourceMovedAt >= windowMs / 2 || !part.followed);
  const found = [...parts].filter(differs).map(([place]) => place);
  // Of a row that is on one side alone nothing else is known.
  const presence = parts.get(0);
  if (presence !== undefined && presence.source !== presence.target)
    return found.includes(0) ? { presence: true, parts: [] } : null;
  const values = found.filter((place) => place > 0);
  return values.length === 0 ? null : { presence: false, parts: values };
}
