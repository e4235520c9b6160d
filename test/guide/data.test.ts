// Section 3 of the guide, drilled: rows that are missing or changed in the target, references and mappings that are broken.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { drill, type Drill } from './drill.ts';

let clinic: Drill;
beforeAll(async () => {
  clinic = await drill();
  await clinic.run(
    'source',
    `INSERT INTO doctor_mst SELECT (jsonb_populate_record(d, jsonb_build_object('doc_no', n, 'license_no', 'L' || n))).* FROM doctor_mst d, generate_series(12345, 12347) n WHERE doc_no = 1`,
  );
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
  await clinic.expectWhole();

  await harm('DELETE FROM doctors WHERE legacy_id IN (12346, 12347)');
  const missing = await guide.run('npx portage differential-migration migrate --entities doctors --mode missing-only');
  expect(missing.out).toMatch(/doctors +\d+ +2 /);
  await clinic.expectWhole();

  await harm(
    'UPDATE doctors d SET office_id = (SELECT id FROM offices o WHERE o.id <> d.office_id LIMIT 1) WHERE legacy_id = 12345',
  );
  const fixed = await guide.run('npx portage data-validator validate --entities doctors --type relationship_integrity');
  expect(fixed.out).toMatch(/references of 1 row were set/);
  await clinic.expectWhole();
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
