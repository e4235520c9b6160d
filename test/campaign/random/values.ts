/**
 * Columns of random schemas: a type on each side, an expression between them, and values with what they become, written
 * down by hand from SEMANTICS 2 and 3. Nothing here is computed by the product.
 */

/** A value of the legacy row as text, what the target shows for it, and what travels where that is something else. */
type Value = readonly [legacy: string, target: string, wire?: string];

export interface Kind {
  readonly from: string;
  readonly to: string;
  /** Of the source row's column. */
  readonly sql?: (column: string) => string;
  readonly values: readonly Value[];
  /** What NULL becomes. */
  readonly none?: string;
}

const same = (...texts: readonly string[]): readonly Value[] => texts.map((text) => [text, text]);

const KINDS_BY_NAME: Readonly<Record<string, Kind>> = {
  whole: { from: 'integer', to: 'bigint', values: same('0', '-5', '2147483647') },
  text: {
    from: 'text',
    to: 'text',
    values: same(
      '',
      ' ',
      "o'k",
      'x"y',
      'b\\s',
      'tab\t',
      'new\nline',
      '\\.',
      '\\N',
      'NULL',
      'é',
      '日本',
      '😀',
      '{x}',
      '$1',
    ),
  },
  trimmed: {
    from: 'text',
    to: 'varchar(8)',
    sql: (c) => `btrim(${c})`,
    values: [
      [' a ', 'a'],
      ['a', 'a'],
      ['  ', ''],
      ['b b', 'b b'],
    ],
  },
  padded: {
    from: 'char(5)',
    to: 'text',
    values: [
      ['ab', 'ab'],
      ['', ''],
      [' x', ' x'],
    ],
  },
  // The cast to two digits is the target's: the source's value travels with all of them.
  amount: {
    from: 'numeric',
    to: 'numeric(8,2)',
    values: [
      ['1.005', '1.01', '1.005'],
      ['1.01', '1.01'],
      ['-0.004', '0.00', '-0.004'],
      ['5', '5.00', '5'],
      ['0', '0.00', '0'],
    ],
  },
  exact: { from: 'numeric', to: 'numeric', values: same('1.1', '1.10', 'NaN', '123456789012345678901234567890.5') },
  real: { from: 'float8', to: 'float8', values: same('1.5', '0.1', '0', '-0', '1e+300', 'NaN', 'Infinity') },
  flag: {
    from: 'char(1)',
    to: 'boolean',
    sql: (c) => `${c} = 'Y'`,
    values: [
      ['Y', 'true'],
      ['N', 'false'],
      ['?', 'false'],
    ],
  },
  day: { from: 'text', to: 'date', values: same('2020-02-29', '0044-03-15 BC', 'infinity') },
  stamp: {
    from: 'timestamp',
    to: 'timestamptz',
    sql: (c) => `${c} AT TIME ZONE 'UTC'`,
    values: [
      ['2020-01-01 00:00:00.123456', '2020-01-01 00:00:00.123456+00'],
      ['1900-06-01 12:00:00', '1900-06-01 12:00:00+00'],
    ],
  },
  lapse: { from: 'interval', to: 'interval', values: same('1 mon', '30 days', '24:00:00', '1 day') },
  tree: {
    from: 'json',
    to: 'jsonb',
    values: [
      ['{"b":1, "a":[null]}', '{"a": [null], "b": 1}'],
      ['1.0', '1.0'],
      ['1', '1'],
      ['null', 'null'],
    ],
  },
  raw: { from: 'json', to: 'json', values: same('{"b":1,  "a":2}', '{"b":1, "a":2}', 'null') },
  words: { from: 'text[]', to: 'text[]', values: same('{}', '{a,NULL,""}', '{"a,b","NULL"}') },
  host: {
    from: 'inet',
    to: 'inet',
    values: [
      ['10.0.0.1', '10.0.0.1/32'],
      ['10.0.0.1/24', '10.0.0.1/24'],
      ['::1', '::1/128'],
    ],
  },
  bytes: { from: 'bytea', to: 'bytea', values: same('\\x', '\\x00ff5c') },
  spot: { from: 'point', to: 'point', values: same('(1.5,-0)', '(1.5,0)') },
  mood: { from: 'text', to: 'public.mood', values: same('sad', "very 'glad'") },
  filled: {
    from: 'text',
    to: 'text',
    sql: (c) => `coalesce(${c}, 'none')`,
    values: same('', 'none', 'some'),
    none: 'none',
  },
};
export const KINDS: readonly Kind[] = Object.values(KINDS_BY_NAME);

/** What the target's types need. */
export const TYPES = `CREATE TYPE public.mood AS ENUM ('sad', 'very ''glad''')`;

export const targetOf = (kind: Kind, legacy: string | null): string | null =>
  legacy === null ? (kind.none ?? null) : kind.values.find(([text]) => text === legacy)![1];

export const wireOf = (kind: Kind, legacy: string | null): string | null => {
  if (legacy === null) return kind.none ?? null;
  const [, target, wire] = kind.values.find(([text]) => text === legacy)!;
  return wire ?? target;
};
