// A resolution is taken back whatever strategy settled it, and so is its rollback (SEMANTICS 28 and 30).
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { portage, type Portage } from '../support/portage.ts';

let p: Portage;
beforeAll(async () => {
  p = await portage(
    'CREATE TABLE item (no integer PRIMARY KEY, a text, b text)',
    'CREATE TABLE items (id uuid PRIMARY KEY, legacy_id integer UNIQUE, a text, b text)',
    {
      name: 'resolved',
      entities: {
        items: {
          source: { table: 'public.item', key: ['no'] },
          target: { table: 'public.items', key: ['id'], identity: ['legacy_id'] },
          columns: { legacy_id: 'no', a: 'a', b: 'b' },
          deletes: 'propagate',
        },
      },
    },
  );
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.run('source', "TRUNCATE item; INSERT INTO item SELECT n, 'a' || n, 'b' || n FROM generate_series(1, 6) n");
  await p.empty();
  await p.migrate();
  // 1: other columns; 2: the same one; 3: deleted in the target; 4: deleted in the source; 5: the target alone; 6: nobody.
  await p.run('source', "UPDATE item SET a = 'source' WHERE no IN (1, 2, 3); DELETE FROM item WHERE no = 4");
  await p.run(
    'target',
    "UPDATE items SET b = 'target' WHERE legacy_id IN (1, 4, 5); UPDATE items SET a = 'target' WHERE legacy_id = 2; DELETE FROM items WHERE legacy_id = 3",
  );
  await p.migrate();
});

const rows = () => p.value("SELECT string_agg(concat_ws(' ', legacy_id, a, b), ', ' ORDER BY legacy_id) FROM items");
const mappings = () =>
  p.rows(
    'SELECT legacy_id, source_hash, target_hash, source_columns, coalesce(target_columns, source_columns) AS t, closed_by IS NULL AS open FROM uuid_mappings ORDER BY 1',
  );
const open = () =>
  p.rows('SELECT legacy_key, comparison_type FROM data_differentials WHERE NOT resolved ORDER BY 1, 2');
const BEFORE = '1 a1 target, 2 target b2, 4 a4 target, 5 a5 target, 6 a6 b6';

test.each([
  ['source_wins', '1 source b1, 2 source b2, 3 source b3, 5 a5 target, 6 a6 b6'],
  ['target_wins', BEFORE],
  ['merge_fields then source_wins', '1 source target, 2 source b2, 3 source b3, 5 a5 target, 6 a6 b6'],
  ['merge_fields then target_wins', '1 source target, 2 target b2, 4 a4 target, 5 a5 target, 6 a6 b6'],
])('%s', async (strategy, after) => {
  const before = { mappings: await mappings(), open: await open() };
  expect(await rows()).toBe(BEFORE);
  const { output } = await p.command({ command: 'conflict-resolver resolve', entity: ['items'], strategy });
  const { operationId, status } = output as { operationId: string; status: string };
  expect(status).toBe('completed');
  expect(await rows()).toBe(after);
  const resolved = await mappings();
  const back = (await p.rollback(operationId)).output!;
  expect(back).toMatchObject({ status: 'completed', kept: [] });
  expect(await rows()).toBe(BEFORE);
  expect(await mappings()).toEqual(before.mappings);
  expect(await open()).toEqual(before.open);
  const again = (await p.rollback(back.operationId)).output!;
  expect(again).toMatchObject({ status: 'completed', kept: [] });
  expect(await rows()).toBe(after);
  expect(await mappings()).toEqual(resolved);
});

test('a decision stays over which a later one was made, and the later operation is named', async () => {
  const resolve = async (): Promise<string> => {
    const { output } = await p.command({
      command: 'conflict-resolver resolve',
      entity: ['items'],
      strategy: 'target_wins',
    });
    return (output as { operationId: string }).operationId;
  };
  const first = await resolve();
  await p.run('source', "UPDATE item SET a = 'later' WHERE no = 2");
  await p.migrate();
  const second = await resolve();
  const decided = await mappings();
  const back = (await p.rollback(first)).output!;
  expect(back.kept).toMatchObject([{ entity: 'items', legacyId: '2', reason: 'later operation', by: second }]);
  expect((await mappings())[1]).toEqual(decided[1]);
  // What was decided last holds: nobody's edit is a conflict again.
  await p.migrate();
  expect((await open()).find((row) => row['legacy_key'] === '2')).toMatchObject({ comparison_type: 'value' });
});
