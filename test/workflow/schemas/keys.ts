/** Legacy keys of every kind that can be ordered. */
import type { EntityMap } from '../../../shared/domain/entity-map.ts';
import type { Schema, Truth } from './schema.ts';

/** A type of key, its values, and how a child may say the same value in another type. */
interface Kind {
  readonly type: string;
  readonly values: readonly string[];
  readonly child?: { readonly type: string; readonly cast: string };
  /** The value as both sides' truth tells it. */
  readonly as?: string;
}

const KINDS: Readonly<Record<string, Kind>> = {
  text: {
    type: 'text',
    values: [
      `''`,
      `'a/b'`,
      `'007'`,
      `'7'`,
      `'o''k'`,
      `'"q"'`,
      `'back\\slash'`,
      `'ünï'`,
      `'日本'`,
      `'trail  '`,
      `' lead'`,
      `E'tab\\tx'`,
      `E'new\\nline'`,
      `'A'`,
      `'a'`,
      `'\\.'`,
      `'\\N'`,
      `'null'`,
      `'[1]'`,
      `'{}'`,
      `'%_'`,
      `'$1'`,
      `':x'`,
      `'€'`,
      `'😀'`,
    ],
  },
  padded: {
    type: 'char(6)',
    values: [`'a'`, `'ab'`, `''`, `'007'`, `'x y'`],
    as: `rtrim(k::text)`,
    child: { type: 'text', cast: `rtrim(k::text)` },
  },
  uuid: {
    type: 'uuid',
    values: [`'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'`, `'00000000-0000-0000-0000-000000000000'`],
    child: { type: 'text', cast: 'upper(k::text)' },
  },
  day: {
    type: 'date',
    values: [`'2020-02-29'`, `'0044-03-15 BC'`, `'infinity'`, `'12020-01-01'`],
    child: { type: 'timestamp', cast: 'k' },
  },
  number: {
    type: 'numeric',
    values: ['5.00', '6', '-1.5', '0', `'NaN'`, '12345678901234567890.123456789'],
    child: { type: 'text', cast: `CASE k WHEN 5 THEN '05.0' ELSE k::text END` },
  },
  price: {
    type: 'numeric(8,2)',
    values: ['5', '6.10', '0'],
    child: { type: 'numeric', cast: 'k::numeric(10,4)' },
    as: 'k::numeric(8,2)',
  },
  big: {
    type: 'bigint',
    values: ['-9223372036854775808', '9223372036854775807', '0', '-1', '1', '42'],
    child: { type: 'numeric', cast: 'k' },
  },
  small: {
    type: 'smallint',
    values: ['-32768', '32767', '0', '5'],
    child: { type: 'text', cast: `CASE WHEN k < 0 THEN k::text ELSE '00' || k END` },
  },
  named: { type: 'public.code', values: [`'X1'`, `'Y2'`], as: 'k::text' },
  numbered: { type: 'public.positive', values: ['1', '2', '10', '9'], as: 'k::int' },
  real: { type: 'float8', values: ['1.5', '-0.1', '1e300', `'Infinity'`], as: `encode(float8send(k), 'hex')` },
  folded: {
    type: 'public.citext',
    values: [`'Abc'`, `'xyz'`],
    as: 'k::text',
    child: { type: 'text', cast: 'upper(k::text)' },
  },
};

const names = Object.keys(KINDS);
const TYPES = `CREATE EXTENSION citext; CREATE DOMAIN code AS text CHECK (value ~ '^[A-Z]'); CREATE DOMAIN positive AS int CHECK (value > 0);`;
const childType = (name: string): string => KINDS[name]?.child?.type ?? KINDS[name]?.type ?? '';
const childCast = (name: string): string => KINDS[name]?.child?.cast ?? 'k';
const shown = (name: string): string => KINDS[name]?.as ?? 'k';

const legacy = names.map((name) => {
  const { type, values } = KINDS[name] ?? { type: '', values: [] };
  return `CREATE TABLE p_${name} (k ${type} PRIMARY KEY, n int, v text);
    INSERT INTO p_${name} SELECT k, n, 'v' || n FROM unnest(ARRAY[${values.join(', ')}]::${type}[]) WITH ORDINALITY AS u (k, n);
    CREATE TABLE c_${name} (n int PRIMARY KEY, k ${childType(name)}); INSERT INTO c_${name} SELECT n, ${childCast(name)} FROM p_${name};
    INSERT INTO c_${name} VALUES (1000, NULL);`;
});
const target = names.map(
  (name) =>
    `CREATE TABLE p_${name} (id uuid PRIMARY KEY, k ${KINDS[name]?.type} UNIQUE, n int, v text); CREATE TABLE c_${name} (id uuid PRIMARY KEY, n int UNIQUE, p uuid REFERENCES p_${name});`,
);

const entities: Record<string, EntityMap['entities'][string]> = Object.fromEntries(
  names.flatMap((name): [string, EntityMap['entities'][string]][] => [
    [
      `p_${name}`,
      {
        source: { table: `public.p_${name}`, key: ['k'] },
        target: { table: `public.p_${name}`, key: ['id'], identity: ['k'] },
        columns: { k: 'k', n: 'n', v: 'v' },
      },
    ],
    [
      `c_${name}`,
      {
        source: { table: `public.c_${name}`, key: ['n'] },
        target: { table: `public.c_${name}`, key: ['id'], identity: ['n'] },
        columns: { n: 'n', p: { ref: `p_${name}`, from: ['k'] } },
      },
    ],
  ]),
);
const truth: Record<string, Truth> = Object.fromEntries(
  names.flatMap((name): [string, Truth][] => {
    const sql = `SELECT n::text, jsonb_build_array((${shown(name)})::text, v)::text FROM p_${name}`;
    return [
      [`p_${name}`, { legacy: sql, target: sql }],
      [
        `c_${name}`,
        {
          legacy: `SELECT c.n::text, p.n::text FROM c_${name} c LEFT JOIN p_${name} p USING (n)`,
          target: `SELECT c.n::text, p.n::text FROM c_${name} c LEFT JOIN p_${name} p ON p.id = c.p`,
        },
      ],
    ];
  }),
);

export const keys: Schema = {
  name: 'keys of many types, and children that say them in another',
  legacy: TYPES + legacy.join('\n'),
  target: TYPES + target.join('\n'),
  map: { name: 'keys', entities },
  truth,
  edits: {
    legacy: names.map((name) => `UPDATE p_${name} SET v = 'changed' WHERE v = 'v1';`).join('\n'),
    target: names.map((name) => `UPDATE p_${name} SET v = 'kept' WHERE v = 'v2';`).join('\n'),
    counts: Object.fromEntries(names.map((name) => [`p_${name}`, { updated: 1, kept: 1 }])),
    left: Object.fromEntries(names.map((name) => [`p_${name} 2`, 'value'])),
  },
  verdict: {
    left: {
      'p_big 9223372036854775807': 'value',
      'p_day 0044-03-15 BC': 'value',
      'p_folded xyz': 'value',
      'p_named Y2': 'value',
      'p_number 6': 'value',
      'p_numbered 2': 'value',
      'p_padded ab': 'value',
      'p_price 6.10': 'value',
      'p_real -0.1': 'value',
      'p_small 32767': 'value',
      'p_text a/b': 'value',
      'p_uuid 00000000-0000-0000-0000-000000000000': 'value',
    },
  },
};

/** A key of four parts of different types, and of odd names. */
export const compositeKeys: Schema = {
  name: 'composite keys and odd identifiers',
  legacy: `
    CREATE SCHEMA "Old Shop"; CREATE SCHEMA "select";
    CREATE TABLE "Old Shop"."Order.Line" ("Order" int, "line no" text, "Day" date, "ty""pe" char(3), "a.b" text, PRIMARY KEY ("Order", "line no", "Day", "ty""pe"));
    CREATE TABLE "select"."Table" ("from" int PRIMARY KEY, "Group" smallint, "where" varchar(10), "order" timestamp, "Type" text, "ümlaut" int, "$1" int);
    INSERT INTO "Old Shop"."Order.Line" SELECT i % 7 - 2, CASE i % 4 WHEN 0 THEN '' WHEN 1 THEN 'a"b' WHEN 2 THEN '\\x' ELSE 'é,[1]' END, date '2020-01-01' + i, CASE i % 2 WHEN 0 THEN 'x' ELSE 'y z' END, 'v' || i FROM generate_series(1, 60) i;
    INSERT INTO "select"."Table" SELECT row_number() OVER (), "Order", "line no", "Day", "ty""pe", 1, 2 FROM "Old Shop"."Order.Line";
    INSERT INTO "select"."Table" VALUES (500, 1, NULL, NULL, NULL, 3, 4);`,
  target: `
    CREATE SCHEMA "New Shop";
    CREATE TABLE "New Shop"."user" (id uuid PRIMARY KEY, "Order" int, "line no" text, "Day" date, "kind" varchar(3), "A ""B""" text, UNIQUE ("Order", "line no", "Day", kind));
    CREATE TABLE public."table" ("ID" uuid PRIMARY KEY, "select" int UNIQUE, "Line" uuid REFERENCES "New Shop"."user", "$1" int, "ümlaut" int);`,
  map: {
    name: 'odd',
    entities: {
      'order.lines': {
        source: { table: 'Old Shop.Order.Line', key: ['Order', 'line no', 'Day', 'ty"pe'] },
        target: { table: 'New Shop.user', key: ['id'], identity: ['Order', 'line no', 'Day', 'kind'] },
        columns: { Order: 'Order', 'line no': 'line no', Day: 'Day', kind: 'ty"pe', 'A "B"': 'a.b' },
      },
      'Uses of lines': {
        source: { table: 'select.Table', key: ['from'] },
        target: { table: 'public.table', key: ['ID'], identity: ['select'] },
        columns: {
          select: 'from',
          $1: '$1',
          ümlaut: { from: 'ümlaut' },
          Line: { ref: 'order.lines', from: ['Group', 'where', 'order', 'Type'] },
        },
        deletes: 'propagate',
      },
    },
  },
  truth: {
    'order.lines': {
      legacy: `SELECT "a.b", jsonb_build_array("Order", "line no", "Day", rtrim("ty""pe"))::text FROM "Old Shop"."Order.Line"`,
      target: `SELECT "A ""B""", jsonb_build_array("Order", "line no", "Day", kind)::text FROM "New Shop"."user"`,
    },
    'Uses of lines': {
      legacy: `SELECT "from"::text, jsonb_build_array(l."a.b", u."$1", u."ümlaut")::text FROM "select"."Table" u
        LEFT JOIN "Old Shop"."Order.Line" l ON l."Order" = u."Group" AND l."line no" = u."where" AND l."Day" = u."order"::date AND l."ty""pe" = u."Type"`,
      target: `SELECT "select"::text, jsonb_build_array(l."A ""B""", u."$1", u."ümlaut")::text FROM public."table" u LEFT JOIN "New Shop"."user" l ON l.id = u."Line"`,
    },
  },
  edits: {
    legacy: `UPDATE "Old Shop"."Order.Line" SET "a.b" = 'changed' WHERE "a.b" = 'v1'; INSERT INTO "Old Shop"."Order.Line" VALUES (0, E'tab\t', '2000-01-01', 'n', 'new');
      UPDATE "select"."Table" SET "Group" = 0, "where" = E'tab\t', "order" = '2000-01-01 00:00', "Type" = 'n' WHERE "from" = 500; DELETE FROM "select"."Table" WHERE "from" = 3;
      INSERT INTO "select"."Table" VALUES (501, 0, E'tab\t', '2000-01-01', 'nix', 3, 4);`,
    target: `UPDATE "New Shop"."user" SET "A ""B""" = 'other' WHERE "A ""B""" = 'v1'; UPDATE public."table" SET "$1" = 77 WHERE "select" = 4; DELETE FROM public."table" WHERE "select" = 5;`,
    counts: {
      'order.lines': { inserted: 1, conflicts: 1 },
      'Uses of lines': { updated: 1, kept: 2, deleted: 1, setAside: 1 },
    },
    left: {
      'order.lines changed': 'missing',
      'order.lines other': 'extra',
      'Uses of lines 1': 'value',
      'Uses of lines 4': 'value',
      'Uses of lines 5': 'missing',
      'Uses of lines 501': 'missing',
    },
  },
  // The line is the one that both sides changed; what refers to it is as it was.
  verdict: {
    left: {
      'order.lines [-1, "a\\"b", "2020-01-02", "y z"]': 'value',
      'Uses of lines 4': 'value',
      'Uses of lines 5': 'missing',
      'Uses of lines 501': 'missing',
    },
  },
};
