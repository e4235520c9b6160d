// Runs of a job beside each other, twice, late, out of time and killed: each change is written once, and the next run heals.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { trials } from '../campaign/size.ts';
import { jobs, type Jobs } from '../support/jobs.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Portage;
let j: Jobs;
beforeAll(async () => {
  p = await portage(SURGERY_SOURCE, SURGERY_TARGET, surgery);
  j = jobs(p, 'surgery');
  await p.run(
    'source',
    'CREATE SCHEMA kept; CREATE TABLE kept.doctor AS TABLE doctor; CREATE TABLE kept.office AS TABLE office',
  );
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.run(
    'source',
    'TRUNCATE doctor, office; INSERT INTO office TABLE kept.office; INSERT INTO doctor TABLE kept.doctor',
  );
  await p.empty();
  await j.job('nightly', { conflict_resolution: 'source_wins' });
  await j.run('nightly');
});

const T1 = '2024-01-31T02:00:00Z';
const T2 = '2024-01-31T03:00:00Z';
const runs = () =>
  p.rows(
    'SELECT status, error_code FROM synchronization_runs WHERE scheduled_time IS NOT NULL OR run_no > 1 ORDER BY run_no',
  );
const job = () => p.rows("SELECT status, last_error FROM synchronization_jobs WHERE job_name = 'nightly'");

const change = async (): Promise<void> => {
  await p.run(
    'source',
    `UPDATE doctor SET note = 'source' WHERE doc_no IN (1, 2); INSERT INTO office VALUES (3, 'East'); INSERT INTO doctor (doc_no, doc_nm, office_no) VALUES (30, 'New', 3)`,
  );
  await p.run('target', "UPDATE doctors SET note = 'target' WHERE legacy_id = 2");
};
const expectDone = async (): Promise<void> => {
  expect(
    await p.rows(
      'SELECT d.legacy_id, d.note, o.name FROM doctors d JOIN offices o ON o.id = d.office_id WHERE d.legacy_id IN (1, 2, 30) ORDER BY 1',
    ),
  ).toEqual([
    { legacy_id: '1', note: 'source', name: 'South' },
    { legacy_id: '2', note: 'source', name: 'North' },
    { legacy_id: '30', note: null, name: 'East' },
  ]);
  expect(
    await p.value(
      "SELECT count(*) FROM undo_log WHERE action = 'update' AND legacy_key IN ('1', '2') AND operation_no > 1",
    ),
  ).toBe('2');
  expect(await p.value('SELECT count(*) FROM conflict_decisions')).toBe('1');
  expect(await p.value('SELECT count(*) FROM doctors')).toBe('21');
};

describe('a scheduled time', () => {
  test('that comes twice is one run', async () => {
    await change();
    const both = await Promise.all([j.fire('nightly', T1), j.fire('nightly', T1)]);
    expect(both.map((run) => run.failure)).toEqual([null, null]);
    expect(both.map((run) => run.output!.status).sort()).toEqual(['completed', 'skipped']);
    expect((await j.fire('nightly', T1)).output).toMatchObject({ status: 'skipped', operationId: '' });
    expect(await runs()).toEqual([{ status: 'completed', error_code: null }]);
    await expectDone();
  });

  test('that finds the job running is skipped, and that is recorded', async () => {
    let inside: unknown = null;
    await j.fire('nightly', T1, {
      FinishRun: async (_, go) => {
        inside = (await j.fire('nightly', T2)).output;
        return go();
      },
    });
    expect(inside).toMatchObject({ status: 'skipped', notes: [expect.stringContaining('was still running')] });
    expect(await runs()).toEqual([
      { status: 'completed', error_code: null },
      { status: 'skipped', error_code: null },
    ]);
  });

  test('waits for its turn where the job queues, and one that comes while one waits is skipped', async () => {
    await j.job('nightly', { overlap: 'queue' });
    let queued: Promise<unknown> = Promise.resolve();
    let third: unknown = null;
    let asked = 0;
    await j.fire('nightly', T1, {
      FinishRun: async (_, go) => {
        queued = j.fire('nightly', T2, {
          BeginRun: (_input, begin) => {
            asked++;
            return begin();
          },
        });
        while (asked === 0 || (await p.value('SELECT waiting_execution IS NOT NULL FROM synchronization_jobs')) !== 't')
          await new Promise((done) => setTimeout(done, 20));
        third = (await j.fire('nightly', '2024-01-31T04:00:00Z')).output;
        await change();
        return go();
      },
    });
    expect(third).toMatchObject({ status: 'skipped' });
    expect(await queued).toMatchObject({ failure: null, output: { status: 'completed' } });
    expect(asked).toBeGreaterThan(1);
    await expectDone();
  }, 60_000);

  test('of a paused job is skipped; by hand it runs', async () => {
    await j.job('nightly', { paused_at: '2024-01-01', status: 'paused' });
    expect((await j.fire('nightly', T1)).output).toMatchObject({ status: 'skipped' });
    expect((await j.run('nightly')).output).toMatchObject({ status: 'completed' });
    expect(await job()).toEqual([{ status: 'paused', last_error: null }]);
  });
});

describe('S003', () => {
  test('says that a job runs already to whoever starts it by hand', async () => {
    let inside: unknown = null;
    await j.run('nightly', {
      FinishRun: async (_, go) => {
        inside = (await j.run('nightly')).failure;
        return go();
      },
    });
    expect(inside).toMatchObject({ code: 'S003' });
    expect(await runs()).toEqual([{ status: 'completed', error_code: null }]);
  });

  test('says that too many jobs run, and a schedule finds it recorded', async () => {
    await p.useMap({ ...surgery, settings: { concurrentJobs: 1 } });
    await j.job('other');
    let inside: unknown = null;
    await j.run('nightly', {
      FinishRun: async (_, go) => {
        inside = (await j.fire('other', T1)).failure;
        return go();
      },
    });
    await p.useMap(surgery);
    expect(inside).toMatchObject({ code: 'S003' });
    expect(await p.rows("SELECT status, last_error FROM synchronization_jobs WHERE job_name = 'other'")).toEqual([
      { status: 'failed', last_error: expect.stringContaining('S003') },
    ]);
  });
});

describe('killed', () => {
  const STATES = [
    'BeginRun',
    'DetectChanges',
    'ApplyChanges',
    'LinkReferences',
    'FinishEntity',
    'ValidateTouched',
    'FinishRun',
  ];
  const moments = STATES.flatMap((state) => [[state, 'before'] as const, [state, 'after'] as const]);
  // One of the two of each state is enough where many tests run.
  test.each(moments.filter((_, i) => i % 4 < trials(4, 1) || i % 4 === 3))(
    'in %s, %s its work, the next run heals',
    async (state, when) => {
      await change();
      let times = 0;
      await j.fire('nightly', T1, {
        [state]: async (_, go, kill) => {
          // In the middle of the run, not at its first entity.
          if (++times < 2 && !['BeginRun', 'FinishRun'].includes(state)) return go();
          const result = when === 'after' ? await go() : null;
          kill();
          return result;
        },
      });
      await p.passTime(100);
      const next = await j.fire('nightly', T2);
      expect(next).toMatchObject({ failure: null, output: { status: 'completed' } });
      await expectDone();
      expect(await job()).toEqual([{ status: 'scheduled', last_error: null }]);
    },
  );

  test('a run that comes before the lease is over is told so, and harms nothing', async () => {
    await change();
    await j.fire('nightly', T1, { LinkReferences: async (_, _go, kill) => kill() });
    expect((await j.fire('nightly', T2)).output).toMatchObject({ status: 'skipped' });
    await p.passTime(100);
    await j.run('nightly');
    expect((await runs()).map((run) => [run['status'], run['error_code']])).toEqual([
      ['failed', 'S006'],
      ['skipped', null],
      ['completed', null],
    ]);
    await expectDone();
  });
});

test('a step that is called again after it committed does nothing more', async () => {
  await change();
  const twice = async (_: unknown, go: () => Promise<unknown>): Promise<unknown> => {
    await go();
    return go();
  };
  const run = await j.fire('nightly', T1, {
    BeginRun: twice,
    DetectChanges: twice,
    ApplyChanges: twice,
    LinkReferences: twice,
    FinishEntity: twice,
    ValidateTouched: twice,
    FinishRun: twice,
  });
  expect(run).toMatchObject({ failure: null, output: { status: 'completed' } });
  await expectDone();
});

test('a worker that wakes when another run has taken over writes nothing', async () => {
  await change();
  const { promise: asleep, resolve: wake } = Promise.withResolvers<unknown>();
  const { promise: sleeps, resolve: begun } = Promise.withResolvers<unknown>();
  const sleeper = j.fire('nightly', T1, {
    ApplyChanges: async (input, go) => {
      if (input['entity'] !== 'doctors' || input['lane'] !== 0) return go();
      begun(null);
      await asleep;
      return go();
    },
  });
  await sleeps;
  await p.passTime(100);
  expect((await j.fire('nightly', T2)).output).toMatchObject({ status: 'completed' });
  const before = await p.rows('SELECT * FROM doctors ORDER BY id');
  await p.run('source', "UPDATE doctor SET note = 'after' WHERE doc_no = 5");
  wake(null);
  expect((await sleeper).failure).toMatchObject({ code: 'M011' });
  expect(await p.rows('SELECT * FROM doctors ORDER BY id')).toEqual(before);
  expect((await runs()).map((run) => run['status'])).toEqual(['failed', 'completed']);
  await expectDone();
});

test('out of time, a run ends with S002 at a batch border, and the next one goes on where it stopped', async () => {
  await p.run('source', "INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 FROM generate_series(101, 300) n");
  await j.job('nightly', { timeout_ms: 600_000, batch_size: 10, full_every: '0' });
  const late = await j.fire('nightly', T1, {
    ApplyChanges: async (input, go) => {
      if (input['entity'] === 'doctors' && input['lane'] === 0) {
        // The deadline passes while a batch is under way.
        await p.target.run(`CREATE OR REPLACE FUNCTION public.pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.legacy_id = 120 THEN UPDATE portage.operations SET request = request || '{"deadline": "2024-01-01T00:00:00Z"}' WHERE status = 'running'; END IF; RETURN NEW; END $$;
            CREATE OR REPLACE TRIGGER pass BEFORE INSERT ON doctors FOR EACH ROW EXECUTE FUNCTION pass()`);
      }
      return go();
    },
  });
  expect(late.failure).toMatchObject({ code: 'S002' });
  await p.run('target', 'DROP FUNCTION public.pass CASCADE');
  expect(await job()).toEqual([{ status: 'failed', last_error: expect.stringContaining('S002') }]);
  const next = await j.fire('nightly', T2);
  expect(next).toMatchObject({ failure: null, output: { status: 'completed' } });
  expect(await p.value('SELECT count(*) FROM doctors')).toBe('220');
});
