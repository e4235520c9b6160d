// Whose a target row is when keys and counts repeat themselves (SEMANTICS 11 and 14): looked up, and nobody's row twice.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { portage, type Portage } from '../support/portage.ts';

const MAP: EntityMap = {
  name: 'reuse',
  entities: {
    items: {
      source: { table: 'public.item', key: ['no'] },
      target: { table: 'public.items', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'no', code: 'code' },
    },
    // Its key is the target's own, and may be given to another row of the source.
    places: {
      source: { table: 'public.place', key: ['no'] },
      target: { table: 'public.places', key: ['code'] },
      columns: { code: 'code', v: 'v' },
      deletes: 'propagate',
    },
  },
};

let p: Portage;
beforeAll(async () => {
  p = await portage(
    'CREATE TABLE item (no integer PRIMARY KEY, code text); CREATE TABLE place (no integer PRIMARY KEY, code text, v text)',
    'CREATE TABLE items (id uuid PRIMARY KEY, legacy_id integer, code text); CREATE TABLE places (code text PRIMARY KEY, v text)',
    MAP,
  );
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.run(
    'source',
    "TRUNCATE item, place; INSERT INTO item SELECT n, 'c' || n FROM generate_series(1, 6) n; INSERT INTO place VALUES (1, 'A', 'one'), (2, 'B', 'two')",
  );
  await p.empty();
  await p.migrate();
});

const counts = async (entity: string, request = {}) => (await p.migrate(request)).output!.entities[entity];
const places = () => p.rows('SELECT code, v FROM places ORDER BY code');
const mappings = () =>
  p.rows(
    "SELECT legacy_id, target_key, (closed_by IS NULL)::text AS open FROM uuid_mappings JOIN entities USING (entity_id) WHERE entity = 'places' ORDER BY 1",
  );
const aside = () => p.rows("SELECT legacy_key, code FROM set_aside_rows WHERE state = 'open' ORDER BY 1");

test.each(['differential', 'full', 'missing-only'])(
  'as many rows as mappings do not hide one that somebody carried: %s',
  async (mode) => {
    await p.run('source', "INSERT INTO item VALUES (7, 'c7')");
    await p.run(
      'target',
      "DELETE FROM items WHERE legacy_id = 2; INSERT INTO items VALUES ('00000000-0000-4000-8000-000000000007', 7, 'c7')",
    );
    expect(await counts('items', { mode })).toMatchObject({ inserted: mode === 'differential' ? 0 : 1, adopted: 1 });
    expect(await p.rows('SELECT id FROM items WHERE legacy_id = 7')).toEqual([
      { id: '00000000-0000-4000-8000-000000000007' },
    ]);
  },
);

describe('a natural key whose first owner is gone', () => {
  beforeEach(async () => {
    await p.run('source', 'DELETE FROM place WHERE no = 1');
    await p.migrate();
  });

  test('is given to another, and its first owner that appears again does not take it back', async () => {
    await p.run('source', "INSERT INTO place VALUES (3, 'A', 'three')");
    expect(await counts('places')).toMatchObject({ inserted: 1 });
    const given = [
      { legacy_id: '1', target_key: 'A', open: 'false' },
      { legacy_id: '2', target_key: 'B', open: 'true' },
      { legacy_id: '3', target_key: 'A', open: 'true' },
    ];
    expect(await mappings()).toEqual(given);
    await p.run('source', "INSERT INTO place VALUES (1, 'A', 'one')");
    expect(await counts('places')).toMatchObject({ conflicts: 1, updated: 0 });
    expect(await counts('places', { mode: 'full', dryRun: true })).toMatchObject({ updated: 0, setAside: 1 });
    expect(await counts('places', { mode: 'full' })).toMatchObject({ updated: 0, setAside: 1 });
    expect(await aside()).toEqual([{ legacy_key: '1', code: 'M004' }]);
    expect(await mappings()).toEqual(given);
    expect(await places()).toEqual([
      { code: 'A', v: 'three' },
      { code: 'B', v: 'two' },
    ]);
  });

  test('nor by a resolution, which leaves the conflict open', async () => {
    await p.run('source', "INSERT INTO place VALUES (3, 'A', 'three')");
    await p.migrate();
    await p.run('source', "INSERT INTO place VALUES (1, 'A', 'one')");
    await p.migrate();
    const { output, failure } = await p.command({
      ...{ command: 'conflict-resolver resolve', entity: ['places'], strategy: 'source_wins', include: ['reappeared'] },
    });
    expect(failure).toBeNull();
    expect(output).toMatchObject({ status: 'completed_with_findings' });
    expect(await places()).toContainEqual({ code: 'A', v: 'three' });
    expect(
      await p.rows(
        "SELECT legacy_key, reason FROM data_differentials WHERE comparison_type = 'reappeared' AND NOT resolved",
      ),
    ).toEqual([{ legacy_key: '1', reason: expect.stringContaining('S005') }]);
  });

  test('is adopted where somebody has put a row under it since', async () => {
    await p.run('target', "INSERT INTO places VALUES ('A', 'three')");
    await p.run('source', "INSERT INTO place VALUES (3, 'A', 'three')");
    expect(await counts('places')).toMatchObject({ adopted: 1, setAside: 0 });
    expect((await mappings())[2]).toEqual({ legacy_id: '3', target_key: 'A', open: 'true' });
  });
});
