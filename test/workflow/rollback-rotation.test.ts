// Taking back an operation in which rows gave each other unique values that may not be NULL (SEMANTICS 25 and 28).
import { afterEach, expect, test } from '@jest/globals';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { portage, type Portage } from '../support/portage.ts';

const MAP: EntityMap = {
  name: 'rotation',
  entities: {
    items: {
      source: { table: 'public.item', key: ['no'] },
      target: { table: 'public.items', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'no', place: 'place', v: 'v' },
    },
  },
};
const SOURCE =
  "CREATE TABLE item (no integer PRIMARY KEY, place integer, v text); INSERT INTO item SELECT n, n, 'v' || n FROM generate_series(1, 9) n";
const TARGET =
  "CREATE TABLE items (id uuid PRIMARY KEY, legacy_id integer UNIQUE, place integer NOT NULL UNIQUE, v text, local text DEFAULT 'own', twice integer GENERATED ALWAYS AS (place * 2) STORED); CREATE TABLE guests (no integer, item uuid REFERENCES items)";
const rotate =
  "UPDATE item SET place = 1 + no % 4, v = 'moved' WHERE no <= 4; UPDATE item SET v = 'changed' WHERE no = 7";

let p: Portage;
afterEach(() => p.end());
/** The operation that has rotated the places. */
const rotated = async (): Promise<string> => {
  p = await portage(SOURCE, TARGET, MAP);
  await p.migrate();
  await p.run('target', "UPDATE items SET local = 'kept'; INSERT INTO guests SELECT legacy_id, id FROM items");
  await p.run('source', rotate);
  const { output } = await p.migrate();
  expect(output!.entities['items']).toMatchObject({ updated: 5, setAside: 0 });
  return output!.operationId;
};
const rows = () => p.rows('SELECT legacy_id, place, v, local, twice FROM items ORDER BY legacy_id');

test('gives each row its own value back, and nothing else of it changes', async () => {
  const operationId = await rotated();
  const { output } = await p.rollback(operationId);
  expect(output).toMatchObject({ status: 'completed', kept: [] });
  expect(await rows()).toEqual(
    Array.from({ length: 9 }, (_, i) => ({
      ...{ legacy_id: `${i + 1}`, place: `${i + 1}`, v: `v${i + 1}`, local: 'kept', twice: `${2 * (i + 1)}` },
    })),
  );
  expect(await p.value('SELECT count(*) FROM guests JOIN items ON id = item AND legacy_id = no')).toBe('9');
  // Taken back itself, the places are rotated once more.
  expect((await p.rollback(output!.operationId)).output).toMatchObject({ status: 'completed', kept: [] });
  expect(await p.value("SELECT string_agg(place::text, ' ' ORDER BY legacy_id) FROM items")).toBe('2 3 4 1 5 6 7 8 9');
});

test('keeps rows to whose value others refer, and lists them', async () => {
  const operationId = await rotated();
  await p.run(
    'target',
    'CREATE TABLE labels (place integer REFERENCES items (place)); INSERT INTO labels SELECT place FROM items',
  );
  const { output } = await p.rollback(operationId);
  expect(output!.status).toBe('completed_with_findings');
  expect(output!.kept.map(({ legacyId, reason }) => `${legacyId} ${reason}`)).toEqual(
    [1, 2, 3, 4].map((no) => `${no} refused`),
  );
  expect(await p.value("SELECT string_agg(place::text, ' ' ORDER BY legacy_id) FROM items")).toBe('2 3 4 1 5 6 7 8 9');
  expect(await p.value('SELECT v FROM items WHERE legacy_id = 7')).toBe('v7');
});
