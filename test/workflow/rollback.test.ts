// Exactly one operation is taken back: what it inserted goes, what it changed or deleted comes back, and later edits stay.
import { describe, expect, test } from '@jest/globals';
import { hospital } from '../support/hospital.ts';
import { hospitalRuns } from '../support/hospital-runs.ts';
import { rollbackOf, rolledBack, same, snapshot } from '../support/rolled-back.ts';

const { p, nurse } = hospitalRuns();

const CHANGES = `
  INSERT INTO ward VALUES (11, 'Ward 11'); INSERT INTO nurse VALUES (41, 'New', 11, 42), (42, 'Newer', 11, NULL); INSERT INTO shift VALUES (41, '2024-02-01', 3);
  UPDATE nurse SET nm = 'Renamed', ward_no = 11 WHERE nurse_no = 1; UPDATE ward SET nm = 'Other' WHERE ward_no = 2; UPDATE shift SET hours = 9 WHERE nurse_no = 3;
  DELETE FROM shift WHERE nurse_no = 7; DELETE FROM nurse WHERE nurse_no = 7; UPDATE nurse SET head_no = NULL WHERE head_no = 7;
  DELETE FROM drug WHERE code = '007'; INSERT INTO drug VALUES ('new', 'New drug'); UPDATE drug SET nm = 'Better' WHERE code = ''`;

describe('a migration that inserted, changed, deleted and marked rows', () => {
  test('is taken back to the last column, base and mapping, and the next run repeats it', async () => {
    const before = await snapshot(p());
    await p().run('source', CHANGES);
    const run = await p().migrate();
    const after = await snapshot(p());
    const back = await rolledBack(p(), rollbackOf(run.output!.operationId));
    expect(back.output).toMatchObject({
      status: 'completed',
      operations: [run.output!.operationId],
      keptRows: 0,
      entities: {
        wards: { deleted: 1, updated: 1, inserted: 0 },
        nurses: { deleted: 2, updated: 2, inserted: 1 },
        shifts: { deleted: 1, updated: 5, inserted: 5 },
        drugs: { deleted: 1, updated: 2, inserted: 0 },
      },
    });
    same(await snapshot(p()), before);
    expect(
      await p().rows(
        `SELECT DISTINCT o.status, c.status AS checkpoint FROM operations o JOIN migration_checkpoints c USING (operation_id) WHERE operation_id = '${run.output!.operationId}'`,
      ),
    ).toEqual([{ status: 'rolled_back', checkpoint: 'rolled_back' }]);
    const again = await p().migrate();
    expect(again.output!.entities).toMatchObject(
      Object.fromEntries(
        Object.entries(run.output!.entities).map(([name, { inserted, updated, deleted }]) => [
          name,
          { inserted, updated, deleted },
        ]),
      ),
    );
    expect((await snapshot(p())).tables['nurses']).toEqual(after.tables['nurses']);
    expect((await snapshot(p())).tables['shifts']).toEqual(after.tables['shifts']);
  });

  test('comes back when the rollback is taken back', async () => {
    await p().run('source', CHANGES);
    const run = await p().migrate();
    const after = await snapshot(p());
    const first = await rolledBack(p(), rollbackOf(run.output!.operationId));
    const second = await rolledBack(p(), rollbackOf(first.output.operationId));
    expect(second.output).toMatchObject({ status: 'completed', operations: [first.output.operationId] });
    same(await snapshot(p()), after);
    expect(
      await p().rows('SELECT status FROM operations WHERE operation_no > 1 ORDER BY operation_no LIMIT 2'),
    ).toEqual([{ status: run.output!.status }, { status: 'rolled_back' }]);
    const third = await rolledBack(p(), rollbackOf(run.output!.operationId));
    expect(third.output).toMatchObject({ status: 'completed', keptRows: 0 });
  });

  test('leaves what somebody edited since, and says in which column', async () => {
    await p().run('source', CHANGES);
    const run = await p().migrate();
    await p().run(
      'target',
      "UPDATE nurses SET name = 'Mine' WHERE legacy_id = 1; UPDATE nurses SET phone = '117' WHERE legacy_id = 42; UPDATE wards SET floor = 5 WHERE legacy_id = 2",
    );
    const back = await rolledBack(p(), rollbackOf(run.output!.operationId));
    expect(back.output.status).toBe('completed_with_findings');
    expect(
      back.output.kept.map(({ entity, legacyId, reason, columns }) => ({ entity, legacyId, reason, columns })),
    ).toEqual([
      { entity: 'wards', legacyId: '11', reason: 'referenced', columns: [] },
      { entity: 'nurses', legacyId: '1', reason: 'edited', columns: ['name'] },
      { entity: 'nurses', legacyId: '42', reason: 'edited', columns: ['phone'] },
    ]);
    expect(back.output.kept[0]!.detail).toContain('public.nurses');
    expect(await nurse(1)).toMatchObject([{ name: 'Mine' }]);
    expect(await nurse(42)).toMatchObject([{ phone: '117' }]);
    // An edit of a column that the operation never wrote is nobody's loss.
    expect(await p().rows('SELECT name, floor FROM wards WHERE legacy_id = 2')).toEqual([
      { name: 'Ward 2', floor: '5.00' },
    ]);
    expect(await nurse(41)).toEqual([]);
  });

  test('leaves what a later operation wrote, and names it; newest first both are taken back', async () => {
    const before = await snapshot(p());
    await p().run('source', CHANGES);
    const run = await p().migrate();
    await p().run('source', "UPDATE nurse SET nm = 'Twice' WHERE nurse_no IN (1, 42)");
    const later = await p().migrate();
    const back = await rolledBack(p(), rollbackOf(run.output!.operationId));
    expect(back.output.kept).toMatchObject([
      { entity: 'wards', legacyId: '11', reason: 'referenced' },
      { entity: 'nurses', legacyId: '1', reason: 'later operation', by: later.output!.operationId },
      { entity: 'nurses', legacyId: '42', reason: 'later operation', by: later.output!.operationId },
    ]);
    await rolledBack(p(), rollbackOf(later.output!.operationId));
    // What was kept once is tried again.
    const rest = await rolledBack(p(), rollbackOf(run.output!.operationId));
    expect(rest.output).toMatchObject({ status: 'completed', keptRows: 0 });
    same(await snapshot(p()), before);
  });

  test('keeps a parent to which a row of a table that nobody maps refers, whatever the table would do', async () => {
    await p().run('source', CHANGES);
    const run = await p().migrate();
    await p().run('target', 'INSERT INTO badges VALUES (77, 42)');
    const back = await rolledBack(p(), rollbackOf(run.output!.operationId));
    expect(back.output.kept).toMatchObject([
      { entity: 'wards', legacyId: '11', reason: 'referenced', detail: expect.stringContaining('public.nurses') },
      { entity: 'nurses', legacyId: '42', reason: 'referenced', detail: expect.stringContaining('public.badges 77') },
    ]);
    expect(await p().value('SELECT nurse_id FROM badges')).toBe('42');
    expect(await nurse(42)).toHaveLength(1);
  });

  test('leaves alone what somebody deleted, or put in the place of a deleted row', async () => {
    await p().run('source', CHANGES);
    const run = await p().migrate();
    const [gone] = await p().rows(
      "SELECT before FROM undo_log JOIN entities USING (entity_id) WHERE entity = 'nurses' AND action = 'delete'",
    );
    const { id } = JSON.parse(gone!['before']!) as { id: string };
    await p().run(
      'target',
      `DELETE FROM shifts WHERE day = '2024-02-01'; DELETE FROM nurses WHERE legacy_id = 41;
      INSERT INTO nurses (id, legacy_id, name, ward_id) SELECT '${id}', 7, 'Somebody', id FROM wards WHERE legacy_id = 1`,
    );
    const back = await rolledBack(p(), rollbackOf(run.output!.operationId));
    expect(back.output.kept.map(({ entity, legacyId, reason }) => [entity, legacyId, reason])).toEqual([
      ['nurses', '7', 'occupied'],
      ['nurses', '41', 'deleted'],
      ['shifts', expect.any(String), 'deleted'],
    ]);
    expect(await nurse(7)).toMatchObject([{ name: 'Somebody' }]);
  });
});

test('under another map since, rows come back without bases, and nothing is written over unseen', async () => {
  await p().run('source', "UPDATE ward SET nm = 'Other' WHERE ward_no = 2");
  const run = await p().migrate();
  const { wards } = hospital.entities;
  const columns = { ...wards.columns, floor: { sql: '3.00' } };
  await p().useMap({ ...hospital, entities: { ...hospital.entities, wards: { ...wards, columns } } });
  await p().migrate();
  const back = await rolledBack(p(), rollbackOf(run.output!.operationId));
  expect(back.output).toMatchObject({ keptRows: 0, entities: { wards: { updated: 1 } } });
  expect(await p().value('SELECT name FROM wards WHERE legacy_id = 2')).toBe('Ward 2');
  expect(
    await p().value(
      "SELECT count(*) FROM mappings WHERE entity = 'wards' AND target_hash IS NULL AND legacy_key = '2'",
    ),
  ).toBe('1');
  expect((await p().migrate()).output!.entities['wards']).toMatchObject({ updated: 0, conflicts: 1 });
  expect(await p().value('SELECT name FROM wards WHERE legacy_id = 2')).toBe('Ward 2');
});

describe('the first migration', () => {
  test('is taken back to an empty target without a mapping', async () => {
    const [first] = await p().rows('SELECT operation_id FROM operations WHERE operation_no = 1');
    const back = await rolledBack(p(), rollbackOf(first!['operation_id']!));
    expect(back.output).toMatchObject({
      status: 'completed',
      entities: { nurses: { deleted: 40, updated: 0 }, shifts: { deleted: 200 } },
    });
    const now = await snapshot(p());
    expect(Object.values(now.tables).flat()).toEqual([]);
    expect(now.mappings).toEqual([]);
    expect(await p().migrate()).toMatchObject({
      output: { entities: { nurses: { inserted: 40 }, shifts: { inserted: 200 } } },
    });
  });
});
