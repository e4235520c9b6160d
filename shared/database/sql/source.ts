/** Everything that is asked of the source: rows with their hashes, sums of hashes, and where ranges may be cut. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { travelsBinary } from '../../domain/value-types.ts';
import { keyDigest, uuidBytes } from './new-key.ts';
import type { KeyRange } from './range.ts';
import { allOf, inRange, keyLiteral } from './range.ts';

export type RowSelection =
  | { readonly range: KeyRange; /** The first rows of the range in key order. */ readonly limit?: number | undefined }
  | { readonly keys: readonly string[] }
  /** Rows that a condition over `s` chooses. */
  | { readonly chosen: string };

const conditions = (entity: CompiledEntity, selection: RowSelection): readonly string[] =>
  'chosen' in selection
    ? [...entity.source.where, selection.chosen]
    : 'keys' in selection
      ? [
          ...entity.source.where,
          `${entity.source.key} IN (${selection.keys.map((key) => keyLiteral(entity.order, key)).join(', ')})`,
        ]
      : [...entity.source.where, ...inRange(entity.order, entity.source.key, selection.range)];

/**
 * The same without keys that stand for several rows: a limit would count them, and split them. Without limit or list they
 * are read, and left out where they are staged, which spares a pass over the source.
 */
const singly = (entity: CompiledEntity, selection: RowSelection): readonly string[] => {
  const all = conditions(entity, selection);
  if (entity.keyIsUnique) return all;
  return [
    ...all,
    `${entity.source.key} NOT IN (SELECT ${entity.source.key} FROM ${entity.source.from} WHERE ${allOf(all)} GROUP BY 1 HAVING count(*) > 1)`,
  ];
};

/** The first rows in key order, cut before any expression is evaluated: one that fails on a row must not fail on those before it. */
const firstRows = (entity: CompiledEntity, selection: RowSelection, limit: number): string =>
  `(SELECT s.* FROM ${entity.source.from} WHERE ${allOf(singly(entity, selection))} ORDER BY ${entity.source.key} LIMIT ${limit}) AS s`;

/**
 * The rows projected: `q.k` and every staged column. OFFSET 0 keeps the planner from evaluating each expression twice where
 * a column is read twice; `once` says that none is, and lets the query run in parallel.
 */
function projection(
  entity: CompiledEntity,
  selection: RowSelection,
  extra: readonly string[] = [],
  once = false,
): string {
  const columns = entity.columns.flatMap((column) =>
    column.staged === null ? [] : [`${column.source} AS ${column.staged}`],
  );
  const key = entity.order === 'integer' ? `(${entity.source.key})::bigint` : entity.source.key;
  const limit = 'limit' in selection ? selection.limit : undefined;
  const listed =
    'keys' in selection || 'chosen' in selection ? singly(entity, selection) : conditions(entity, selection);
  const rows =
    limit === undefined ? `${entity.source.from} WHERE ${allOf(listed)}` : firstRows(entity, selection, limit);
  return `(SELECT ${[`${key} AS k`, ...columns, ...extra].join(', ')} FROM ${rows}${once ? '' : ' OFFSET 0'}) AS q`;
}

/** Names of the staged columns, in the order in which they are copied. */
export const stagedColumns = (entity: CompiledEntity): readonly string[] =>
  entity.columns.flatMap((column) => (column.staged === null ? [] : [column.staged]));

/** How rows travel from COPY to COPY. */
export const copyFormat = (entity: CompiledEntity): string =>
  entity.columns.every((column) => column.staged === null || travelsBinary(column.wire)) ? ' (FORMAT binary)' : '';

const momentOf = ({ stagesMoment, moments }: CompiledEntity): readonly string[] =>
  stagesMoment && moments !== null ? [`${moments.source} AS moment`] : [];

/**
 * Whether the source can derive the keys of an entity's rows and send them as bytes that the stage takes for a uuid: of COPY's
 * binary form both are 16 bytes. It spares each row a text that is made and read again (measured: 2.6 us of 50). Of a key that
 * is a number, whose text has the same bytes in any encoding.
 */
export const isDerivedBySource = (entity: CompiledEntity): boolean =>
  entity.target.surrogate && entity.normal.ids !== 'random' && entity.order === 'integer' && copyFormat(entity) !== '';

/** What else a COPY brings of each row. */
export interface CopyExtras {
  /** The map's name: rows come with the keys that they get in the target, where the source can derive them. */
  readonly deriveFor?: string | undefined;
}

/** COPY of rows with their hash: expressions are evaluated by the source, no row is parsed on the way. */
export function copyOut(entity: CompiledEntity, selection: RowSelection, { deriveFor }: CopyExtras = {}): string {
  const digest =
    deriveFor === undefined
      ? []
      : [`${keyDigest(entity, deriveFor, `(${entity.source.key})::bigint::text`)} AS digest`];
  const names = [
    'q.k',
    entity.source.hash,
    ...stagedColumns(entity).map((c) => `q.${c}`),
    ...(entity.stagesMoment ? ['q.moment'] : []),
    ...(deriveFor === undefined ? [] : [uuidBytes('q.digest')]),
  ];
  const rows = projection(entity, selection, [...momentOf(entity), ...digest]);
  return `COPY (SELECT ${names.join(', ')} FROM ${rows}) TO STDOUT${copyFormat(entity)}`;
}

/** The same with one more column for each reference, true where the parent exists in the source: for a dry run. */
export const copyOutWithParents = (entity: CompiledEntity, selection: RowSelection): string => {
  const parents = entity.references.map((reference, i) => `${reference.parentInSource} AS p${i}`);
  const names = [
    'q.k',
    entity.source.hash,
    ...stagedColumns(entity).map((c) => `q.${c}`),
    ...parents.map((_, i) => `q.p${i}`),
  ];
  return `COPY (SELECT ${names.join(', ')} FROM ${projection(entity, selection, parents)}) TO STDOUT${copyFormat(entity)}`;
};

/** Key and hash of every row of a range. */
export const copyHashes = (entity: CompiledEntity, range: KeyRange): string =>
  `COPY (SELECT q.k, ${entity.source.hash} FROM ${projection(entity, { range }, [], true)}) TO STDOUT (FORMAT binary)`;

/** Count and hash sum of the source in each of the ranges that `bounds` cut `range` into; bucket 0 is the first. */
export function sourceSums(entity: CompiledEntity, range: KeyRange, bounds: readonly string[]): string {
  return `SELECT ${bucketOf(entity, 'q.k', bounds)} AS bucket, count(*) AS rows, sum(${entity.source.hash}) AS hashes FROM ${projection(entity, { range }, [], true)} GROUP BY 1`;
}

const LARGEST = 9223372036854775807n;

/** Number of the range that a key falls into, when ranges end at the bounds inclusively: the count of bounds below the key. */
export function bucketOf(entity: CompiledEntity, key: string, bounds: readonly string[]): string {
  // width_bucket counts the thresholds at or below its operand; a key that equals a bound still belongs to the range before it.
  const counted = (thresholds: readonly string[]): string =>
    thresholds.length === 0
      ? '0'
      : `width_bucket(${key}, ARRAY[${thresholds.map((bound) => keyLiteral(entity.order, bound)).join(', ')}])`;
  if (entity.order === 'integer') {
    // Bounds below the key are those whose successor is at or below it; the largest bigint has no successor, and no key above it.
    return counted(bounds.filter((bound) => BigInt(bound) < LARGEST).map((bound) => String(BigInt(bound) + 1n)));
  }
  if (bounds.length === 0) return '0';
  return `${counted(bounds)} - (${key} = ANY (ARRAY[${bounds.map((bound) => keyLiteral(entity.order, bound)).join(', ')}]))::int`;
}

/** Every `step`-th key in order: where a range of about equally many rows ends. Reads the key's index alone where there is one. */
export const everyNthKey = (entity: CompiledEntity, range: KeyRange, step: number): string =>
  `SELECT b.k::text AS key FROM (SELECT ${entity.source.key} AS k, row_number() OVER (ORDER BY ${entity.source.key}) AS n FROM ${entity.source.from}
    WHERE ${allOf(conditions(entity, { range }))}) AS b WHERE b.n % ${step} = 0 ORDER BY b.k`;

/** The keys that end the first `steps` steps of so many rows. */
export const firstSteps = (entity: CompiledEntity, range: KeyRange, step: number, steps: number): string =>
  `SELECT b.k::text AS key FROM (SELECT h.k, row_number() OVER (ORDER BY h.k) AS n FROM (SELECT ${entity.source.key} AS k FROM ${entity.source.from}
    WHERE ${allOf(conditions(entity, { range }))} ORDER BY 1 LIMIT ${step * steps}) AS h) AS b WHERE b.n % ${step} = 0 ORDER BY b.k`;

/** Rows that a sample should hold: quantiles of so many stray by less than 3 % of a slice at 20 slices. */
const SAMPLE_ROWS = 30_000;

/** A sample of the source's pages is enough to cut it evenly, and worth it: it is a table, and many times the sample. */
export const canSample = (entity: CompiledEntity, rows: number): boolean =>
  entity.source.hasPages && entity.source.estimatedRows >= 4 * SAMPLE_ROWS && rows >= 4 * SAMPLE_ROWS;

/** Keys that cut the source into `parts` ranges of about equally many rows, by a sample of its pages: no index is read through. */
export function sampledBounds(entity: CompiledEntity, parts: number): string {
  const percent = Math.min(100, (100 * SAMPLE_ROWS) / entity.source.estimatedRows);
  const fractions = Array.from({ length: parts - 1 }, (_, i) => (i + 1) / parts);
  return `SELECT b.k::text AS key FROM (SELECT unnest(percentile_disc(ARRAY[${fractions.join(', ')}]::float8[]) WITHIN GROUP (ORDER BY ${entity.source.key})) AS k
    FROM ${entity.source.from} TABLESAMPLE SYSTEM (${percent.toFixed(6)}) REPEATABLE (0) WHERE ${allOf(entity.source.where)}) AS b WHERE b.k IS NOT NULL GROUP BY b.k ORDER BY b.k${entity.order === 'integer' ? '' : ' COLLATE "C"'}`;
}

export const countRows = (entity: CompiledEntity): string =>
  `SELECT count(*) AS rows FROM ${entity.source.from} WHERE ${allOf(entity.source.where)}`;

/** The key that stands first in a range, where its row cannot be read for an error in an expression. */
export const firstKey = (entity: CompiledEntity, range: KeyRange): string =>
  `SELECT ${entity.source.key}::text AS key FROM ${firstRows(entity, { range }, 1)}`;

/** How many rows each of the keys stands for; a key that is not there is not in the answer. */
export const countKeys = (entity: CompiledEntity, keys: readonly string[]): string =>
  `SELECT ${entity.source.key}::text AS key, count(*) AS rows FROM ${entity.source.from} WHERE ${allOf(conditions(entity, { keys }))} GROUP BY ${entity.source.key}`;

/** A hash of everything that stands in the source for each of the keys, mapped columns or not. */
export const fingerprints = (entity: CompiledEntity, keys: readonly string[]): string =>
  `SELECT ${entity.source.key}::text AS key, ${FINGERPRINT} AS hash FROM ${entity.source.from} WHERE ${allOf(conditions(entity, { keys }))} GROUP BY ${entity.source.key}`;

/** The same of the rows without a key. */
export const nullFingerprint = (entity: CompiledEntity): string =>
  `SELECT ${FINGERPRINT} AS hash FROM ${entity.source.from} WHERE ${allOf(withoutKey(entity))}`;

/** Wrapped, so that rows that swap values are seen (SEMANTICS 3). A column that is added and empty changes no row. */
const FINGERPRINT = 'sum(hashint8extended(hashtextextended(jsonb_strip_nulls(to_jsonb(s))::text, 0), 0))::text';

/** Keys that stand for several rows: only asked where no unique index proves the key (SEMANTICS 7). */
export const duplicateKeys = (entity: CompiledEntity): string =>
  `SELECT ${entity.source.key}::text AS key, count(*) AS rows FROM ${entity.source.from} WHERE ${allOf(entity.source.where)} GROUP BY ${entity.source.key} HAVING count(*) > 1`;

export const nullKeys = (entity: CompiledEntity): string =>
  `SELECT count(*) AS rows FROM ${entity.source.from} WHERE ${allOf(withoutKey(entity))}`;

const withoutKey = ({ normal, source }: CompiledEntity): readonly string[] => [
  ...(normal.source.where === null ? [] : [`(${normal.source.where})`]),
  `(${source.nullKey ?? 'false'})`,
];
