/**
 * The hash of a row of values that are told apart exactly (SEMANTICS 3): each value by its type's own hash with a seed of its
 * own, mixed. A quarter less of a processor than `hash_record_extended` over the same row, which makes a tuple of it first and takes
 * that apart again (docs/adr/0057).
 */
import { underlying, type Column, type TypeInfo } from './catalog.ts';
import type { OrderKind } from './order-kind.ts';
import { builtin, exactForm, hasFixedScale } from './value-types.ts';

/** How both migrations and validations hash a row: value by value, or, on servers before 14, by the row's text. */
export type RowHashMode = 'record' | 'text';

/** By what a server hashes a form. */
export type Hashing =
  'int4' | 'int8' | 'bool' | 'uuid' | 'date' | 'timestamp' | 'timestamptz' | 'text' | 'numeric' | 'bytea';

/** Something that is true of a value: equal forms are equal values. */
export interface HashedForm {
  readonly sql: string;
  readonly as: Hashing;
}

type Call = (sql: string, seed: number, serverVersion: number) => string;

const by =
  (name: string): Call =>
  (sql, seed) =>
    `${name}(${sql}, ${seed})`;

/** Functions that can be called only since 18. The hash of a row of one value is the hash of the value, but that of a NULL is 0. */
const since18 =
  (name: string): Call =>
  (sql, seed, serverVersion) =>
    serverVersion >= 180000
      ? `${name}(${sql}, ${seed})`
      : `CASE WHEN ${sql} IS NOT NULL THEN hash_record_extended(row(${sql}), ${seed}) END`;

const IN_C = ' COLLATE "C"';

const CALLS: Readonly<Record<Hashing, Call>> = {
  int4: by('hashint4extended'),
  int8: by('hashint8extended'),
  bool: (sql, seed) => `hashint4extended((${sql})::int4, ${seed})`,
  uuid: by('uuid_hash_extended'),
  date: since18('hashdateextended'),
  timestamp: by('timestamp_hash_extended'),
  timestamptz: since18('timestamptz_hash_extended'),
  text: (sql, seed) => `hashtextextended(${sql.endsWith(IN_C) ? sql : `(${sql})${IN_C}`}, ${seed})`,
  numeric: by('hash_numeric_extended'),
  bytea: since18('hashbyteaextended'),
};

/** What a NULL counts as: a number that stands for no other form, and by chance for one value in 2^64. */
const nullOf = (seed: number): number => -seed;

/**
 * Wrapped once more: in a sum of bare mixtures what two rows swap may cancel. As a seed: as a value its halves would be folded,
 * and 32 bits be left of it.
 * @param serverVersion of the server that runs it; another one gives the same number where its hash functions do
 */
export function hashOfRow(forms: readonly HashedForm[], mode: RowHashMode, serverVersion: number): string {
  if (mode === 'text') return `hashtextextended(row(${forms.map(({ sql }) => sql).join(', ')})::text COLLATE "C", 0)`;
  const hashes = forms.map(({ sql, as }, i) => `coalesce(${CALLS[as](sql, i + 1, serverVersion)}, ${nullOf(i + 1)})`);
  return `hashint8extended(0, ${hashes.length === 0 ? '0' : hashes.join(' # ')})`;
}

/** The fastest way that a server has. */
export const rowHashMode = (serverVersion: number): RowHashMode => (serverVersion >= 140000 ? 'record' : 'text');

/** The hash of a row that no other server has to give. */
export const rowHash = (forms: readonly HashedForm[], serverVersion: number): string =>
  hashOfRow(forms, rowHashMode(serverVersion), serverVersion);

const AS: Readonly<Record<string, Hashing>> = {
  ...{ int2: 'int4', int4: 'int4', int8: 'int8', bool: 'bool', uuid: 'uuid', date: 'date', timestamp: 'timestamp' },
  ...{ timestamptz: 'timestamptz', text: 'text', varchar: 'text', bytea: 'bytea' },
};

/** By what the exact form of a value is hashed: where it is no typed value, it is a text. */
const hashingOf = (type: TypeInfo): Hashing => {
  const base = underlying(type);
  return (base.builtin ? AS[base.name] : undefined) ?? 'text';
};

/** The exact form of a value. `sql` is of the column's type or of its wire type. */
const exactlyHashed = (type: TypeInfo, sql: string): HashedForm => ({
  sql: exactForm(type, sql),
  as: hashingOf(type),
});

/** The exact text of a value. */
export const textOf = (sql: string): HashedForm => ({ sql: `(${sql})::text COLLATE "C"`, as: 'text' });

/** The row's own key as the target makes it. */
export const NEW_KEY: HashedForm = { sql: 'w.target_uuid', as: 'uuid' };

/** A legacy key. */
export const keyHashed = (order: OrderKind, sql: string): readonly HashedForm[] =>
  order === 'integer' ? wholeOf(sql) : [{ sql, as: 'text' }];

/**
 * Forms in which a value is hashed to be compared with what another server says of it. Where rows are hashed typed, the
 * server's own hash of a type leaves out what a second form puts back:
 *
 * - of a number its scale and its sign, and which of NaN and the infinities it is (still a third of the cost of its text);
 * - of 64 bits the upper half, which is folded into the lower: -1 and 4294967295 have one hash;
 * - of a float the sign of zero, so that it goes in as its bytes, also because servers before 12 print it otherwise.
 *
 * @param fixedScale every value has the same digits after the point, and none is infinite
 */
export function hashForms(type: TypeInfo, sql: string, mode: RowHashMode, fixedScale = false): readonly HashedForm[] {
  const base = underlying(type);
  if (!base.builtin) return [exactlyHashed(type, sql)];
  const plain = type === base ? `(${sql})` : `(${sql})::${builtin(base.name)}`;
  if (base.name === 'float8' || base.name === 'float4') return [{ sql: `${base.name}send(${plain})`, as: 'bytea' }];
  if (mode === 'text') return [exactlyHashed(type, sql)];
  if (base.name === 'numeric')
    return [
      { sql: plain, as: 'numeric' },
      fixedScale ? { sql: `${plain} < 0`, as: 'bool' } : { sql: signAndScale(plain), as: 'int4' },
    ];
  if (base.name === 'int8') return wholeOf(plain);
  return [exactlyHashed(type, sql)];
}

/** Of a value of the target's column, whose server hashes typed. */
export const columnForms = (column: Column, sql: string): readonly HashedForm[] =>
  hashForms(column.typeInfo, sql, 'record', hasFixedScale(column));

/** A 64-bit integer, and the half of it that its hash folds away. */
export const wholeOf = (sql: string): readonly HashedForm[] => [
  { sql, as: 'int8' },
  { sql: `(${sql} >> 32)`, as: 'int8' },
];

const signAndScale = (plain: string): string =>
  `coalesce(CASE WHEN ${plain} < 0 THEN -1 - scale(${plain}) ELSE scale(${plain}) END, hashtext(${plain}::text))`;
