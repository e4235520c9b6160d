// Few rows of many differ: they are found by their keys, and the others are neither moved nor written (ADR 37).
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { compareKeys } from '../../shared/database/engine/changed-keys.ts';
import { compareRange, lookAhead, type FirstLook } from '../../shared/database/engine/descent.ts';
import { prepare } from '../../shared/database/engine/prepare.ts';
import { workSlice } from '../../shared/database/engine/slice.ts';
import type { BatchReport, Worker } from '../../shared/database/engine/worker.ts';
import { checkpointById, savePlan } from '../../shared/database/ledger/checkpoints.ts';
import * as changedKeys from '../../shared/database/sql/changed-keys.ts';
import { gatherVanished } from '../../shared/database/sql/gather-vanished.ts';
import { copyHashes } from '../../shared/database/sql/source.ts';
import { expectGolden } from '../support/golden.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';

const ROWS = 240;
const WHOLE = { from: null, to: null };

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(
    'CREATE TABLE bed (bed_no integer PRIMARY KEY, ward text); CREATE TABLE stay (code text PRIMARY KEY, ward text)',
    `CREATE TABLE beds (id uuid PRIMARY KEY, legacy_id integer UNIQUE, ward text CHECK (ward <> 'refused'));
     CREATE TABLE stays (code text PRIMARY KEY, ward text)`,
    {
      name: 'beds',
      entities: {
        beds: {
          source: { table: 'public.bed', key: ['bed_no'] },
          target: { table: 'public.beds', key: ['id'], identity: ['legacy_id'] },
          columns: { legacy_id: 'bed_no', ward: { sql: '(100 / (s.bed_no - 10000))::text || s.ward' } },
        },
        stays: {
          source: { table: 'public.stay', key: ['code'] },
          target: { table: 'public.stays', key: ['code'] },
          columns: { code: 'code', ward: 'ward' },
        },
      },
    },
  );
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.reset();
  await p.run('source', 'TRUNCATE bed, stay');
});

test('the text of what looks for them', () => {
  const beds = p.entity('beds');
  const RANGE = { from: '10', to: '20' };
  expectGolden('changed-keys', {
    copyHashes: copyHashes(beds, RANGE),
    createChanged: changedKeys.createChanged(beds),
    copyHashesIn: changedKeys.copyHashesIn(beds),
    findChanged: changedKeys.findChanged(beds, RANGE),
    'findChanged where the target is untouched': changedKeys.findChanged(beds, RANGE, true),
    nextChanged: changedKeys.nextChanged(beds, RANGE, 2000),
    countPassed: changedKeys.countPassed(beds, RANGE),
    'gatherVanished among them': gatherVanished(beds, RANGE, 7, null, changedKeys.changedMappings(beds)),
  });
});

const fill = async (): Promise<void> => {
  await p.run('source', `INSERT INTO bed SELECT n, 'w' FROM generate_series(1, ${ROWS}) n`);
  await work();
};

/** One run in one slice of steps of 10 rows; its counts together, and the bytes that were moved. */
async function work(entity = 'beds', more: Partial<Worker> = {}) {
  const batches: BatchReport[] = [];
  const progress = await p.work(entity, { batchRows: 10, onBatch: (batch) => batches.push(batch), ...more });
  const sum = (name: keyof BatchReport['counts']): number => batches.reduce((all, b) => all + b.counts[name], 0);
  return {
    done: progress.done,
    bytes: batches.reduce((all, batch) => all + batch.bytes, 0),
    ranges: batches.map((batch) => batch.range),
    ...Object.fromEntries(
      (['read', 'inserted', 'updated', 'unchanged', 'kept', 'conflicts', 'setAside'] as const).map((n) => [n, sum(n)]),
    ),
  };
}

const wards = async (): Promise<Record<string, string | null>[]> =>
  p.rows('SELECT legacy_id, ward FROM beds ORDER BY legacy_id');
const closed = (): Promise<string | null> =>
  p.value('SELECT count(*) FROM portage.uuid_mappings_1 WHERE closed_by IS NOT NULL');

test('each change of either side is found wherever it lies, and every row is counted once', async () => {
  await fill();
  await p.run(
    'source',
    `UPDATE bed SET ward = 'new' WHERE bed_no % 20 = 3; DELETE FROM bed WHERE bed_no IN (7, 100, ${ROWS}); INSERT INTO bed VALUES (0, 'w'), (${ROWS + 1}, 'w')`,
  );
  await p.target.run(
    "UPDATE beds SET ward = 'edited' WHERE legacy_id IN (1, 23, 199); DELETE FROM beds WHERE legacy_id IN (7, 8, 43)",
  );
  const run = await work();
  expect(run).toMatchObject({
    done: true,
    read: ROWS - 3 + 2,
    inserted: 2,
    updated: 10, // of 12 in the source two were touched in the target as well
    kept: 5, // edited: 1, 199; deleted in the target: 8; deleted in the source: 100, 240
    conflicts: 2, // 23, 43
    unchanged: ROWS - 3 - 12 - 3,
  });
  expect(await closed()).toBe('1'); // 7
  expect((await wards()).filter((row) => row['ward'] === '0new')).toHaveLength(10);
  // Nothing moved since: the same differences are seen again, and no row is written.
  expect(await work()).toMatchObject({ inserted: 0, updated: 0, kept: 5, conflicts: 2, read: ROWS - 1 });
});

test('a row of the target that says another key than its mapping is looked at all the same', async () => {
  await fill();
  await p.run('source', "UPDATE bed SET ward = 'new' WHERE bed_no IN (30, 200)");
  await p.target.run('UPDATE beds SET legacy_id = -legacy_id WHERE legacy_id IN (15, 30)');
  // 15 stays as it was edited, 30 is a conflict; looked at again, both are still seen.
  expect(await work()).toMatchObject({ read: ROWS, updated: 1, kept: 1, conflicts: 1, unchanged: ROWS - 3 });
  expect(await work()).toMatchObject({ updated: 0, kept: 1, conflicts: 1, unchanged: ROWS - 2 });
});

test('where the target was seen untouched it is not compared again, and what both sides changed is a conflict all the same', async () => {
  await fill();
  await p.run('source', "UPDATE bed SET ward = 'new' WHERE bed_no % 20 = 3; DELETE FROM bed WHERE bed_no IN (8, 9)");
  await p.target.run("UPDATE beds SET ward = 'edited' WHERE legacy_id IN (1, 9, 23)"); // after somebody had looked
  expect(await work('beds', { untouched: true })).toMatchObject({ updated: 11, conflicts: 2, kept: 1 }); // 9 and 23; 8
  expect(await work()).toMatchObject({ updated: 0, conflicts: 2, kept: 2 }); // row 1 is found by the next run
});

test('steps of a slice are equal by the source alone where the target was seen untouched', async () => {
  await fill();
  const compared = (untouched: boolean) =>
    compareRange({ source: p.source, target: p.target, entity: p.entity('beds'), untouched }, WHOLE, 10);
  await p.target.run("UPDATE beds SET ward = 'edited' WHERE legacy_id = 15");
  expect((await compared(true)).map(({ equal }) => equal)).toEqual([true]);
  expect((await compared(false)).map(({ equal }) => equal)).toEqual([true, false, true]);
  await p.run('source', "UPDATE bed SET ward = 'new' WHERE bed_no = 35; DELETE FROM bed WHERE bed_no = 101");
  expect((await compared(true)).map(({ equal }) => equal)).toEqual([true, false, true, false, true]);
});

test('what lies everywhere, and what is untouched, is seen by the first rows', async () => {
  const rows = 12_000;
  await p.run('source', `INSERT INTO bed SELECT 20000 + n, 'w' FROM generate_series(1, ${rows}) n`);
  await work('beds', { batchRows: rows });
  const beds = p.entity('beds');
  const asIfLarge = { ...beds, source: { ...beds.source, estimatedRows: 200_000 } };
  const { source, target } = p;
  const look = (entity = asIfLarge): Promise<FirstLook | null> => lookAhead({ source, target, entity });
  expect(await look()).toEqual({ scattered: false, untouched: false });
  await p.run('source', "UPDATE bed SET ward = 'new' WHERE bed_no = 20001");
  expect(await look()).toEqual({ scattered: false, untouched: false }); // half of what was looked at
  await p.run('source', "UPDATE bed SET ward = 'new' WHERE bed_no % 5000 = 1");
  expect(await look()).toEqual({ scattered: true, untouched: true });
  await p.target.run("UPDATE beds SET ward = 'edited' WHERE legacy_id = 28000");
  expect(await look()).toEqual({ scattered: true, untouched: false });
  expect(await look(beds)).toBeNull(); // a table as small is looked at whole
  await p.run('source', 'DELETE FROM bed WHERE bed_no > 29999');
  expect(await look()).toBeNull(); // fewer rows than a look ahead takes: the catalog was wrong
});

test('a plan knows whether the target is untouched, and who takes it over does not rely on it', async () => {
  await fill();
  const sides = { source: p.source, target: p.target };
  const planned = () => prepare(sides, p.entity('beds'), 'differential', 2);
  expect(await planned()).toMatchObject({ equal: true, untouched: true });
  await p.run('source', "UPDATE bed SET ward = 'new' WHERE bed_no = 3");
  const plan = await planned();
  expect(plan).toMatchObject({ equal: false, untouched: true });
  await p.target.run("UPDATE beds SET ward = 'edited' WHERE legacy_id = 200");
  expect(await planned()).toMatchObject({ equal: false, fresh: true, untouched: false });

  const operation = await p.operation();
  const checkpoint = await p.claim(operation, 'beds');
  await savePlan(p.target, checkpoint.id, plan);
  expect(await checkpointById(p.target, checkpoint.id)).toMatchObject({ fresh: true, untouched: true });
  expect(await p.claim(operation, 'beds')).toMatchObject({ id: checkpoint.id, fresh: true, untouched: false });
});

test('rows that did not change are not moved', async () => {
  await fill();
  await p.run('source', "UPDATE bed SET ward = ward || 'x' WHERE bed_no % 20 = 0");
  const few = await work();
  await p.run('source', "UPDATE bed SET ward = ward || 'y'");
  const all = await work();
  expect(few).toMatchObject({ updated: ROWS / 20, unchanged: ROWS - ROWS / 20 });
  expect(all).toMatchObject({ updated: ROWS, unchanged: 0 });
  expect(few.bytes * 10).toBeLessThan(all.bytes);
});

test('one that is stopped goes on after its last batch, and nothing is counted twice', async () => {
  await fill();
  await p.run('source', "UPDATE bed SET ward = 'new' WHERE bed_no % 10 = 0");
  const operation = await p.operation();
  const checkpoint = await p.claim(operation, 'beds');

  const slice = { slice: 0, ...WHOLE };
  let rows = 0;
  for (let calls = 0; calls < 100; calls++) {
    const once = await workSlice(p.worker(operation, checkpoint, { batchRows: 10, timeIsUp: () => true }), slice);
    rows += once.rows;
    if (once.done) break;
  }
  expect(rows).toBe(ROWS);
  expect(
    await p.value(
      `SELECT sum(updated) || ' ' || sum(unchanged) FROM portage.migration_batches WHERE checkpoint_id = '${checkpoint.id}'`,
    ),
  ).toBe('24 216');
});

test('a row that cannot be written, and one that cannot be evaluated, are set aside alone', async () => {
  await fill();
  await p.run(
    'source',
    "UPDATE bed SET ward = 'new' WHERE bed_no % 20 = 3; INSERT INTO bed VALUES (10000, 'w'), (10001, 'w')",
  );
  await p.run('target', "ALTER TABLE beds ADD CHECK (ward <> '0new' OR legacy_id <> 103)");
  const run = await work();
  await p.run('target', 'ALTER TABLE beds DROP CONSTRAINT beds_check');
  expect(run).toMatchObject({
    done: true,
    read: ROWS + 2,
    updated: 11,
    inserted: 1,
    setAside: 2,
    unchanged: ROWS - 12,
  });
  expect(
    (await p.rows('SELECT legacy_key FROM portage.set_aside_rows ORDER BY 1')).map((r) => r['legacy_key']),
  ).toEqual(['10000', '103']);
});

test('keys that are text are looked up while they are few', async () => {
  await p.run('source', `INSERT INTO stay SELECT 'K' || n, 'w' FROM generate_series(1, ${ROWS}) n`);
  await work('stays');
  await p.run('source', "UPDATE stay SET ward = 'new' WHERE code LIKE '%9'; DELETE FROM stay WHERE code = 'K77'");
  await p.target.run("UPDATE stays SET ward = 'edited' WHERE code = 'K5'");
  expect(await work('stays')).toMatchObject({ read: ROWS - 1, updated: 24, kept: 2, unchanged: ROWS - 1 - 24 - 1 });
});

test('where most rows differ, or one cannot be evaluated, the range is read as it is', async () => {
  await fill();
  const operation = await p.operation();
  const worker = p.worker(operation, await p.claim(operation, 'beds'), { batchRows: 10 });
  expect(await compareKeys(worker, WHOLE)).not.toBeNull();
  await p.run('source', 'INSERT INTO bed VALUES (10000)');
  expect(await compareKeys(worker, WHOLE)).toBeNull();
  await p.run('source', "DELETE FROM bed WHERE bed_no = 10000; UPDATE bed SET ward = 'new' WHERE bed_no % 2 = 0");
  expect(await compareKeys(worker, WHOLE)).toBeNull();
});
