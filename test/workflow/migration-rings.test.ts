// Unique values that move between rows (SEMANTICS 25), and constraints that are checked late (SEMANTICS 24).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { groupsOf } from '../../shared/database/engine/rings.ts';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { withClient } from '../support/database.ts';
import { portage, type Portage } from '../support/portage.ts';

const map: EntityMap = {
  name: 'rings',
  entities: {
    seats: {
      source: { table: 'public.seat', key: ['no'] },
      target: { table: 'public.seats', key: ['id'], identity: ['legacy_id'] },
      columns: {
        legacy_id: 'no',
        code: 'code',
        place: 'place',
        price: 'price',
        span: 'span',
        area: 'area',
        twin: 'no',
      },
    },
  },
};
const SOURCE =
  "CREATE TABLE seat (no integer PRIMARY KEY, code text, place integer, price integer, span int4range, area int4range); INSERT INTO seat SELECT n, 'c' || n, n, n, int4range(n * 10, n * 10 + 10), int4range(n * 10, n * 10 + 10) FROM generate_series(1, 40) n";
const TARGET = `CREATE TABLE seats (id uuid PRIMARY KEY, legacy_id integer UNIQUE, code text UNIQUE, place integer NOT NULL UNIQUE, price integer CHECK (price > 0), span int4range, area int4range NOT NULL, twin integer, UNIQUE NULLS NOT DISTINCT (twin), EXCLUDE USING gist (span WITH &&), EXCLUDE USING gist (area WITH &&), local text DEFAULT 'own', twice integer GENERATED ALWAYS AS (price * 2) STORED);
  CREATE TABLE guests (id integer PRIMARY KEY, seat uuid REFERENCES seats);`;

let p: Portage;
beforeAll(async () => {
  p = await portage(SOURCE, TARGET, map);
  await p.run('source', 'CREATE SCHEMA kept; CREATE TABLE kept.seat AS TABLE seat');
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.run('source', 'TRUNCATE seat; INSERT INTO seat TABLE kept.seat');
  await p.empty();
  await p.migrate();
});

const source = (sql: string) => p.run('source', sql);
const target = (sql: string) => p.run('target', sql);
const seats = async (request = {}) => (await p.migrate(request)).output!.entities['seats'];
const same = async () => {
  const truth = await p.source.rows('SELECT no, code, place, price, span, area FROM public.seat ORDER BY no');
  expect(await p.rows('SELECT legacy_id AS no, code, place, price, span, area FROM seats ORDER BY legacy_id')).toEqual(
    truth,
  );
};
const aside = () =>
  p.rows("SELECT legacy_key, reason FROM set_aside_rows WHERE state = 'open' ORDER BY legacy_key::int");

describe('a ring of unique values', () => {
  const rotateCodes = "UPDATE seat SET code = 'c' || 1 + no % 5 WHERE no <= 5";

  test('is carried though other rows that moved cannot be written', async () => {
    await source(
      `${rotateCodes}; UPDATE seat SET code = 'c' || CASE no WHEN 10 THEN 11 ELSE 10 END, price = -1 WHERE no IN (10, 11)`,
    );
    expect(await seats({ batchSize: 4 })).toMatchObject({ updated: 5, setAside: 2 });
    expect((await aside()).map((row) => row['legacy_key'])).toEqual(['10', '11']);
    expect(await p.value("SELECT string_agg(code, ' ' ORDER BY legacy_id) FROM seats WHERE legacy_id <= 5")).toBe(
      'c2 c3 c4 c5 c1',
    );
  });

  test('is not spoilt by rows of it that give up their value to one that cannot take it', async () => {
    // 1 takes a new value, 2 takes that of 1, 3 would take that of 2 and is not valid.
    await source(
      "UPDATE seat SET code = CASE no WHEN 1 THEN 'new' ELSE 'c' || no - 1 END WHERE no <= 3; UPDATE seat SET price = -1 WHERE no = 3",
    );
    expect(await seats()).toMatchObject({ updated: 2, setAside: 1 });
    expect(await aside()).toEqual([{ legacy_key: '3', reason: expect.stringMatching(/check constraint/) }]);
    expect(await p.value("SELECT string_agg(code, ' ' ORDER BY legacy_id) FROM seats WHERE legacy_id <= 3")).toBe(
      'new c1 c3',
    );
  });

  test('that a row of it keeps closed is set aside with the reason of each', async () => {
    await source(`${rotateCodes}; UPDATE seat SET price = -1 WHERE no = 3`);
    expect(await seats()).toMatchObject({ updated: 0, setAside: 5 });
    expect((await aside()).map((row) => /check constraint|taken already/.exec(row['reason']!)?.[0])).toEqual([
      'taken already',
      'taken already',
      'check constraint',
      'taken already',
      'taken already',
    ]);
    await source('UPDATE seat SET price = 3 WHERE no = 3');
    expect(await seats()).toMatchObject({ updated: 5, setAside: 0 });
    await same();
  });
});

describe('values that may not be NULL in between', () => {
  const rotate = 'UPDATE seat SET place = 1 + no % 5 WHERE no <= 5';

  test('rotate, and nothing else of the rows changes', async () => {
    await target("UPDATE seats SET local = 'kept'; INSERT INTO guests SELECT legacy_id, id FROM seats");
    const before = await p.rows('SELECT id, legacy_id, local, twice FROM seats ORDER BY id');
    await source(rotate);
    expect(await seats()).toMatchObject({ updated: 5, setAside: 0, conflicts: 0 });
    await same();
    expect(await p.rows('SELECT id, legacy_id, local, twice FROM seats ORDER BY id')).toEqual(before);
    expect(await p.value('SELECT count(*) FROM guests JOIN seats ON seats.id = seat')).toBe('40');
    expect(
      await p.value("SELECT count(*) FROM undo_log WHERE action = 'update' AND before ->> 'place' = legacy_key"),
    ).toBe('5');
    expect(await seats()).toMatchObject({ updated: 0, unchanged: 40 });
  });

  test('lose no edit that somebody makes meanwhile', async () => {
    await source(rotate);
    let writing = true;
    let edits = 0;
    const writer = withClient(p.targetUrl, async (client) => {
      while (writing) {
        const { rowCount } = await client.query('UPDATE seats SET local = $1 WHERE legacy_id = 3', [`edit ${edits}`]);
        expect(rowCount).toBe(1);
        edits++;
      }
    });
    expect(await seats()).toMatchObject({ updated: 5, setAside: 0 });
    writing = false;
    await writer;
    expect(edits).toBeGreaterThan(20);
    expect(await p.value('SELECT local FROM seats WHERE legacy_id = 3')).toBe(`edit ${edits - 1}`);
    await same();
  });

  test('are left alone where a delete would not go unnoticed: the rows are set aside', async () => {
    await target('ALTER TABLE guests ADD seat2 uuid REFERENCES seats ON DELETE CASCADE');
    await source(rotate);
    expect(await seats()).toMatchObject({ updated: 0, setAside: 5 });
    await target('ALTER TABLE guests DROP seat2');
    expect(await seats()).toMatchObject({ updated: 5, setAside: 0 });
    await same();
  });
});

describe('an exclusion constraint', () => {
  const rotate = (column: string) =>
    `UPDATE seat SET ${column} = int4range((1 + no % 5) * 10, (1 + no % 5) * 10 + 10) WHERE no <= 5`;

  test.each(['span', 'area'])(
    'lets rows rotate their places, which may be NULL in between or not: %s',
    async (column) => {
      await source(rotate(column));
      expect(await seats()).toMatchObject({ updated: 5, setAside: 0 });
      await same();
    },
  );

  test('keeps out who wants a place of which somebody keeps a part, and who waits for him', async () => {
    // 1 wants a part of what 2 keeps; 3 wants what 1 has; 4 and 5 swap.
    await source(
      "UPDATE seat SET span = CASE no WHEN 1 THEN '[25,28)' WHEN 3 THEN '[12,18)' WHEN 4 THEN '[50,60)' ELSE '[40,50)' END::int4range WHERE no IN (1, 3, 4, 5)",
    );
    expect(await seats()).toMatchObject({ updated: 2, setAside: 2 });
    expect(await aside()).toEqual([
      { legacy_key: '1', reason: 'a unique value is taken already (seats_span_excl), by row 2' },
      { legacy_key: '3', reason: 'a unique value is taken already (seats_span_excl), by row 1' },
    ]);
  });
});

test('many rows that want the same values are told apart at once, the first of each is written', async () => {
  await source(
    "INSERT INTO seat (no, code, place, area) SELECT n, CASE WHEN n % 50 = 0 THEN 'c7' ELSE 'new' || n % 50 END, n, int4range(n * 10, n * 10 + 10) FROM generate_series(1001, 2000) n",
  );
  const began = performance.now();
  expect(await seats({ batchSize: 500 })).toMatchObject({ inserted: 49, setAside: 951, unchanged: 40 });
  expect(performance.now() - began).toBeLessThan(8000);
  expect(
    await p.value("SELECT string_agg(DISTINCT legacy_id::text, ' ') FROM seats WHERE legacy_id > 1049"),
  ).toBeNull();
  expect(
    await p.rows("SELECT reason FROM set_aside_rows WHERE legacy_key IN ('1051', '1050') ORDER BY legacy_key"),
  ).toEqual([7, 1001].map((no) => ({ reason: `a unique value is taken already (seats_code_key), by row ${no}` })));
});

test('a violation of a constraint that is checked late keeps the one row out, not its batch', async () => {
  await target(
    'CREATE TABLE zones (place integer PRIMARY KEY); INSERT INTO zones SELECT generate_series(1, 100); ALTER TABLE seats ADD CONSTRAINT zone FOREIGN KEY (place) REFERENCES zones DEFERRABLE INITIALLY DEFERRED',
  );
  await source('UPDATE seat SET price = price + 1; UPDATE seat SET place = 1000 WHERE no = 17');
  expect(await seats()).toMatchObject({ updated: 39, setAside: 1 });
  expect(await aside()).toEqual([{ legacy_key: '17', reason: expect.stringMatching(/zone/) }]);
  await target('DROP TABLE zones CASCADE');
});

test('after an entity the planner knows how many rows there are', async () => {
  expect(await p.value("SELECT reltuples FROM pg_class WHERE relname = 'seats'")).toBe('40');
  expect(await p.value("SELECT reltuples FROM pg_class WHERE relname = 'uuid_mappings_1'")).toBe('40');
});

test('groups are what is connected, in the order of the keys', () => {
  expect(
    groupsOf(
      ['1', '2', '3', '4', '5'],
      [
        ['1', '4'],
        ['5', '4'],
        ['3', '3'],
      ],
    ),
  ).toEqual([['1', '4', '5'], ['2'], ['3']]);
});
