/**
 * Which table became which where the names say nothing. Tables that have found their partner tell of their neighbours: what
 * `bills` refers to is what the old table of bills referred to.
 *
 * 1. Compare each pair of tables that are left: columns that are alike, references to partners, references from partners.
 *    A reference counts as two columns. What the target has must be found; what the source has beside it counts little.
 * 2. Take the best pairs that lead clearly over every other pair of their two tables; each is a guess, and says why.
 * 3. Begin again, for there are partners more. What leads over nothing is not chosen but told.
 */
import { type Relation, relationText } from '../catalog.ts';
import { draftByName, isHousekeeping, legacyKeyColumn } from './columns.ts';
import { words } from './names.ts';
import type { Pair } from './pairs.ts';

export interface Guess extends Pair {
  readonly reason: string;
}

export interface Renamed {
  readonly pairs: readonly Guess[];
  /** Of target tables without a partner: which source relations could be it, or have a part of it. */
  readonly hints: ReadonlyMap<Relation, string>;
}

const LEAST_SCORE = 0.5;
/** So much better than the second. */
const LEAD = 0.1;
/** A part of a table is told where so much of it is found in a table that another entity reads. */
const LEAST_PART = 0.35;
const REFERENCE = 2;
/** A reference to a table that has no partner yet, on both sides: probably the same. */
const OPEN_REFERENCE = 1.5;
const OF_THE_TARGET = 0.7;
/** The confidence of a guess is below that of a name. */
const GUESSED = 0.8;

interface Compared extends Guess {
  readonly score: number;
}

export function pairRenamed(
  sources: readonly Relation[],
  targets: readonly Relation[],
  named: readonly Pair[],
): Renamed {
  const columns = columnsCompared(sources);
  const guesses: Guess[] = [];
  for (;;) {
    const pairs = [...named, ...guesses];
    const freeSources = sources.filter((source) => !pairs.some((pair) => pair.source === source));
    const freeTargets = targets.filter((target) => !pairs.some((pair) => pair.target === target));
    const compared = freeTargets.flatMap((target) =>
      freeSources.map((source) => compare(source, target, pairs, columns(source, target))),
    );
    const likely = compared.filter(({ score }) => score >= LEAST_SCORE).sort((a, b) => b.score - a.score);
    // Those that are nearly as sure as the best one; what is less sure may look otherwise when they have partners.
    const best = likely.filter((one) => rivals(one, compared).length === 0);
    const chosen = best.filter(({ score }) => score > (best[0]?.score ?? 0) - LEAD);
    if (chosen.length > 0) {
      guesses.push(...chosen);
      continue;
    }
    const hints = new Map<Relation, string>();
    for (const target of freeTargets) {
      const own = likely.filter((one) => one.target === target);
      const parts = pairs.map((pair) => ({
        ...compare(pair.source, target, pairs, columns(pair.source, target)),
        reader: pair.target,
      }));
      const [part] = parts.filter(({ score }) => score >= LEAST_PART).sort((a, b) => b.score - a.score);
      if (own.length > 0) hints.set(target, `undecided: ${own.map(choice).join('; or ')}`);
      else if (part !== undefined)
        hints.set(
          target,
          `perhaps a part of ${relationText(part.source)}, of which ${part.reader.name} is made (${part.reason}): two entities may read one table`,
        );
    }
    return { pairs: guesses, hints };
  }
}

const choice = ({ source, score, reason }: Compared): string =>
  `${relationText(source)} (${Math.round(score * GUESSED * 100)} %, ${reason})`;

/** Other pairs of the same source or target that are nearly as good. */
const rivals = (one: Compared, all: readonly Compared[]): readonly Compared[] =>
  all.filter(
    (other) =>
      (other.source === one.source) !== (other.target === one.target) &&
      other.score >= LEAST_SCORE - LEAD &&
      one.score - other.score < LEAD,
  );

interface Columns {
  /** Source and target columns that are alike, and how much that says: little where every table has such a column. */
  readonly alike: readonly { readonly source: string; readonly target: string; readonly says: number }[];
  readonly ofSource: number;
  readonly ofTarget: number;
}

/** Columns do not depend on who has a partner: they are compared once. */
function columnsCompared(sources: readonly Relation[]): (source: Relation, target: Relation) => Columns {
  const known = new Map<Relation, Map<Relation, Columns>>();
  const nameOf = (column: string): string => words(column).join(' ');
  const owners = new Map<string, number>();
  for (const source of sources)
    for (const name of new Set(source.columns.map((column) => nameOf(column.name))))
      owners.set(name, (owners.get(name) ?? 0) + 1);
  return (source, target) => {
    const ofSource = known.get(source) ?? new Map<Relation, Columns>();
    known.set(source, ofSource);
    const found = ofSource.get(target) ?? columnsOf(source, target, (name) => 1 / (owners.get(nameOf(name)) ?? 1));
    ofSource.set(target, found);
    return found;
  };
}

function columnsOf(source: Relation, target: Relation, says: (column: string) => number): Columns {
  const [from, to] = [telling(source), telling(target)];
  const drafted = draftByName({ ...source, columns: from }, target, to);
  const alike = drafted.map(([column, { from: name }]) => ({ source: name, target: column, says: says(name) }));
  return { alike, ofSource: from.length, ofTarget: to.length };
}

/** Columns that are neither keys nor references nor kept by the server. */
const telling = (relation: Relation): Relation['columns'] =>
  relation.columns.filter(
    (column) =>
      !column.generated &&
      !isHousekeeping(column.name) &&
      column !== legacyKeyColumn(relation) &&
      !(relation.primaryKey?.columns.includes(column.name) ?? false) &&
      !relation.foreignKeys.some((key) => key.columns.includes(column.name)),
  );

function compare(source: Relation, target: Relation, pairs: readonly Pair[], columns: Columns): Compared {
  const out = target.foreignKeys.map((key) => pairs.find((pair) => isParent(pair.target, key)));
  const agreed = out.filter((pair) => pair !== undefined && (pair.source === source || refers(source, pair.source)));
  const isOpen = (key: Relation['foreignKeys'][number]): boolean => !pairs.some((pair) => isParent(pair.source, key));
  const open = Math.min(out.filter((pair) => pair === undefined).length, source.foreignKeys.filter(isOpen).length);
  const children = pairs.filter((pair) => pair.target !== target && refers(pair.target, target));
  const agreedChildren = children.filter((pair) => refers(pair.source, source));

  const found = columns.alike.length + REFERENCE * (agreed.length + agreedChildren.length) + OPEN_REFERENCE * open;
  const wanted = columns.ofTarget + REFERENCE * (out.length + children.length);
  const offered = columns.ofSource + REFERENCE * (source.foreignKeys.length + agreedChildren.length);
  const says = columns.alike.reduce((sum, one) => sum + one.says, 0) + agreed.length + agreedChildren.length;
  const cover = (of: number): number => (of === 0 ? 0 : Math.min(1, found / of));
  // Less than one thing of its own: a name and a date are in every table.
  const score = says < 1 ? 0 : OF_THE_TARGET * cover(wanted) + (1 - OF_THE_TARGET) * cover(offered);
  const reasons = [
    ...(columns.alike.length === 0
      ? []
      : [columns.alike.map((one) => `${one.target} is like ${one.source}`).join(', ')]),
    ...agreed.map((pair) => pair && `it refers to ${pair.target.name} as that does to ${relationText(pair.source)}`),
    ...agreedChildren.map((pair) => `${pair.target.name} refers to it as ${relationText(pair.source)} does to that`),
  ];
  return { source, target, score, confidence: score * GUESSED, reason: [...new Set(reasons)].join('; ') };
}

const isParent = ({ schema, name }: Relation, key: Relation['foreignKeys'][number]): boolean =>
  schema === key.parentSchema && name === key.parentTable;

/** By a foreign key, or by a column that is called like the parent's key: many an old schema has no foreign keys. */
function refers(child: Relation, parent: Relation): boolean {
  if (child.foreignKeys.some((key) => isParent(parent, key))) return true;
  const [key, ...more] = parent.primaryKey?.columns ?? [];
  if (key === undefined || more.length > 0 || child === parent || words(key).length < 2) return false;
  return child.columns.some(({ name }) => name === key) && !(child.primaryKey?.columns[0] === key);
}
