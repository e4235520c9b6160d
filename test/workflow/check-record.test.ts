// One row in all its places, by the command as a person starts it.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { recordsAnswer } from '../../shared/operations/compared-records.ts';
import { ask } from '../support/inspect.ts';
import { portage, type Portage } from '../support/portage.ts';
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
  await pair.migrate();
});

describe('one row', () => {
  const check = (legacyId: readonly unknown[]) =>
    ask(recordsAnswer, 'data-validator check-record', { entity: ['doctors'], legacyId });

  test('is shown by column, with what changed since it was migrated', async () => {
    await pair.run('target', "UPDATE doctors SET name = 'Doc 1', email = 'canary' WHERE legacy_id = 1");
    await pair.run('source', 'UPDATE doctor SET fee = 99 WHERE doc_no = 1');

    const { answer, exit } = await check([1]);

    expect([exit, answer.codes]).toEqual([1, ['V005']]);
    const [record] = answer.records;
    expect(record).toMatchObject({ verdict: 'mismatch', says: 'differs in name, fee, email', source: { rows: 1 } });
    expect(record!.columns.find(({ column }) => column === 'name')).toMatchObject({
      source: 'Doctor 1',
      target: 'Doc 1',
      verdict: 'differs',
      changedInSource: false,
      changedInTarget: true,
    });
    expect(record!.columns.find(({ column }) => column === 'fee')).toMatchObject({
      changedInSource: true,
      changedInTarget: false,
    });
    expect(record!.columns.find(({ column }) => column === 'office_id')).toMatchObject({ source: '2', target: '2' });
    expect(JSON.stringify(answer)).not.toMatch(/canary|d1@/);
  });

  test('is told missing, extra, absent or equal', async () => {
    await pair.run('target', 'DELETE FROM doctors WHERE legacy_id = 20');
    await pair.run('source', 'DELETE FROM doctor WHERE doc_no = 19');

    const { answer } = await check([2, 19, 20, 4711]);

    expect(answer.records.map(({ legacyId, verdict, says }) => `${legacyId} ${verdict}: ${says}`)).toEqual([
      '2 match: equal in every compared column',
      '19 mismatch: extra in the target: the source has no such row',
      '20 mismatch: missing in the target',
      '4711 absent: neither side has it',
    ]);
  });
});
