// What goes wrong in the middle of a run: the source is gone, the target is full or only to be read, a conflict that no strategy
// settles. The rest goes on, nothing is lost, and the next run heals.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { jobs, type Jobs } from '../support/jobs.ts';
import { during, trigger } from '../support/faults.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Portage;
let j: Jobs;
beforeAll(async () => {
  p = await portage(SURGERY_SOURCE, SURGERY_TARGET, surgery);
  j = jobs(p, 'surgery');
  await p.run('source', 'CREATE SCHEMA kept; CREATE TABLE kept.doctor AS TABLE doctor; CREATE TABLE kept.office AS TABLE office'); // prettier-ignore
  await j.job('nightly', { conflict_resolution: 'source_wins', full_every: '0' });
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.run('source', 'TRUNCATE doctor, office; INSERT INTO office TABLE kept.office; INSERT INTO doctor TABLE kept.doctor'); // prettier-ignore
  await p.empty();
  await j.job('nightly', { conflict_resolution: 'source_wins', full_every: '0' });
  await j.run('nightly');
  await p.run('source', `UPDATE office SET office_nm = 'Renamed' WHERE office_no = 1; UPDATE doctor SET note = 'source' WHERE doc_no IN (1, 2); DELETE FROM doctor WHERE doc_no = 20;
    INSERT INTO doctor (doc_no, doc_nm, office_no) VALUES (30, 'New', 2)`); // prettier-ignore
  await p.run('target', "UPDATE doctors SET note = 'target' WHERE legacy_id IN (2, 5)");
});

const job = () => p.rows("SELECT status, last_error FROM synchronization_jobs WHERE job_name = 'nightly'");
const renamed = () => p.value("SELECT count(*) FROM offices WHERE name = 'Renamed'");
const states = () => p.rows('SELECT entity_type AS entity, migration_checkpoints.status FROM migration_checkpoints JOIN operations USING (operation_id) WHERE operation_no = (SELECT max(operation_no) FROM operations) ORDER BY 1'); // prettier-ignore

/** Every change of either side is there once, and a further run finds nothing. */
async function heals(): Promise<void> {
  expect(await j.run('nightly')).toMatchObject({ failure: null, output: { status: 'completed' } });
  expect(await p.rows('SELECT legacy_id, note FROM doctors WHERE note IN (\'source\', \'target\') OR legacy_id = 30 ORDER BY 1')).toEqual([{ legacy_id: '1', note: 'source' }, { legacy_id: '2', note: 'source' }, { legacy_id: '5', note: 'target' }, { legacy_id: '30', note: null }]); // prettier-ignore
  expect(await renamed()).toBe('1');
  expect(await p.value("SELECT count(*) FROM conflict_decisions WHERE legacy_key = '2'")).toBe('1');
  expect(await p.value("SELECT count(*) FROM data_differentials WHERE legacy_key = '20' AND comparison_type = 'deleted' AND NOT resolved")).toBe('1'); // prettier-ignore
  expect((await j.run('nightly')).output).toMatchObject({
    entities: { doctors: { inserted: 0, updated: 0, kept: 2 } },
  });
  expect(await job()).toEqual([{ status: 'scheduled', last_error: null }]);
}

test('a source that cannot be reached any more fails what is left, and keeps what is done', async () => {
  const source = new URL(p.sourceUrl).pathname.slice(1);
  let shut = false;
  const run = await j.run('nightly', {
    ApplyChanges: async (input, go) => {
      if (input['entity'] === 'doctors' && !shut) {
        shut = true;
        await p.run('target', `ALTER DATABASE "${source}" ALLOW_CONNECTIONS false; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${source}' AND application_name LIKE 'portage:sync%'`); // prettier-ignore
      }
      return go();
    },
  });
  await p.run('target', `ALTER DATABASE "${source}" ALLOW_CONNECTIONS true`);
  expect(run.failure).toMatchObject({ code: 'SYS001', next: expect.stringContaining('test-connections') });
  expect(await renamed()).toBe('1');
  expect(await states()).toEqual([{ entity: 'doctors', status: 'failed' }, { entity: 'offices', status: 'completed' }]); // prettier-ignore
  expect(await job()).toEqual([{ status: 'failed', last_error: expect.stringContaining('SYS001') }]);
  await heals();
});

test('a target that is full in the middle of a batch takes the batch with it, and nothing else', async () => {
  const harm = trigger("IF nextval('public.strikes') > 1 THEN RAISE disk_full USING MESSAGE = 'could not extend file: No space left on device'; END IF;"); // prettier-ignore
  await during(p, 'target', harm, async () => {
    expect((await j.run('nightly')).failure).toMatchObject({
      code: 'SYS003',
      message: expect.stringContaining('No space left'),
    });
  });
  expect(await renamed()).toBe('1');
  expect(await p.value("SELECT count(*) FROM doctors WHERE note = 'source'")).toBe('0');
  await heals();
});

test('a target that may only be read is told, and the run is over when its lease is', async () => {
  const target = new URL(p.targetUrl).pathname.slice(1);
  const only = async (how: string): Promise<void> =>
    p.run('source', `ALTER DATABASE "${target}" SET default_transaction_read_only = ${how}; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${target}' AND application_name LIKE 'portage:sync%'`); // prettier-ignore
  let shut = false;
  const run = await j.run('nightly', {
    ApplyChanges: async (input, go) => {
      if (input['entity'] === 'doctors' && !shut) {
        shut = true;
        await only('on');
      }
      return go();
    },
  });
  await only('off');
  expect(run.failure?.message).toContain('read-only transaction');
  expect(await renamed()).toBe('1');
  await p.passTime(100);
  await heals();
});

test('a conflict that no strategy settles is told with S005; all other rows are written, and it waits for a decision', async () => {
  await j.job('nightly', { conflict_resolution: 'newest_wins' });
  const run = await j.run('nightly');
  expect(run).toMatchObject({
    failure: null,
    output: {
      status: 'completed_with_findings',
      entities: { offices: { updated: 1 }, doctors: { updated: 1, inserted: 1, conflicts: 1 } },
      notes: expect.arrayContaining([expect.stringContaining('S005')]),
    },
  });
  expect(await p.value('SELECT note FROM doctors WHERE legacy_id = 2')).toBe('target');
  // The same again: it is seen, and nothing is lost of it.
  expect((await j.run('nightly')).output).toMatchObject({ entities: { doctors: { updated: 0, conflicts: 1 } } });
  await j.job('nightly', { conflict_resolution: 'newest_wins then source_wins' });
  await heals();
});

test('what the target changes on its way in is told with V001, and all rows are looked at the next time', async () => {
  await j.job('nightly', { full_every: '1 day' });
  const harm = trigger('new.note := upper(new.note);');
  await during(p, 'target', harm, async () => {
    const run = await j.run('nightly');
    expect(run).toMatchObject({ failure: null, output: { status: 'completed_with_findings' } });
    expect(run.output!.notes).toContainEqual(
      expect.stringMatching(/^V001 doctors: .* differ from the source.*: 1, 2$/),
    );
    expect(await p.rows("SELECT legacy_key, columns, source_values FROM data_differentials WHERE comparison_type = 'value' AND reason LIKE 'written by this run%' ORDER BY 1")).toEqual(['1', '2'].map((legacy_key) => ({ legacy_key, columns: '{note}', source_values: '{"note": "source"}' }))); // prettier-ignore
  });
  expect((await j.run('nightly')).output!.detection).toMatchObject({
    offices: { path: 'horizon' },
    doctors: { path: 'full' },
  });
});
