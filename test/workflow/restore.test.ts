// What a backup holds comes back: rows, mappings and bases; what others have written since stays.
import { describe, expect, test } from '@jest/globals';
import { backups, fingerprint } from '../support/backups.ts';
import { hospitalRuns } from '../support/hospital-runs.ts';
import { rollbackOf, rolledBack, same, snapshot } from '../support/rolled-back.ts';

const { p, untouched } = hospitalRuns();
const { take, restore } = backups(p);

const SPOILED = `
  UPDATE nurses SET name = 'Somebody', head_id = NULL WHERE legacy_id = 1; UPDATE wards SET name = 'Elsewhere', floor = 7 WHERE legacy_id = 2;
  DELETE FROM wards WHERE legacy_id = 4; DELETE FROM drugs WHERE code IN ('', '007'); UPDATE drugs SET gone_at = now() WHERE code = 'a/b'; UPDATE shifts SET hours = 1 WHERE day = '2024-01-03';
  INSERT INTO wards (id, legacy_id, name) VALUES (gen_random_uuid(), NULL, 'Native'), (gen_random_uuid(), 900, 'Extra'); INSERT INTO drugs (id, code, name) VALUES (gen_random_uuid(), NULL, 'Native')`;

describe.each(['backup.json', 'backup.ndjson.gz'])('a target that was spoiled, out of %s', (name) => {
  test('is as it was, but for rows of others and columns that nobody maps; taken back it is spoiled again', async () => {
    const before = await snapshot(p());
    const file = await take(name);
    await p().run('target', SPOILED);
    const spoiled = await snapshot(p());
    const run = await restore(file);
    expect(run.output).toMatchObject({
      status: 'completed',
      entities: {
        wards: { read: 10, inserted: 1, updated: 1, unchanged: 8 },
        nurses: { read: 40, inserted: 4, updated: 3, unchanged: 33 },
        shifts: { read: 200, inserted: 20, updated: 36 },
        drugs: { read: 30, inserted: 2, updated: 1, unchanged: 27 },
      },
    });
    const after = await snapshot(p());
    await p().run(
      'target',
      'DELETE FROM wards WHERE legacy_id IS NULL OR legacy_id = 900; DELETE FROM drugs WHERE code IS NULL; UPDATE wards SET floor = 3 WHERE legacy_id = 2',
    );
    const cleaned = await snapshot(p());
    same({ ...cleaned, mappings: after.mappings }, before);
    await untouched();
    await p().run(
      'target',
      "UPDATE wards SET floor = 7 WHERE legacy_id = 2; INSERT INTO wards (id, legacy_id, name) SELECT (w->>'id')::uuid, (w->>'legacy_id')::int, w->>'name' FROM json_array_elements('" +
        JSON.stringify(
          spoiled.tables['wards']!.filter((row) => row['legacy_id'] === null || row['legacy_id'] === '900'),
        ) +
        "'::json) w",
    );
    const back = await rolledBack(p(), rollbackOf(run.output.operationId));
    expect(back.output.keptRows).toBe(0);
    const now = await snapshot(p());
    expect(now.tables['nurses']).toEqual(spoiled.tables['nurses']);
    expect(now.tables['shifts']).toEqual(spoiled.tables['shifts']);
    expect(now.mappings).toEqual(spoiled.mappings);
  });
});

test('a target that is as it was is not touched, not even by a lock', async () => {
  const file = await take();
  const before = await fingerprint(p());
  const ledger = await snapshot(p());
  expect((await restore(file)).output).toMatchObject({
    status: 'completed',
    entities: { nurses: { read: 40, unchanged: 40, inserted: 0, updated: 0 } },
  });
  expect(await fingerprint(p())).toBe(before);
  same(await snapshot(p()), ledger);
});

test('tables that are empty are filled, whatever refers to what, and the next run finds nothing to do', async () => {
  const before = await snapshot(p());
  const file = await take();
  await p().run('target', 'TRUNCATE wards, drugs CASCADE');
  const run = await restore(file);
  expect(run.output).toMatchObject({
    status: 'completed',
    keptRows: 0,
    entities: { nurses: { inserted: 40, updated: 0 } },
  });
  same(await snapshot(p()), before);
  await untouched();
});

test('rows that come back to their mappings leave keys to be undone, and nothing else; taken back and forth, mappings stay', async () => {
  const before = await snapshot(p());
  const file = await take();
  await p().run('target', 'TRUNCATE wards, drugs CASCADE');
  const emptied = await snapshot(p());
  const { operationId } = (await restore(file)).output;
  const logged = (entity: string) =>
    p().value(`SELECT count(*) FROM undo_log JOIN entities USING (entity_id) JOIN operations USING (operation_no) WHERE operation_id = '${operationId}' AND entity = '${entity}'`); // prettier-ignore
  expect(await Promise.all(['wards', 'shifts', 'drugs'].map(logged))).toEqual(['0', '0', '0']);
  const back = await rolledBack(p(), rollbackOf(operationId));
  expect(back.output).toMatchObject({ keptRows: 0, entities: { wards: { deleted: 10 }, drugs: { deleted: 30 } } });
  same(await snapshot(p()), emptied);
  await rolledBack(p(), rollbackOf(back.output.operationId));
  same(await snapshot(p()), before);
  await untouched();
});

test('a ledger that is lost comes back with the rows', async () => {
  const before = await snapshot(p());
  const file = await take();
  await p().run('target', 'TRUNCATE portage.uuid_mappings; TRUNCATE wards, drugs CASCADE');
  expect((await restore(file)).output).toMatchObject({ status: 'completed', entities: { wards: { inserted: 10 } } });
  const after = await snapshot(p());
  const known = ({ operation_no: _, ...row }: Record<string, unknown>): unknown => row;
  expect(after.mappings.map(known)).toEqual(before.mappings.map(known));
  await untouched();
});

test('mappings alone that are lost are found again under the keys of their rows', async () => {
  const before = await snapshot(p());
  const file = await take();
  await p().run('target', "TRUNCATE portage.uuid_mappings; UPDATE nurses SET name = 'x' WHERE legacy_id = 3");
  expect((await restore(file)).output).toMatchObject({
    entities: { wards: { adopted: 10 }, nurses: { adopted: 40, updated: 1 } },
  });
  const after = await snapshot(p());
  expect(after.tables).toEqual(before.tables);
  const bases = ({ operation_no: _, ...row }: Record<string, unknown>): unknown => row;
  expect(after.mappings.map(bases)).toEqual(before.mappings.map(bases));
});

test('what the source changed after the backup is carried again by the next run', async () => {
  const file = await take();
  await p().run(
    'source',
    "UPDATE nurse SET nm = 'Renamed' WHERE nurse_no = 5; DELETE FROM drug WHERE code = '007'; INSERT INTO ward VALUES (11, 'New')",
  );
  await p().migrate();
  const migrated = await snapshot(p());
  expect((await restore(file)).output).toMatchObject({
    entities: { nurses: { updated: 1 }, drugs: { updated: 1 }, wards: { read: 10, unchanged: 10 } },
  });
  expect(await p().value('SELECT name FROM nurses WHERE legacy_id = 5')).toBe('Nurse 5');
  expect(await p().value('SELECT count(*) FROM wards WHERE legacy_id = 11')).toBe('1');
  const again = await p().migrate();
  expect(again.output!.entities).toMatchObject({ nurses: { updated: 1, kept: 0 }, drugs: { deleted: 1 } });
  const now = await snapshot(p());
  expect(now.tables['nurses']).toEqual(migrated.tables['nurses']);
  expect(now.tables['wards']).toEqual(migrated.tables['wards']);
});

test('edits of the target that a run had kept come back as the edits that they were', async () => {
  await p().run('target', "UPDATE nurses SET name = 'Mine' WHERE legacy_id = 6");
  await p().migrate();
  const before = await snapshot(p());
  const file = await take();
  await p().run(
    'target',
    "UPDATE nurses SET name = 'Theirs' WHERE legacy_id = 6; DELETE FROM nurses WHERE legacy_id = 8",
  );
  await restore(file);
  same(await snapshot(p()), before);
  expect((await p().migrate()).output!.entities['nurses']).toMatchObject({ kept: 1, updated: 0, inserted: 0 });
});

test('a restore of rows that were edited before the backup is taken back, with what their mappings say', async () => {
  await p().run('target', "UPDATE nurses SET name = 'Mine' WHERE legacy_id IN (5, 6)");
  await p().migrate();
  const file = await take();
  // One is in the source by now as it was edited, the other was written over.
  await p().run(
    'source',
    "UPDATE nurse SET nm = CASE nurse_no WHEN 5 THEN 'Mine' ELSE 'Renamed' END WHERE nurse_no IN (5, 6)",
  );
  await p().migrate({ mode: 'full' });
  const before = await snapshot(p());
  const { output } = await restore(file);
  expect(output).toMatchObject({ entities: { nurses: { updated: 1 } } });
  const back = await rolledBack(p(), rollbackOf(output.operationId));
  expect(back.output).toMatchObject({ kept: [], entities: { nurses: { updated: 1, unchanged: 1 } } });
  same(await snapshot(p()), before);
});

test('rows that were deleted in the source and the target stay deleted, and their mappings come back', async () => {
  await p().run('source', 'DELETE FROM shift WHERE nurse_no = 9; DELETE FROM nurse WHERE nurse_no = 9');
  await p().migrate();
  const before = await snapshot(p());
  const file = await take();
  await p().run('target', 'DELETE FROM portage.uuid_mappings WHERE closed_by IS NOT NULL');
  await restore(file);
  const after = await snapshot(p());
  expect(after.tables).toEqual(before.tables);
  expect(after.mappings.filter((row) => row['closed_by'] !== null).map(({ key }) => key)).toEqual(
    before.mappings.filter((row) => row['closed_by'] !== null).map(({ key }) => key),
  );
});

test('a row whose place is taken stays out with all that refers to it, and is listed', async () => {
  const file = await take();
  await p().run(
    'target',
    `DELETE FROM drugs WHERE code IN ('007', 'code 9'); INSERT INTO drugs (id, code, name) VALUES (gen_random_uuid(), '007', 'By hand');
     DELETE FROM nurses WHERE legacy_id = 3; INSERT INTO nurses (id, legacy_id, name, ward_id) SELECT gen_random_uuid(), 3, 'By hand', ward_id FROM nurses WHERE legacy_id = 1`,
  );
  const run = await restoreQuietly(file);
  expect(run.output).toMatchObject({
    status: 'completed_with_findings',
    keptRows: 8,
    kept: [
      { entity: 'nurses', legacyId: '2', reason: 'refused', detail: 'the row that head_id refers to is not there' },
      { entity: 'nurses', legacyId: '3', reason: 'occupied' },
      ...[2, 3, 4, 5, 6].map((day) => ({ entity: 'shifts', legacyId: `[3, "2024-01-0${day}"]`, reason: 'refused' })),
      { entity: 'drugs', legacyId: '007', reason: 'occupied' },
    ],
    entities: {
      nurses: { read: 40, kept: 2, unchanged: 38 },
      shifts: { read: 200, kept: 5, unchanged: 195 },
      drugs: { read: 30, kept: 1, inserted: 1, unchanged: 28 },
    },
  });
  expect(await p().value("SELECT name FROM drugs WHERE code = '007'")).toBe('By hand');
});

test('some entities alone come back, where their parents are there', async () => {
  const file = await take();
  await p().run('target', "UPDATE wards SET name = 'Other'; DELETE FROM shifts WHERE day = '2024-01-02'");
  const run = await restore(file, ['shifts']);
  expect(run.output.entities).toEqual({ shifts: expect.objectContaining({ inserted: 40 }) });
  expect(await p().value("SELECT count(*) FROM wards WHERE name = 'Other'")).toBe('10');
});

test('unique values that went round in a ring come back', async () => {
  const before = await snapshot(p());
  const file = await take();
  await p().run(
    'target',
    `UPDATE drugs SET code = 'tmp' WHERE code = 'code 9'; UPDATE drugs SET code = 'code 9' WHERE code = 'code 8'; UPDATE drugs SET code = 'code 8' WHERE code = 'code 7'; UPDATE drugs SET code = 'code 7' WHERE code = 'tmp';
     UPDATE nurses SET legacy_id = legacy_id + 1000 WHERE legacy_id IN (20, 21); UPDATE nurses SET legacy_id = CASE legacy_id WHEN 1020 THEN 21 ELSE 20 END WHERE legacy_id > 1000`,
  );
  expect((await restoreQuietly(file)).output).toMatchObject({
    status: 'completed',
    keptRows: 0,
    entities: { drugs: { updated: 3 }, nurses: { updated: 2 } },
  });
  same(await snapshot(p()), before);
});

/** Which rows stand in each other's way only writing finds. */
const restoreQuietly = (backupFile: string) =>
  p().recover({ command: 'migration-analyzer restore-from-backup', backupFile });
