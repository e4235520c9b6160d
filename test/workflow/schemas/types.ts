/** Values of every type: written exactly, told apart exactly. */
import type { Schema } from './schema.ts';

/** Target column: its type there, its type in the source (the same where none is given), its values, and an expression over `s`. */
interface Kind {
  readonly type: string;
  readonly from?: string;
  readonly sql?: string;
  /** What the legacy truth says, over the source's row. */
  readonly as?: string;
  readonly values: readonly string[];
}

const KINDS: Readonly<Record<string, Kind>> = {
  mood: { type: 'public.mood', from: 'text', values: [`'sad'`, `'very ''glad'''`, `'Ünder "score"'`] },
  moods: {
    type: 'public.mood[]',
    from: 'text[]',
    values: [`'{}'`, `ARRAY['sad', NULL, 'very ''glad''']`, `ARRAY['Ünder "score"']`],
  },
  code: { type: 'public.code', from: 'varchar', values: [`'AB'`, `'Z'`] },
  codes: { type: 'public.code[]', from: 'text[]', values: [`ARRAY['AB', 'C']`, `'{}'`] },
  positive: { type: 'public.positive', from: 'bigint', values: ['1', '2147483647'] },
  short: { type: 'varchar(5)', from: 'text', values: [`''`, `'abcde'`, `'ab   '`, `'äöüß€'`] },
  fixed: { type: 'char(5)', from: 'text', values: [`''`, `'abc'`, `'äöüß€'`], as: 'rtrim(v)' },
  price: {
    type: 'numeric(10,2)',
    from: 'float8',
    values: ['1.005', '99999999.99', '-0.004'],
    as: 'v::numeric::numeric(10,2)',
  },
  exact: {
    type: 'numeric',
    values: ['1.10', '1.1', `'NaN'`, `'Infinity'`, '-0', '1e-20', '123456789012345678901234567890.5'],
  },
  cents: {
    type: 'integer',
    from: 'numeric',
    sql: 'round(s.cents * 100)',
    as: '(round(v * 100))::int',
    values: ['1.005', '-2.5', '0'],
  },
  cash: { type: 'money', from: 'numeric', values: ['1234567.89', '-0.01'], as: 'v::money' },
  coins: { type: 'numeric', from: 'money', values: [`'$1,234.50'`, `'-$0.01'`] },
  lapse: {
    type: 'interval',
    values: [`'1 mon'`, `'30 days'`, `'24:00:00'`, `'1 day'`, `'-1 year 2 mons 3.000001 secs'`],
  },
  clock: { type: 'timetz', values: [`'12:34:56.789+02'`, `'10:34:56.789+00'`, `'24:00:00-08:30'`] },
  wall: { type: 'time(0)', from: 'time', values: [`'12:34:56.789'`, `'23:59:59.6'`], as: 'v::time(0)' },
  local: {
    type: 'timestamptz',
    from: 'timestamp',
    sql: `s.local AT TIME ZONE 'Europe/Berlin'`,
    as: `v AT TIME ZONE 'Europe/Berlin'`,
    values: [`'2021-03-28 02:30'`, `'2021-10-31 02:30'`, `'1900-01-01'`],
  },
  said: {
    type: 'timestamptz',
    from: 'text',
    sql: `to_timestamp(s.said, 'DD.MM.YYYY HH24:MI')`,
    as: `to_timestamp(v, 'DD.MM.YYYY HH24:MI')`,
    values: [`'28.03.2021 02:30'`],
  },
  stamp: {
    type: 'timestamp(3)',
    from: 'timestamptz',
    sql: `s.stamp AT TIME ZONE 'UTC'`,
    as: `(v AT TIME ZONE 'UTC')::timestamp(3)`,
    values: [`'2020-01-01 00:00:00.123456+00'`, `'infinity'`],
  },
  day: { type: 'date', from: 'text', values: [`'2020-02-29'`, `'infinity'`, `'0044-03-15 BC'`] },
  bytes: { type: 'bytea', values: [`''`, `'\\x00ff5c0a'`] },
  doc: { type: 'xml', from: 'text', values: [`'<a b="1">x</a>'`, `'plain <b/> text'`] },
  raw: { type: 'json', values: [`'{"b": 1,  "a": [1.0, null], "a": 2}'`, `'null'`, `'""'`] },
  tree: {
    type: 'jsonb',
    from: 'json',
    values: [`'{"b": 1,  "a": [1.0, null], "a": 2}'`, `'1.0'`, `'1'`, `'"\\u00e4\\\\n"'`],
  },
  pairs: { type: 'public.hstore', values: [`'a=>1, b=>NULL'`, `''`, `'"x y"=>"q\\"q"'`] },
  folded: { type: 'public.citext', from: 'text', values: [`'Abc'`, `'ABC'`] },
  words: {
    type: 'text[]',
    values: [`ARRAY['', NULL, 'NULL', 'a,b', '{x}', 'q"q', 'b\\s', ' ']`, `'{}'`, `'[0:1]={a,b}'`],
  },
  grid: { type: 'int[][]', values: [`'{{1,2},{3,NULL}}'`, `'[2:3][0:1]={{1,2},{3,4}}'`] },
  split: {
    type: 'text[]',
    from: 'text',
    sql: `string_to_array(s.split, ';')`,
    as: `string_to_array(v, ';')`,
    values: [`'a;b;;c'`, `''`],
  },
  joined: {
    type: 'text',
    from: 'text[]',
    sql: `array_to_string(s.joined, '|')`,
    as: `array_to_string(v, '|')`,
    values: [`ARRAY['a', NULL, 'b']`, `'{}'`],
  },
  span: { type: 'int4range', values: [`'[1,5]'`, `'empty'`, `'(,)'`, `'[1,)'`] },
  spans: { type: 'datemultirange', values: [`'{[2020-01-01,2020-02-01), [2020-03-01,)}'`, `'{}'`] },
  floats: { type: 'public.floatrange', from: 'text', values: [`'[1.5,2.5)'`, `'empty'`] },
  point2: { type: 'public.place', values: [`ROW(1, 'x, "y" (z)')`, `ROW(NULL, '')`, `ROW(3, NULL)`] },
  flags: { type: 'bit(4)', values: [`B'1010'`] },
  bits: { type: 'varbit(6)', values: [`B''`, `B'101'`] },
  host: { type: 'inet', values: [`'10.0.0.1'`, `'10.0.0.1/24'`, `'::ffff:1.2.3.4'`] },
  net: { type: 'cidr', values: [`'10.0.0.0/8'`] },
  mac: { type: 'macaddr', values: [`'08:00:2b:01:02:03'`] },
  spot: { type: 'point', values: [`'(1.5,-0)'`, `'(1e300,0.1)'`] },
  box: { type: 'box', values: [`'(1,2),(-1,-2)'`] },
  circle: { type: 'circle', values: [`'<(1,2),3>'`] },
  polygon: { type: 'polygon', values: [`'((0,0),(1,1),(0,1))'`] },
  lexemes: { type: 'tsvector', values: [`'a:1 b:2A ''c d'''`] },
  query: { type: 'tsquery', values: [`'a & !b'`] },
  real: { type: 'float8', values: [`'NaN'`, `'-Infinity'`, `'-0'`, '0.1', '1e-307', '123456789.123456789'] },
  small: { type: 'float4', from: 'float8', values: ['0.1', '3.4e38', '16777217'], as: 'v::float4' },
  letter: { type: '"char"', from: 'char(1)', values: [`'a'`, `''`] },
  id: {
    type: 'uuid',
    from: 'text',
    values: [`'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'`, `'{a0eebc999c0b4ef8bb6d6bb9bd380a12}'`],
  },
  yes: { type: 'boolean', from: 'char(1)', sql: `s.yes = 'Y'`, as: `v = 'Y'`, values: [`'Y'`, `'N'`, `' '`] },
  bool: { type: 'boolean', from: 'text', values: [`'yes'`, `'off'`, `'t'`] },
  flag: { type: 'integer', from: 'boolean', values: ['true', 'false'] },
  number: { type: 'bigint', from: 'text', values: [`'007'`, `' 12 '`, `'-9223372036854775808'`] },
  half: { type: 'integer', from: 'numeric(6,2)', values: ['10.50', '-0.5', '11.50'], as: 'v::int' },
  text: { type: 'text', from: 'integer', values: ['1', '-5'] },
  long: { type: 'text', from: 'text', values: [`repeat('ä€😀', 120000)`, `E'\\n\\t\\\\.\\r'`, `E'\\u2028\\x01'`] },
  name: { type: 'name', from: 'text', values: [`'abc'`] },
  path: { type: 'public.ltree', from: 'text', values: [`'a.b.c'`, `''`] },
  table: { type: 'regclass', from: 'text', values: [`'pg_class'`] },
  lsn: { type: 'pg_lsn', values: [`'16/B374D848'`] },
};

const TYPES = `CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE TYPE mood AS ENUM ('sad', 'very ''glad''', 'Ünder "score"'); CREATE DOMAIN code AS text CHECK (value ~ '^[A-Z]+$');
  CREATE DOMAIN positive AS int CHECK (value > 0); CREATE TYPE floatrange AS RANGE (subtype = float8); CREATE TYPE place AS (n int, "t x" text);`;
/** Their texts have other digits before version 12: the bits are compared. */
const SEND: Readonly<Record<string, string>> = {
  float4: 'float4send',
  float8: 'float8send',
  point: 'point_send',
  box: 'box_send',
  circle: 'circle_send',
  polygon: 'poly_send',
};

const shown = (type: string, sql: string): string => {
  if (SEND[type] !== undefined) return `encode(${SEND[type]}((${sql})::${type}), 'hex')`;
  return type === 'money' ? `(${sql})::${type}::numeric::text` : `(${sql})::${type}::text`;
};

/** Between servers of these versions; what an older one does not have is a text in the source, and a stored column in the target. */
export function typesBetween(source: number, target: number): Schema {
  const kinds: Readonly<Record<string, Kind>> = {
    ...KINDS,
    ...(source < 14 && {
      spans: { type: 'datemultirange', from: 'text', values: KINDS['spans']?.values ?? [] },
      exact: { type: 'numeric', values: KINDS['exact']?.values.filter((value) => value !== `'Infinity'`) ?? [] },
    }),
  };
  const names = Object.keys(kinds);
  const of = (name: string): Kind => kinds[name] ?? { type: '', values: [] };
  const ofLegacy = (name: string): string =>
    source < 14 && name === 'spans'
      ? `replace(e.spans, ' ', '')`
      : shown(of(name).type, (of(name).as ?? 'v').replace(/\bv\b/g, `e."${name}"`));
  return {
    name: 'values of every type',
    legacy: `${TYPES} ${names
      .map((name) => {
        const { type, from, values } = of(name);
        const rows = [...values, 'NULL'].map((value, i) => `(${i + 1}, (${value})::${from ?? type})`);
        return `CREATE TABLE t_${name} (nr int PRIMARY KEY, "${name}" ${from ?? type}); INSERT INTO t_${name} VALUES ${rows.join(', ')};`;
      })
      .join('\n')}
    CREATE TABLE everything (nr int PRIMARY KEY, ${names.map((name) => `"${name}" ${of(name).from ?? of(name).type}`).join(', ')});
    INSERT INTO everything SELECT i, ${names.map((name) => `(ARRAY(SELECT t."${name}"::text FROM t_${name} t ORDER BY t.nr))[i % ${of(name).values.length + 1} + 1]::${of(name).from ?? of(name).type}`).join(', ')} FROM generate_series(1, 12) i;`,
    target: `${TYPES} CREATE TABLE everything (key uuid PRIMARY KEY, legacy int UNIQUE, ${names.map((name) => `"${name}" ${of(name).type}`).join(', ')}, n int GENERATED ALWAYS AS (legacy * 2) STORED, v int GENERATED ALWAYS AS (legacy + 1) ${target < 18 ? 'STORED' : 'VIRTUAL'});`,
    map: {
      name: 'types',
      entities: {
        everything: {
          source: { table: 'public.everything', key: ['nr'] },
          target: { table: 'public.everything', key: ['key'], identity: ['legacy'] },
          columns: {
            legacy: 'nr',
            ...Object.fromEntries(
              names.map((name) => [name, of(name).sql === undefined ? name : { sql: of(name).sql ?? '' }]),
            ),
          },
        },
      },
    },
    truth: Object.fromEntries(
      ['everything', ...names].map((name) =>
        name === 'everything'
          ? [
              name,
              {
                legacy: `SELECT nr, nr * 2 || ' ' || nr + 1 FROM everything`,
                target: `SELECT legacy, n || ' ' || v FROM everything`,
              },
            ]
          : [
              `of ${name}`,
              {
                legacy: `SELECT e.nr, ${ofLegacy(name)} FROM everything e`,
                target: `SELECT e.legacy, ${shown(of(name).type, `e."${name}"`)} FROM everything e`,
              },
            ],
      ),
    ),
    edits: {
      // What typed equality does not see is a change all the same, and one that both made alike is none.
      legacy: `
      UPDATE everything SET exact = '1.100' WHERE nr = 1; UPDATE everything SET lapse = '1 mon' WHERE nr = 2; UPDATE everything SET lapse = '30 days' WHERE nr = 2;
      UPDATE everything SET folded = 'aBC' WHERE nr = 3; UPDATE everything SET raw = '{"b":1}' WHERE nr = 4; UPDATE everything SET real = '0' WHERE nr = 5;`,
      target: `
      UPDATE everything SET folded = 'ABc' WHERE legacy = 6; UPDATE everything SET spot = '(9,9)' WHERE legacy = 7; UPDATE everything SET grid = '[5:6][0:1]={{1,2},{3,4}}' WHERE legacy = 8;
      UPDATE everything SET tree = '1.00' WHERE legacy = 9; UPDATE everything SET exact = '1.100' WHERE legacy = 1;`,
      counts: { everything: { updated: 4, kept: 4 } },
      left: { 'of folded 6': 'value', 'of spot 7': 'value', 'of grid 8': 'value', 'of tree 9': 'value' },
    },
    verdict: {
      left: { 'everything 6': 'value', 'everything 7': 'value', 'everything 8': 'value', 'everything 9': 'value' },
    },
  };
}

export const types = typesBetween(18, 18);
