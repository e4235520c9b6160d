// References against the source's own: what is broken is found with its kind, what the mapping proves is mended and nothing
// else, it can be taken back, and the next differential run finds nothing to do.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  relationshipsAnswer,
  type RelationshipsAnswer,
} from '../../shared/operations/migration-analyzer/analyze-relationships.ts';
import {
  repairRelationshipsAnswer,
  type RepairRelationshipsAnswer,
} from '../../shared/operations/migration-analyzer/repair-relationships.ts';
import { judgeOutput } from '../../shared/contracts/validation.ts';
import { portage, type Portage } from '../support/portage.ts';
import { practice, PRACTICE_SOURCE, PRACTICE_TARGET } from '../support/practice.ts';

let p: Portage;
beforeAll(async () => {
  p = await portage(PRACTICE_SOURCE, PRACTICE_TARGET, practice);
  expect((await p.migrate()).output?.status).toBe('completed');
  await p.run('target', 'CREATE TABLE untouched AS SELECT * FROM visits');
});
afterAll(() => p.end());

const analyze = async (entity: unknown = 'all', more = {}): Promise<RelationshipsAnswer> => {
  const { output, failure } = await p.command({
    command: 'migration-analyzer analyze-relationships',
    entity,
    ...more,
  });
  expect(failure).toBeNull();
  return relationshipsAnswer.parse(output);
};
const repair = async (entity: unknown = 'all', more = {}): Promise<RepairRelationshipsAnswer> => {
  const { output, failure } = await p.command({
    command: 'migration-analyzer repair-relationships',
    entity,
    ...more,
  });
  expect(failure).toBeNull();
  return repairRelationshipsAnswer.parse(output);
};
const of = (answer: RelationshipsAnswer, entity: string, column: string) =>
  answer.relationships.find((one) => one.entity === entity && one.column === column)!;
const idOf = (table: string, legacy: number): string => `(SELECT id FROM ${table} WHERE legacy_id = ${legacy})`;

/** Harm to single rows, each with what is to be found of it. */
const HARM = `
  UPDATE visits SET doctor_id = gen_random_uuid() WHERE legacy_id = 1;
  UPDATE visits SET doctor_id = ${idOf('doctors', 40)} WHERE legacy_id = 2;
  UPDATE visits SET doctor_id = NULL WHERE legacy_id = 3;
  UPDATE visits SET room_id = gen_random_uuid() WHERE legacy_id = 4;
  UPDATE visits SET note = 'a person''s own', room_id = NULL WHERE legacy_id = 5;
  INSERT INTO visits VALUES (gen_random_uuid(), NULL, gen_random_uuid(), NULL, 'native', true);`;

describe('a practice that nobody has harmed', () => {
  test('has every reference where the source says, and says which constraints keep them', async () => {
    const answer = await analyze();

    expect(answer.broken).toBe(0);
    expect(answer.relationships.map((one) => [one.entity, one.column, one.parent, one.constraint, one.set])).toEqual([
      ['doctors', 'office_id', 'offices', 'missing', 40],
      ['doctors', 'boss_id', 'doctors', 'not_valid', 30],
      ['visits', 'doctor_id', 'doctors', 'missing', 200],
      ['visits', 'room_id', 'rooms', 'missing', 200],
      ['skills', 'doctor_id', 'doctors', 'missing', 80],
    ]);
    expect((await analyze('all', { brokenOnly: true })).relationships).toEqual([]);
    expect(await repair('all', { autoFix: true })).toMatchObject({ status: 'completed', left: 0, relationships: [] });
  });

  test('shows of one entity the references of it and to it', async () => {
    const { relationships } = await analyze(['offices']);

    expect(relationships.map((one) => `${one.entity}.${one.column}`)).toEqual(['doctors.office_id']);
  });
});

describe('harmed references', () => {
  beforeEach(async () => {
    await p.run(
      'target',
      `TRUNCATE visits; INSERT INTO visits SELECT * FROM untouched; DELETE FROM data_differentials; ${HARM}`,
    );
  });

  test('are each found with their kind', async () => {
    const answer = await analyze(['visits'], { brokenOnly: true });

    expect(of(answer, 'visits', 'doctor_id')).toMatchObject({
      orphan: 1,
      wrongParent: 1,
      lost: 1,
      mapping: 0,
      unmappedOrphans: 1,
      repairable: 3,
    });
    expect(of(answer, 'visits', 'room_id')).toMatchObject({ orphan: 1, wrongParent: 0, lost: 1, repairable: 2 });
    expect(
      of(answer, 'visits', 'doctor_id').examples.map((one) => [one.legacyId, one.kind, one.parentLegacyId]),
    ).toEqual([
      ['1', 'orphan', '2'],
      ['2', 'wrong_parent', '3'],
      ['3', 'lost', '4'],
      [null, 'orphan', null],
    ]);
    expect(answer.broken).toBe(6);
  });

  test('are left alone by a dry run, whose counts are those of the real one', async () => {
    const before = await p.rows('SELECT * FROM visits ORDER BY id');
    const operations = await p.value('SELECT count(*) FROM operations');

    const dry = await repair(['visits']);

    expect(dry).toMatchObject({
      dryRun: true,
      operationId: '',
      left: 6,
      entities: { visits: { read: 200, updated: 5 } },
    });
    expect(await p.rows('SELECT * FROM visits ORDER BY id')).toEqual(before);
    expect(await p.value('SELECT count(*) FROM operations')).toBe(operations);

    const real = await repair(['visits'], { autoFix: true });

    expect(real.entities['visits']).toMatchObject({ read: 200, updated: 5 });
  });

  test('are mended where the mapping proves it, in an operation that can be taken back', async () => {
    const answer = await repair(['visits'], { autoFix: true });

    expect(answer).toMatchObject({ status: 'completed_with_findings', left: 1, dryRun: false });
    expect(answer.operationId).toMatch(/^repair_\d{8}_\d{6}/);
    expect(answer.relationships.map((one) => [one.column, one.mended, one.refused])).toEqual([
      ['doctor_id', 3, 0],
      ['room_id', 2, 0],
    ]);
    expect(
      await p.rows(
        'SELECT v.legacy_id FROM visits v JOIN untouched u USING (id) WHERE (v.doctor_id, v.room_id) IS DISTINCT FROM (u.doctor_id, u.room_id)',
      ),
    ).toEqual([]);
    expect(await p.value('SELECT note FROM visits WHERE legacy_id = 5')).toBe("a person's own");
    expect(
      await p.rows(
        `SELECT u.legacy_key, u.action, u.before ->> 'doctor_id' IS NULL AS none, u.hash_after = m.target_hash AS as_base FROM undo_log u JOIN operations o USING (operation_no)
         JOIN entities e USING (entity_id) JOIN uuid_mappings m ON m.entity_id = u.entity_id AND m.legacy_id::text = u.legacy_key
         WHERE o.operation_id = '${answer.operationId}' AND u.before ? 'doctor_id' ORDER BY 1`,
      ),
    ).toEqual([
      { legacy_key: '1', action: 'update', none: 'f', as_base: 't' },
      { legacy_key: '2', action: 'update', none: 'f', as_base: 't' },
      { legacy_key: '3', action: 'update', none: 't', as_base: 't' },
    ]);
    expect(
      await p.rows('SELECT status, operation_type FROM migration_checkpoints ORDER BY created_at DESC LIMIT 1'),
    ).toEqual([{ status: 'completed', operation_type: 'repair' }]);
  });

  test('are harmed again when the repair is taken back', async () => {
    const harmed = await p.rows('SELECT * FROM visits ORDER BY id');
    const { operationId } = await repair(['visits'], { autoFix: true });

    const { failure, output } = await p.rollback(operationId);

    expect(failure).toBeNull();
    expect(output).toMatchObject({ status: 'completed' });
    expect(await p.rows('SELECT * FROM visits ORDER BY id')).toEqual(harmed);
  });

  test('leave bases behind with which a differential run finds only what a person changed', async () => {
    await repair(['visits'], { autoFix: true });

    const { output } = await p.migrate({ entities: ['visits'] });

    expect(output?.entities['visits']).toMatchObject({ read: 200, updated: 0, kept: 1, conflicts: 0, unchanged: 199 });
    expect((await analyze(['visits'])).broken).toBe(1);
  });

  test('are mended before a validation that is asked for it, whose verdict is about what is there then', async () => {
    const validate = { command: 'data-validator validate', entities: ['visits'], type: 'relationship_integrity' };
    const harmed = await p.command(validate);
    expect(harmed.output).toMatchObject({ entities: { visits: { orphan: 2, wrongParent: 3 } } });
    expect(harmed.output).not.toHaveProperty('repair');

    const { output, failure } = await p.command({ ...validate, fixReferences: true });

    expect(failure).toBeNull();
    const { repair: made, ...judged } = judgeOutput.parse(output);
    expect(made).toEqual({ operationId: expect.stringMatching(/^repair_/), rows: 5 });
    expect(judged).toMatchObject({ verdict: 'match', entities: { visits: { orphan: 0, wrongParent: 0 } } });
    await p.rollback(made!.operationId);
    expect((await p.command(validate)).output).toMatchObject({ entities: { visits: { orphan: 2, wrongParent: 3 } } });
  });

  test('that the target refuses to have mended are told, and the others are mended', async () => {
    await p.run(
      'target',
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.legacy_id = 2 THEN RAISE 'not this one'; END IF; RETURN new; END $$;
       CREATE TRIGGER refuse BEFORE UPDATE ON visits FOR EACH ROW EXECUTE FUNCTION refuse()`,
    );

    const answer = await repair(['visits'], { autoFix: true });

    await p.run('target', 'DROP FUNCTION refuse CASCADE');
    expect(answer.relationships.map((one) => [one.column, one.mended, one.refused])).toEqual([
      ['doctor_id', 2, 1],
      ['room_id', 2, 0],
    ]);
    expect(answer.left).toBe(2);
  });
});

describe('what the mapping does not prove', () => {
  beforeEach(async () => {
    await p.run(
      'target',
      'TRUNCATE visits; INSERT INTO visits SELECT * FROM untouched; DELETE FROM data_differentials',
    );
  });

  test('is left: a parent whose mapping and identity disagree', async () => {
    await p.run(
      'target',
      `UPDATE portage.uuid_mappings SET target_uuid = ${idOf('doctors', 9)} WHERE entity_id = (SELECT entity_id FROM portage.entities WHERE entity = 'doctors') AND legacy_id = 8;
       UPDATE visits SET doctor_id = ${idOf('doctors', 1)} WHERE legacy_id = 7`,
    );

    const answer = await repair(['visits'], { autoFix: true });

    const found = answer.relationships.find((one) => one.column === 'doctor_id')!;
    expect(found).toMatchObject({ wrongParent: 1, mapping: 4, repairable: 0, mended: 0 });
    const wrong = found.examples.find(({ kind }) => kind === 'wrong_parent');
    expect(wrong).toMatchObject({ legacyId: '7', shouldBe: null, reason: expect.stringContaining('M004') });
    await p.run(
      'target',
      `UPDATE portage.uuid_mappings SET target_uuid = ${idOf('doctors', 8)} WHERE entity_id = (SELECT entity_id FROM portage.entities WHERE entity = 'doctors') AND legacy_id = 8`,
    );
  });

  test('is left: a reference that the source does not have; where it leads nowhere it is taken away', async () => {
    await p.run('source', 'UPDATE visit SET room = NULL WHERE visit_no IN (10, 11)');
    await p.run('target', 'UPDATE visits SET room_id = gen_random_uuid() WHERE legacy_id = 11');

    const answer = await repair(['visits'], { autoFix: true });

    expect(answer.relationships.find((one) => one.column === 'room_id')).toMatchObject({
      orphan: 1,
      wrongParent: 1,
      mended: 1,
    });
    expect(
      await p.rows('SELECT legacy_id, room_id IS NULL AS none FROM visits WHERE legacy_id IN (10, 11) ORDER BY 1'),
    ).toEqual([
      { legacy_id: '10', none: 'f' },
      { legacy_id: '11', none: 't' },
    ]);
    await p.run('source', "UPDATE visit SET room = 'R' || 1 + visit_no % 5 WHERE visit_no IN (10, 11)");
  });
});

describe('one writer', () => {
  test('a repair is refused while a migration of the entity is alive', async () => {
    const checkpoint =
      "(SELECT id FROM migration_checkpoints WHERE entity_type = 'visits' AND operation_type = 'differential_migration' ORDER BY created_at DESC LIMIT 1)";
    await p.run(
      'target',
      `SET search_path = portage; UPDATE migration_checkpoints SET status = 'in_progress', updated_at = clock_timestamp() WHERE id = ${checkpoint}`,
    );

    const { failure } = await p.command({
      command: 'migration-analyzer repair-relationships',
      entity: ['visits'],
      autoFix: true,
    });

    expect(failure).toMatchObject({ code: 'M001' });
    expect(
      await p.value("SELECT status FROM operations WHERE operation_type = 'repair' ORDER BY operation_no DESC LIMIT 1"),
    ).toBe('failed');
    await p.run(
      'target',
      `UPDATE migration_checkpoints SET status = 'completed' WHERE id = ${checkpoint}; SET search_path = public, portage`,
    );
  });
});
