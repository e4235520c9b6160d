// Verdicts by the real machine on two real databases: what differs is found, and what was not read is never match.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { JudgeOutput } from '../../shared/contracts/validation.ts';
import { validationExit } from '../../shared/operations/validation-exit.ts';
import { portage, type Around, type EndedWith, type Portage } from '../support/portage.ts';
import { surgery, SURGERY_SOURCE, SURGERY_TARGET } from '../support/surgery.ts';

let pair: Portage;
beforeAll(async () => {
  pair = await portage(SURGERY_SOURCE, SURGERY_TARGET, surgery);
});
afterAll(async () => {
  await pair.end();
});
beforeEach(async () => {
  await pair.run('source', `DROP TABLE office, doctor; ${SURGERY_SOURCE}`);
  if ((await pair.value("SELECT to_regclass('portage.operations')")) !== null) await pair.empty();
  await pair.run(
    'target',
    'ALTER TABLE doctors ALTER office_id SET NOT NULL, DROP CONSTRAINT IF EXISTS named, ENABLE TRIGGER ALL',
  );
  await pair.migrate();
});

const request = (more: Record<string, unknown>) => ({ command: 'data-validator validate', verbose: true, ...more });
const run = (more = {}, states: Readonly<Record<string, Around>> = {}): Promise<EndedWith<JudgeOutput>> =>
  pair.execute<JudgeOutput>('validation', request(more), states);
async function validate(more = {}, states: Readonly<Record<string, Around>> = {}): Promise<JudgeOutput> {
  const { output, failure } = await run(more, states);
  if (output === null) throw new Error(JSON.stringify(failure));
  return output;
}
/** A target in which nobody keeps a foreign key. */
const unchecked = (sql: string): Promise<void> =>
  pair.run('target', `SET session_replication_role = replica; ${sql}; SET session_replication_role = origin`);
const found = ({ differences = [] }: JudgeOutput): unknown =>
  differences.map(({ entity, legacyId, kind, columns, reason }) =>
    [entity, legacyId, kind, columns.join(), reason].join(' '),
  );
const open = (): Promise<unknown> =>
  pair.rows(
    'SELECT entity_type AS entity, legacy_key AS key, comparison_type AS type FROM portage.data_differentials WHERE NOT resolved ORDER BY 1, 2, 3',
  );

describe('a verdict', () => {
  test('is match where both sides are alike, and says what it rests on', async () => {
    const answer = await validate();

    expect(answer.verdict).toBe('match');
    expect(validationExit(answer)).toBe(0);
    expect(answer.coverage).toMatchObject({ complete: true, sampled: false, holes: [] });
    expect(answer.coverage.entities['doctors']!.pieces).toContainEqual(
      expect.objectContaining({ check: 'integrity', selection: { part: 0, of: 1 }, sourceRows: 20, targetRows: 20 }),
    );
    expect(answer.entities['doctors']!.mappings).toMatchObject({ mapped: 20, conflicting: 0, dangling: 0 });
  });

  test('names each row, kind, column and reason', async () => {
    await unchecked(`UPDATE doctors SET name = left(name, 6) WHERE legacy_id = 1; UPDATE doctors SET fee = fee + 0.00 WHERE legacy_id = 2;
      UPDATE doctors SET note = NULL WHERE legacy_id = 3; DELETE FROM doctors WHERE legacy_id = 20; UPDATE doctors SET email = 'x' WHERE legacy_id = 5;
      UPDATE doctors SET office_id = '00000000-0000-4000-8000-000000000000' WHERE legacy_id = 6; UPDATE doctors SET boss_id = id WHERE legacy_id = 7;
      UPDATE doctors SET boss_id = NULL WHERE legacy_id = 8; UPDATE doctors SET origin = 'elsewhere' WHERE legacy_id = 9;
      INSERT INTO doctors (id, legacy_id, name, office_id) SELECT '00000000-0000-4000-8000-000000000001', 77, 'Nobody', id FROM offices LIMIT 1;
      INSERT INTO doctors (id, legacy_id, name, office_id) SELECT '00000000-0000-4000-8000-000000000002', NULL, 'Native', id FROM offices LIMIT 1`);

    const answer = await validate();

    expect(answer.verdict).toBe('mismatch');
    expect(validationExit(answer)).toBe(1);
    expect(answer.codes).toEqual(['V001', 'V002', 'V003']);
    expect(found(answer)).toEqual([
      'doctors 1 value name truncated',
      'doctors 2 value fee numeric_scale',
      'doctors 20 missing  missing',
      'doctors 3 value note null_or_empty',
      'doctors 5 value email value',
      'doctors 6 orphan office_id orphan',
      'doctors 7 wrong_parent boss_id wrong_parent',
      'doctors 77 extra  extra',
      'doctors 8 wrong_parent boss_id wrong_parent',
      'doctors 9 value origin value',
    ]);
  });

  test('finds nothing in two differences that would cancel each other out in a sum', async () => {
    await pair.run(
      'target',
      `UPDATE doctors d SET name = o.name FROM doctors o WHERE (d.legacy_id, o.legacy_id) IN ((11, 12), (12, 11))`,
    );

    expect(found(await validate())).toEqual(['doctors 11 value name value', 'doctors 12 value name value']);
  });

  test('counts rows whose key is NULL, or stands for several rows', async () => {
    await pair.run(
      'source',
      "ALTER TABLE doctor DROP CONSTRAINT doctor_pkey, ALTER doc_no DROP NOT NULL; INSERT INTO doctor (doc_no, doc_nm, office_no) VALUES (NULL, 'Without', 1), (4, 'Again', 1)",
    );

    const answer = await validate({ entities: ['doctors'] });

    expect(found(answer)).toEqual([
      'doctors (null) missing  null_key: 1 source rows',
      'doctors 4 missing  duplicate_key: 2 source rows',
    ]);
  });

  test('tells two mapping rows that were swapped, though the data are right', async () => {
    await pair.run(
      'target',
      `UPDATE portage.uuid_mappings m SET target_uuid = o.target_uuid FROM portage.uuid_mappings o JOIN portage.entities e USING (entity_id)
       WHERE e.entity = 'doctors' AND m.entity_id = o.entity_id AND (m.legacy_id, o.legacy_id) IN ((1, 2), (2, 1))`,
    );

    const answer = await validate();

    expect(found(answer)).toEqual([]);
    expect(answer.entities['doctors']!.mappings).toMatchObject({ conflicting: 2 });
    expect([answer.verdict, answer.codes]).toEqual(['mismatch', ['V002']]);
    // Rows alone do not show it; a comprehensive look at them does.
    expect((await validate({ type: 'data_integrity' })).verdict).toBe('match');
    expect((await validate({ type: 'data_integrity', comprehensive: true })).verdict).toBe('mismatch');
  });

  test('of everything names what should keep the rows right, and does not', async () => {
    await pair.run('target', 'ALTER TABLE doctors ADD CONSTRAINT named CHECK (fee > 0) NOT VALID, DISABLE TRIGGER ALL');
    await pair.run('target', 'CREATE SEQUENCE numbers OWNED BY doctors.legacy_id');
    expect(await validate()).toMatchObject({ verdict: 'match', findings: [] });

    const answer = await validate({ comprehensive: true });

    expect([answer.verdict, answer.codes, validationExit(answer)]).toEqual(['match', ['V001', 'V002'], 1]);
    const messages = answer.findings.map(({ entity, code, message }) => `${entity} ${code} ${message}`).join('\n');
    expect(messages).toMatch(/^doctors V002 .*office_id.* is disabled.*^doctors V001 constraint named was never/ms);
    expect(messages).toMatch(/^doctors V001 sequence public.numbers would give 1, and .*doctors.legacy_id has \d+/m);
  });

  test('of a sample is never match, and exit 0 where it finds nothing', async () => {
    const answer = await validate({ quick: true });

    expect([answer.verdict, validationExit(answer)]).toEqual(['unknown', 0]);
    expect(answer.coverage).toMatchObject({ complete: false, sampled: true });
    expect(answer.notes.join()).toContain('a sample');
  });

  test('ends the execution with its code where that is asked for', async () => {
    await pair.run('target', "UPDATE doctors SET name = 'x' WHERE legacy_id = 1");

    const { failure } = await run({ fail: true });

    expect(failure?.code).toBe('V001');
    expect(failure?.got).toContain('doctors mismatch');
  });
});

describe('what was not read', () => {
  const dies: Around = () => Promise.reject(Object.assign(new Error('a worker died'), { name: 'SYS008' }));

  test('is a hole, and the verdict unknown', async () => {
    const answer = await validate(
      {},
      { CheckIntegrity: (input, go) => (input['entity'] === 'offices' ? dies(input, go, () => undefined) : go()) },
    );

    expect([answer.verdict, validationExit(answer)]).toEqual(['unknown', 3]);
    expect(answer.entities['doctors']!.verdict).toBe('match');
    expect(answer.coverage.holes).toEqual([
      expect.objectContaining({ entity: 'offices', check: 'integrity', code: 'SYS008' }),
    ]);
  });

  test('is found by the gate also where nobody could record it', async () => {
    const nothing = { FailPiece: dies, CheckIntegrity: dies };

    const answer = await validate({ type: 'data_integrity' }, nothing);

    expect([answer.verdict, answer.coverage.holes.length]).toEqual(['unknown', 2]);
  });

  test('is found where a step says done and recorded nothing', async () => {
    const answer = await validate(
      { type: 'completeness' },
      { CheckCompleteness: (input) => Promise.resolve({ ...input, after: 0, done: true }) },
    );

    expect(answer.verdict).toBe('unknown');
  });

  test('is found where a piece is not in the plan any more', async () => {
    const answer = await validate(
      { type: 'data_integrity' },
      {
        Judge: async (_, go) => {
          await pair.run(
            'target',
            "DELETE FROM portage.validation_pieces p USING portage.entities e WHERE e.entity_id = p.entity_id AND e.entity = 'doctors'",
          );
          return go();
        },
      },
    );

    expect([answer.verdict, answer.entities['doctors']!.verdict]).toEqual(['unknown', 'unknown']);
  });

  test('a step that runs twice, or late, changes nothing', async () => {
    await pair.run('target', "UPDATE doctors SET name = 'x' WHERE legacy_id = 1");

    const answer = await validate(
      {},
      {
        CheckIntegrity: async (_, go) => {
          await go();
          return go();
        },
        Judge: async (_, go) => {
          await go();
          return go();
        },
      },
    );

    expect(found(answer)).toEqual(['doctors 1 value name value']);
    expect(await open()).toEqual([{ entity: 'doctors', key: '1', type: 'value' }]);
  });
});

describe('differences in the ledger', () => {
  test('are open once, and closed as gone by a validation that reads everything', async () => {
    await pair.run(
      'target',
      "UPDATE doctors SET name = 'x' WHERE legacy_id = 1; DELETE FROM doctors WHERE legacy_id = 20",
    );
    await validate();
    await validate();
    expect(await open()).toEqual([
      { entity: 'doctors', key: '1', type: 'value' },
      { entity: 'doctors', key: '20', type: 'missing' },
    ]);

    await pair.run('target', "UPDATE doctors SET name = 'Doctor 1' WHERE legacy_id = 1");
    await validate({ type: 'completeness' });
    expect(await open()).toHaveLength(2);
    await validate();
    expect(await open()).toEqual([{ entity: 'doctors', key: '20', type: 'missing' }]);
    expect(await pair.value("SELECT resolved_by FROM portage.data_differentials WHERE legacy_key = '1'")).toBe('gone');
  });

  test('hold a keyed hash in place of a sensitive value', async () => {
    await pair.run('target', "UPDATE doctors SET email = 'canary@example.org' WHERE legacy_id = 5");

    const answer = await validate();

    const values = await pair.value(
      "SELECT source_values::text || target_values::text FROM portage.data_differentials WHERE legacy_key = '5'",
    );
    expect(values).toMatch(/[0-9a-f]{64}.*[0-9a-f]{64}/);
    expect(`${values}${JSON.stringify(answer)}`).not.toMatch(/canary|d5@example/);
  });
});

describe('a checkpoint that a validation proved wrong', () => {
  const refuted = (): Promise<unknown> =>
    pair.rows('SELECT entity_type AS entity, status FROM portage.migration_checkpoints WHERE refuted_by IS NOT NULL');

  test('is marked, and cleared by a full match', async () => {
    await pair.run('target', "UPDATE doctors SET name = 'x' WHERE legacy_id = 1");
    await validate();
    expect(await refuted()).toEqual([{ entity: 'doctors', status: 'completed' }]);

    await pair.run('target', "UPDATE doctors SET name = 'Doctor 1' WHERE legacy_id = 1");
    await validate({ quick: true });
    expect(await refuted()).toHaveLength(1);
    await validate();
    expect(await refuted()).toEqual([]);
  });

  test('is not continued by resume', async () => {
    await pair.run(
      'target',
      `UPDATE portage.migration_checkpoints SET status = 'stopped' WHERE entity_type = 'doctors'; UPDATE portage.operations SET status = 'stopped'; UPDATE doctors SET name = 'x' WHERE legacy_id = 1`,
    );
    await validate();

    const { failure } = await pair.resume();

    expect(failure?.code).toBe('M005');
    expect(failure?.message).toContain('found rows that it claims to be wrong');
  });

  test('that was forced is completed by a full match', async () => {
    await pair.run(
      'target',
      "UPDATE portage.migration_checkpoints SET status = 'completed_unverified' WHERE entity_type = 'doctors'",
    );

    await validate();

    expect(await pair.value("SELECT status FROM portage.migration_checkpoints WHERE entity_type = 'doctors'")).toBe(
      'completed',
    );
  });
});
