// Values to which rows of the target refer: whoever refers to a row refers to it still when its key has moved (SEMANTICS 11, 25, 29).
import { afterEach, describe, expect, test } from '@jest/globals';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { portage, type Portage } from '../support/portage.ts';

let p: Portage;
afterEach(() => p.end());
const migrate = async () => {
  const { failure, output } = await p.migrate();
  expect(failure).toBeNull();
  return output!;
};
const aside = () =>
  p.rows("SELECT legacy_key, reason FROM set_aside_rows WHERE state = 'open' ORDER BY entity_id, legacy_key");

describe('a key of the target itself that rotates', () => {
  const MAP: EntityMap = {
    name: 'referred',
    entities: {
      places: {
        source: { table: 'public.place', key: ['no'] },
        target: { table: 'public.places', key: ['code'] },
        columns: { code: 'code', v: 'v' },
      },
      visits: {
        source: { table: 'public.visit', key: ['no'] },
        target: { table: 'public.visits', key: ['id'], identity: ['legacy_id'] },
        columns: { legacy_id: 'no', place: { ref: 'places', from: ['place'] } },
      },
    },
  };
  const open = async (reference: string) => {
    p = await portage(
      "CREATE TABLE place (no integer PRIMARY KEY, code text, v text); CREATE TABLE visit (no integer PRIMARY KEY, place integer); INSERT INTO place SELECT n, 'c' || n, 'place ' || n FROM generate_series(1, 9) n; INSERT INTO visit SELECT n, n FROM generate_series(1, 9) n",
      `CREATE TABLE places (code text PRIMARY KEY, v text); CREATE TABLE visits (id uuid PRIMARY KEY, legacy_id integer UNIQUE, place text NOT NULL ${reference}); CREATE TABLE notes (no integer, place text ${reference})`,
      MAP,
    );
    await migrate();
    await p.run('target', 'INSERT INTO notes SELECT legacy_id, place FROM visits');
  };
  /** What each visit and each note leads to. */
  const led = (table: string, no: string) =>
    p.value(`SELECT string_agg(v, ', ' ORDER BY ${no}) FROM ${table} x JOIN places ON code = x.place WHERE ${no} <= 3`);
  const RIGHT = 'place 1, place 2, place 3';
  const rotate = "UPDATE place SET code = 'c' || 1 + no % 3 WHERE no <= 3";

  test.each(['REFERENCES places', 'REFERENCES places ON UPDATE CASCADE'])(
    'is refused where rows would be led to another row: %s',
    async (reference) => {
      await open(reference);
      await p.run('source', rotate);
      expect((await migrate()).entities['places']).toMatchObject({ updated: 0, setAside: 3 });
      expect((await aside()).map((row) => row['legacy_key'])).toEqual(['1', '2', '3']);
      expect(await led('visits', 'legacy_id')).toBe(RIGHT);
      expect(await led('notes', 'no')).toBe(RIGHT);
    },
  );

  test('is followed by the references of the map where nothing in the target holds them', async () => {
    await open('');
    await p.run('source', rotate);
    expect((await migrate()).entities).toMatchObject({ places: { updated: 3 }, visits: { updated: 3, unchanged: 6 } });
    expect(await led('visits', 'legacy_id')).toBe(RIGHT);
    await p.run('source', "UPDATE place SET code = 'new' WHERE no = 2");
    const { entities, operationId } = await migrate();
    expect(entities).toMatchObject({ places: { updated: 1 }, visits: { updated: 1, unchanged: 8 } });
    expect((await migrate()).entities).toMatchObject({ places: { unchanged: 9 }, visits: { unchanged: 9 } });
    expect((await p.rollback(operationId)).output).toMatchObject({ status: 'completed' });
    expect(await led('visits', 'legacy_id')).toBe(RIGHT);
    expect(await p.value("SELECT string_agg(code, ' ' ORDER BY v) FROM places WHERE v <= 'place 3'")).toBe('c2 c3 c1');
  });

  test('moves with what refers to it where the target says so', async () => {
    await open('REFERENCES places ON UPDATE CASCADE');
    await p.run('source', "UPDATE place SET code = 'new' WHERE no = 2");
    expect((await migrate()).entities).toMatchObject({ places: { updated: 1 }, visits: { updated: 0, kept: 0 } });
    expect(await led('visits', 'legacy_id')).toBe(RIGHT);
    expect(await led('notes', 'no')).toBe(RIGHT);
    expect((await migrate()).entities).toMatchObject({ places: { unchanged: 9 }, visits: { unchanged: 9, kept: 0 } });
  });

  test('stays where rows hold on to it, and says why', async () => {
    await open('REFERENCES places');
    await p.run('source', "UPDATE place SET code = 'new' WHERE no = 2");
    expect((await migrate()).entities['places']).toMatchObject({ updated: 0, setAside: 1 });
    expect(await aside()).toEqual([
      { legacy_key: '2', reason: expect.stringContaining('rows refer to a value that the row has') },
    ]);
  });
});

test.each(['ON UPDATE CASCADE', 'DEFERRABLE', ''])(
  'a unique value that may be NULL is not taken from under the rows that refer to it: %s',
  async (how) => {
    p = await portage(
      "CREATE TABLE item (no integer PRIMARY KEY, code text, twin text); INSERT INTO item SELECT n, 'c' || n, 'c' || n FROM generate_series(1, 6) n",
      `CREATE TABLE items (id uuid PRIMARY KEY, legacy_id integer UNIQUE, code text UNIQUE, twin text UNIQUE); CREATE TABLE notes (no integer, code text REFERENCES items (code) ${how})`,
      {
        name: 'referred',
        entities: {
          items: {
            source: { table: 'public.item', key: ['no'] },
            target: { table: 'public.items', key: ['id'], identity: ['legacy_id'] },
            columns: { legacy_id: 'no', code: 'code', twin: 'twin' },
          },
        },
      },
    );
    await migrate();
    await p.run('target', 'INSERT INTO notes SELECT legacy_id, code FROM items');
    // 1 and 2 swap what notes refer to; 3 and 4 what nobody does.
    await p.run(
      'source',
      "UPDATE item SET code = 'c' || 3 - no WHERE no <= 2; UPDATE item SET twin = 'c' || 7 - no WHERE no IN (3, 4)",
    );
    expect((await migrate()).entities['items']).toMatchObject({ updated: 2, setAside: 2 });
    expect((await aside()).map((row) => row['legacy_key'])).toEqual(['1', '2']);
    expect(
      await p.value("SELECT string_agg(no || ' ' || legacy_id, ', ' ORDER BY no) FROM notes JOIN items USING (code)"),
    ).toBe('1 1, 2 2, 3 3, 4 4, 5 5, 6 6');
  },
);
