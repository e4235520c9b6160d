// Unique values that move between rows of which a part is merged (SEMANTICS 15 and 25).
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { portage, type Portage } from '../support/portage.ts';

let p: Portage;
beforeEach(async () => {
  p = await portage(
    "CREATE TABLE item (no integer PRIMARY KEY, code text, v text); INSERT INTO item SELECT n, 'c' || n, 'v' || n FROM generate_series(1, 6) n",
    'CREATE TABLE items (id uuid PRIMARY KEY, legacy_id integer UNIQUE, code text UNIQUE, v text)',
    {
      name: 'merged',
      entities: {
        items: {
          source: { table: 'public.item', key: ['no'] },
          target: { table: 'public.items', key: ['id'], identity: ['legacy_id'] },
          columns: { legacy_id: 'no', code: 'code', v: 'v' },
          conflicts: 'merge_fields',
        },
      },
    },
  );
  await p.migrate();
  // A ring of four, of which two are edited in the target.
  await p.run('source', "UPDATE item SET code = 'c' || 1 + no % 4 WHERE no <= 4");
  await p.run('target', "UPDATE items SET v = 'mine' WHERE legacy_id IN (2, 3)");
});
afterEach(() => p.end());

const rows = () => p.value("SELECT string_agg(code || ' ' || v, ', ' ORDER BY legacy_id) FROM items");
const BEFORE = 'c1 v1, c2 mine, c3 mine, c4 v4, c5 v5, c6 v6';
const AFTER = 'c2 v1, c3 mine, c4 mine, c1 v4, c5 v5, c6 v6';

test('a synchronization carries the ring and keeps the edits', async () => {
  await p.command({ command: 'sync-scheduler create-job', name: 'often', entities: ['items'], schedule: 'hourly' });
  const { failure } = await p.command({ command: 'sync-scheduler run-job', name: 'often', manual: true });
  expect(failure).toBeNull();
  expect(await rows()).toBe(AFTER);
  expect(await p.rows("SELECT legacy_key FROM set_aside_rows WHERE state = 'open'")).toEqual([]);
});

test('a resolution carries what was in conflict, and can be taken back', async () => {
  await p.run('source', "UPDATE item SET code = 'c' || CASE no WHEN 2 THEN 3 WHEN 3 THEN 2 ELSE no END WHERE no <= 4");
  await p.migrate();
  expect(await rows()).toBe(BEFORE);
  const { output } = await p.command({
    ...{ command: 'conflict-resolver resolve', entity: ['items'], strategy: 'merge_fields' },
  });
  const { operationId, status } = output as { operationId: string; status: string };
  expect(status).toBe('completed');
  expect(await rows()).toBe('c1 v1, c3 mine, c2 mine, c4 v4, c5 v5, c6 v6');
  expect((await p.rollback(operationId)).output).toMatchObject({ status: 'completed', kept: [] });
  expect(await rows()).toBe(BEFORE);
});
