// Sections 3 and 4 of the guide, drilled: rows that are missing or changed in the target, references and mappings that are
// broken; conflicts that nobody settles, and a strategy that seems not to work.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { drill, type Drill } from './drill.ts';

let clinic: Drill;
beforeAll(async () => {
  clinic = await drill();
  await clinic.run(
    'source',
    `INSERT INTO doctor_mst SELECT (jsonb_populate_record(d, jsonb_build_object('doc_no', n, 'license_no', 'L' || n))).* FROM doctor_mst d, generate_series(12345, 12347) n WHERE doc_no = 1`,
  );
  expect(
    (await clinic.say('npx portage sync-scheduler create-job --name daily-sync --entities doctors --schedule daily'))
      .exit,
  ).toBe(0);
  expect((await clinic.migrate()).output?.entities['doctors']?.inserted).toBe(3);
});
afterAll(() => clinic.end());

/** As somebody does who loads a dump: without the foreign keys looking. */
const harm = (sql: string): Promise<void> =>
  clinic.run('target', `SET session_replication_role = replica; ${sql}; RESET session_replication_role`);

test('Problem: Data integrity validation failing', async () => {
  const guide = clinic.section('Problem: Data integrity validation failing');
  await harm(
    'DELETE FROM doctors WHERE legacy_id IN (12346, 12347); UPDATE doctors SET fee_cents = 1 WHERE legacy_id = 12345',
  );

  const found = await guide.run('npx portage data-validator validate --entities doctors --type data_integrity');
  expect(found.out).toMatch(/doctors +12345 +value +fee_cents/);
  expect(found.out).toMatch(/doctors +12346 +missing/);
  expect((await guide.run('npx portage data-validator check-record')).out).toMatch(/fee_cents/);
  expect((await guide.run('npx portage migration-analyzer compare-records')).out).toMatch(/fee_cents/);

  await guide.run('npx portage differential-migration migrate --entities doctors --force-records');
  await clinic.expectWhole('doctors');

  await harm('DELETE FROM doctors WHERE legacy_id IN (12346, 12347)');
  const missing = await guide.run('npx portage differential-migration migrate --entities doctors --mode missing-only');
  expect(missing.out).toMatch(/doctors +\d+ +2 /);
  await clinic.expectWhole('doctors');

  await harm(
    'UPDATE doctors d SET office_id = (SELECT id FROM offices o WHERE o.id <> d.office_id LIMIT 1) WHERE legacy_id = 12345',
  );
  const fixed = await guide.run('npx portage data-validator validate --entities doctors --type relationship_integrity');
  expect(fixed.out).toMatch(/references of 1 row were set/);
  await clinic.expectWhole('doctors');
  guide.expectDone();
});

test('Problem: Relationship integrity validation failing', async () => {
  const guide = clinic.section('Problem: Relationship integrity validation failing');
  await harm(
    `UPDATE patients SET doctor_id = gen_random_uuid() WHERE legacy_id IN (SELECT legacy_id FROM patients WHERE doctor_id IS NOT NULL ORDER BY 1 LIMIT 2);
     DELETE FROM portage.uuid_mappings WHERE legacy_id = 2 AND entity_id = (SELECT entity_id FROM portage.entities WHERE entity = 'doctors')`,
  );

  const found = await guide.run('npx portage data-validator validate --entities all --type relationship_integrity');
  expect(found.out).toMatch(/patients +mismatch/);
  const broken = await guide.run('npx portage migration-analyzer analyze-relationships');
  expect(broken.out).toMatch(/patients\.doctor_id 1: leads to no row/);
  const mappings = await guide.run('npx portage migration-analyzer validate-uuid-mappings');
  expect(mappings.out).toMatch(/doctors 2: a row bears the identity, and no mapping says so/);

  const repaired = await guide.run('npx portage migration-analyzer repair-uuid-mappings');
  expect(repaired.out).toMatch(/repair_\d+_\d+.*: completed/);
  const mended = await guide.run('npx portage migration-analyzer repair-relationships');
  expect(mended.out).toMatch(/patients\.doctor_id .* 2 +0$/m);
  await guide.run('npx portage differential-migration migrate --entities doctors,patients');
  await clinic.expectWhole();
  guide.expectDone();
});

/** Both sides change the fees of doctors, to something else, and a run finds it. */
async function clash(doctors: string, fee: number): Promise<void> {
  await clinic.run('source', `UPDATE doctor_mst SET fee = ${fee}, upd_ts = now() WHERE doc_no IN (${doctors})`);
  await clinic.run('target', `UPDATE doctors SET fee_cents = 7, updated_at = now() WHERE legacy_id IN (${doctors})`);
  const ran = await clinic.say('npx portage sync-scheduler run-job --name daily-sync --manual');
  expect(ran.exit).toBe(1);
}

const open = (): Promise<string | null> => clinic.value('SELECT count(*) FROM data_differentials WHERE NOT resolved');

test('Problem: Conflicts not being resolved automatically', async () => {
  const guide = clinic.section('Problem: Conflicts not being resolved automatically');
  await clash('1, 2', 50);
  expect(await clinic.say('npx portage differential-migration migrate --entities doctors')).toMatchObject({
    exit: 1,
    out: expect.stringContaining('M014 2 rows changed on both sides'),
  });

  expect((await guide.run('npx portage conflict-resolver status')).out).toMatch(/doctors +conflict +2/);
  expect((await guide.run('npx portage conflict-resolver analyze-conflicts')).out).toMatch(/fee_cents/);
  expect((await guide.run('npx portage sync-scheduler job-status')).out).toMatch(/conflict-resolution|conflicts/);

  const backed = await guide.run('npx portage conflict-resolver resolve --entity doctors --create-backup');
  expect(backed.out).toMatch(/2 rows settled by source_wins[^]*backed up to/);
  expect(await open()).toBe('0');
  await clinic.expectWhole('doctors');
  await clash('1, 2', 60);
  await guide.run('npx portage conflict-resolver resolve --entity doctors --strategy');
  expect(await open()).toBe('0');
  await clinic.expectWhole('doctors');
  await guide.run('npx portage sync-scheduler update-job');
  await clinic.run('source', 'UPDATE doctor_mst SET fee = 70, upd_ts = now() WHERE doc_no = 3');
  await clinic.run('target', 'UPDATE doctors SET fee_cents = 7 WHERE legacy_id = 3');
  expect((await clinic.say('npx portage sync-scheduler run-job --name daily-sync --manual')).exit).toBe(0);
  expect(await clinic.value('SELECT fee_cents FROM doctors WHERE legacy_id = 3')).toBe('7000');
  await clinic.expectWhole('doctors');
  guide.expectDone();
});

test('Problem: Source-wins strategy not working as expected', async () => {
  const guide = clinic.section('Problem: Source-wins strategy not working as expected');
  await clinic.say('npx portage sync-scheduler update-job --name daily-sync --conflict-resolution manual');
  await clash('1, 2', 80);
  // One moves on after its conflict was recorded; the other gets a value that no target can take.
  await clinic.run('target', 'UPDATE doctors SET fee_cents = 8 WHERE legacy_id = 1');
  await clinic.run('source', "UPDATE doctor_mst SET fee = 'infinity' WHERE doc_no = 2");
  const tried = await clinic.say('npx portage conflict-resolver resolve --entity doctors --strategy source_wins');
  expect(tried.exit).toBe(1);
  expect(tried.out).toMatch(/ doctors +1 +conflict .*it changed again since it was recorded/);

  const trial = await guide.run('npx portage conflict-resolver test-strategy');
  expect(trial.out).toMatch(/doctors: 2 rows: 1 by source_wins, 1 cannot be read from the source/);
  const logged = await guide.run('grep "conflict_resolution"');
  expect(logged.out).toMatch(
    /"event":"conflict_resolution completed with findings".*"entity":"doctors".*"conflicts":2/,
  );
  const source = await guide.run('npx portage migration-analyzer validate-source');
  expect(source.out).toMatch(/doctors 2 fee_cents: an expression fails in the source: .*infinity/);

  await clinic.run('source', 'UPDATE doctor_mst SET fee = 81, upd_ts = now() WHERE doc_no = 2');
  await guide.run('npx portage conflict-resolver resolve --entity doctors --strategy source_wins --force');
  expect(await open()).toBe('0');
  await clinic.expectWhole('doctors');

  await clash('4', 90);
  const { open: listed } = await clinic.json('npx portage conflict-resolver status --unresolved-only');
  const [{ conflictId }] = listed as [{ conflictId: string }];
  await guide.run('npx portage conflict-resolver resolve-manual', { CONFLICT_ID: conflictId });
  expect(await open()).toBe('0');
  await clinic.expectWhole('doctors');

  await clash('5', 95);
  const reset = await guide.run('npx portage differential-migration reset-entity');
  expect(reset.text).toMatch(/1 row/);
  await clinic.expectWhole();
  guide.expectDone();
});
