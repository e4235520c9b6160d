// Rows that the source has lost, in a run that settles conflicts: who wins decides whether an edited row goes, is marked, or stays.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { hospitalRuns, leaves } from '../support/hospital-runs.ts';
import { jobs, type Jobs } from '../support/jobs.ts';
import { rollbackOf, rolledBack, snapshot } from '../support/rolled-back.ts';

const { p } = hospitalRuns();
let j: Jobs;
beforeEach(() => {
  j = jobs(p(), 'hospital');
});

/** Nurse 5 leaves with her shifts, and a drug is gone; both were edited in the target. */
async function lose(strategy: string): Promise<void> {
  await j.job('nightly', { conflict_resolution: strategy, full_every: '0' });
  await j.run('nightly');
  await p().run('source', `${leaves(5)}; DELETE FROM drug WHERE code = '007'`);
  await p().run('target', "UPDATE nurses SET name = 'Edited' WHERE legacy_id = 5; UPDATE drugs SET name = 'Edited' WHERE code = '007'"); // prettier-ignore
}
const nurse = () => p().rows('SELECT name FROM nurses WHERE legacy_id = 5');
const drug = () => p().rows("SELECT name, gone_at IS NOT NULL AS gone FROM drugs WHERE code = '007'");
const shifts = () => p().value('SELECT count(*) FROM shifts');
const decisions = () => p().rows('SELECT legacy_key, chosen, rule FROM conflict_decisions ORDER BY legacy_key');
const open = () => p().rows("SELECT legacy_key, comparison_type FROM data_differentials WHERE NOT resolved AND legacy_key IN ('5', '007') ORDER BY 1"); // prettier-ignore

describe('a row that the source lost and the target edited', () => {
  test('goes, or is marked, where the source wins; taken back, it is the edited row again', async () => {
    await lose('source_wins');
    const before = await snapshot(p());
    const run = await j.run('nightly');
    expect(run).toMatchObject({
      failure: null,
      output: {
        status: 'completed',
        settled: { source_wins: 2 },
        entities: { nurses: { deleted: 1 }, shifts: { deleted: 5 }, drugs: { deleted: 1 } },
      },
    });
    expect([await nurse(), await drug(), await shifts()]).toEqual([[], [{ name: 'Edited', gone: 't' }], '195']);
    expect(await decisions()).toEqual(['007', '5'].map((legacy_key) => ({ legacy_key, chosen: 'source', rule: 'source_wins' }))); // prettier-ignore
    expect((await j.run('nightly')).output).toMatchObject({ settled: {}, entities: { nurses: { deleted: 0 }, drugs: { deleted: 0 } } }); // prettier-ignore
    const back = await rolledBack(p(), rollbackOf(run.output!.operationId));
    expect(back.output.keptRows).toBe(0);
    const after = await snapshot(p());
    expect(after.tables).toEqual(before.tables);
    expect(after.mappings).toEqual(before.mappings);
  });

  test('stays where the target wins, and is let go of', async () => {
    await lose('target_wins');
    expect((await j.run('nightly')).output).toMatchObject({ status: 'completed', settled: { target_wins: 2 }, entities: { nurses: { deleted: 0, kept: 1 }, shifts: { deleted: 5 } } }); // prettier-ignore
    expect([await nurse(), await drug()]).toEqual([[{ name: 'Edited' }], [{ name: 'Edited', gone: 'f' }]]);
    expect((await j.run('nightly')).output).toMatchObject({ settled: {}, entities: { nurses: { kept: 0 }, drugs: { kept: 0 } } }); // prettier-ignore
    expect(await open()).toEqual([]);
  });

  test('stays where it is edited once more before it goes, as a conflict for the next run', async () => {
    await lose('source_wins');
    const run = await j.run('nightly', {
      DeleteRows: async (_, go) => {
        await p().run('target', "UPDATE nurses SET name = 'Again' WHERE legacy_id = 5; UPDATE drugs SET name = 'Again' WHERE code = '007'"); // prettier-ignore
        return go();
      },
    });
    expect(run.output).toMatchObject({ entities: { nurses: { deleted: 0 }, shifts: { deleted: 5 }, drugs: { deleted: 0 } } }); // prettier-ignore
    expect([await nurse(), await drug()]).toEqual([[{ name: 'Again' }], [{ name: 'Again', gone: 'f' }]]);
    expect(await open()).toEqual(['007', '5'].map((legacy_key) => ({ legacy_key, comparison_type: 'conflict' })));
    await j.run('nightly');
    expect([await nurse(), await drug()]).toEqual([[], [{ name: 'Again', gone: 't' }]]);
    expect(await open()).toEqual([]);
  });

  test('is there again in the source: a marked row is a conflict that nobody settles unseen', async () => {
    await lose('source_wins');
    await j.run('nightly');
    await p().run('source', "INSERT INTO drug VALUES ('007', 'Another thing')");
    expect((await j.run('nightly')).output).toMatchObject({ status: 'completed_with_findings', entities: { drugs: { conflicts: 1 } } }); // prettier-ignore
    expect(await drug()).toEqual([{ name: 'Edited', gone: 't' }]);
    expect(await open()).toEqual([{ legacy_key: '007', comparison_type: 'reappeared' }]);
    const resolved = await p().commandAround({}, { command: 'conflict-resolver resolve', entity: ['drugs'], strategy: 'source_wins', include: ['reappeared'] }); // prettier-ignore
    expect(resolved.failure).toBeNull();
    expect(await drug()).toEqual([{ name: 'Another thing', gone: 'f' }]);
    expect(await open()).toEqual([]);
  });
});

test('a row that is gone from the target alone is recorded, and comes back by a decision', async () => {
  await j.job('nightly', { conflict_resolution: 'source_wins', full_every: '0' });
  await j.run('nightly');
  await p().run('target', 'DELETE FROM nurses WHERE legacy_id = 5');
  expect((await j.run('nightly')).output).toMatchObject({ entities: { nurses: { kept: 1, inserted: 0 }, shifts: { kept: 5 } } }); // prettier-ignore
  for (const entity of ['nurses', 'shifts'])
    expect((await p().commandAround({}, { command: 'conflict-resolver resolve', entity: [entity], strategy: 'source_wins', include: ['missing'] })).failure).toBeNull(); // prettier-ignore
  expect([await nurse(), await shifts()]).toEqual([[{ name: 'Nurse 5' }], '200']);
  expect((await j.run('nightly')).output).toMatchObject({ entities: { nurses: { kept: 0 }, shifts: { kept: 0 } } });
});
