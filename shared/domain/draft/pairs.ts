/** Which source relation a target table was probably made of: by its name, and by how many of its columns are found there. */
import type { Relation } from '../catalog.ts';
import { columnLikeness, likeness, tableWords } from './names.ts';
import { fits } from './types.ts';

export interface Pair {
  readonly source: Relation;
  readonly target: Relation;
  /** 0 to 1. */
  readonly confidence: number;
}

/** A name counts more than columns: every table has a name, a phone and a date. */
const WEIGHT_OF_THE_NAME = 0.65;
/** Below it two tables rather have nothing to do with each other. */
const LEAST_CONFIDENCE = 0.5;

/** The best partners first; each relation has one partner at most. */
export function pairRelations(sources: readonly Relation[], targets: readonly Relation[]): readonly Pair[] {
  const candidates = targets
    .flatMap((target) => sources.map((source) => ({ source, target, confidence: confidence(source, target) })))
    .filter((pair) => pair.confidence >= LEAST_CONFIDENCE)
    .sort(
      (a, b) =>
        b.confidence - a.confidence ||
        a.target.name.localeCompare(b.target.name) ||
        a.source.name.localeCompare(b.source.name),
    );
  const taken = new Set<Relation>();
  return candidates.filter(({ source, target }) => {
    if (taken.has(source) || taken.has(target)) return false;
    taken.add(source).add(target);
    return true;
  });
}

function confidence(source: Relation, target: Relation): number {
  const byName = likeness(tableWords(source.name), tableWords(target.name));
  // Columns alone cannot lift it over the least; most pairs of a large schema end here, cheaply.
  if (WEIGHT_OF_THE_NAME * byName + (1 - WEIGHT_OF_THE_NAME) < LEAST_CONFIDENCE) return 0;
  const telling = target.columns.filter(
    (column) => !column.generated && !(target.primaryKey?.columns.includes(column.name) ?? false),
  );
  const found = telling.filter((column) =>
    source.columns.some(
      (candidate) =>
        fits(candidate, column) > 0 &&
        columnLikeness({ column: candidate.name, table: source.name }, { column: column.name, table: target.name }) >=
          0.75,
    ),
  );
  const byColumns = telling.length === 0 ? byName : found.length / telling.length;
  return Math.min(1, WEIGHT_OF_THE_NAME * byName + (1 - WEIGHT_OF_THE_NAME) * byColumns + (byName === 1 ? 0.1 : 0));
}
