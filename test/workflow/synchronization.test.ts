// A job keeps two databases in step while both are used: what it writes, what it leaves, how it finds the changes.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { portage, type Portage } from '../support/portage.ts';
import { jobs, type Jobs } from '../support/jobs.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Portage;
let j: Jobs;
beforeAll(async () => {
  p = await portage(SURGERY_SOURCE, SURGERY_TARGET, surgery);
  j = jobs(p, 'surgery');
  await p.run('source', 'CREATE SCHEMA kept; CREATE TABLE kept.doctor AS TABLE doctor');
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.run('source', 'TRUNCATE doctor; INSERT INTO doctor TABLE kept.doctor');
  await p.useMap(surgery);
  await p.empty();
  await j.job('nightly', { conflict_resolution: 'source_wins' });
});

const note = (no: number) => p.value(`SELECT note FROM doctors WHERE legacy_id = ${no}`);

describe('a run by hand', () => {
  test('loads what nobody has migrated, and a second one finds nothing to do', async () => {
    const first = await j.run('nightly');
    expect(first).toMatchObject({
      failure: null,
      output: {
        status: 'completed',
        jobName: 'nightly',
        entities: { doctors: { inserted: 20 }, offices: { inserted: 2 } },
      },
    });
    const again = await j.run('nightly');
    expect(again.output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 0, updated: 0 } } });
  });

  test('settles what both sides changed, by the strategy of the job', async () => {
    await j.run('nightly');
    await p.run('source', "UPDATE doctor SET note = 'source' WHERE doc_no IN (1, 2)");
    await p.run('target', "UPDATE doctors SET note = 'target' WHERE legacy_id IN (2, 3)");
    const run = await j.run('nightly');
    expect([await note(1), await note(2), await note(3)]).toEqual(['source', 'source', 'target']);
    expect(run.output).toMatchObject({ status: 'completed', settled: { source_wins: 1 } });
    expect(
      await p.rows(
        'SELECT legacy_key, columns, old_values, new_values, chosen, chosen_values, rule, undoable FROM conflict_decisions',
      ),
    ).toEqual([
      {
        legacy_key: '2',
        columns: '{note}',
        old_values: '{"note": "target"}',
        new_values: '{"note": "source"}',
        chosen: 'source',
        chosen_values: '{"note": "source"}',
        rule: 'source_wins',
        undoable: 't',
      },
    ]);
  });
});
