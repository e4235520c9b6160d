// What happens to a batch on its way: its connection is ended, it meets a deadlock, it takes too long, the disk is full.
// Nothing is lost: the step is tried again, or the next run completes, and every row is there once.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { withClient } from '../support/database.ts';
import { during, expectComplete, expectCompletes, FAULTS_SOURCE, trigger } from '../support/faults.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Portage;
beforeAll(async () => {
  p = await portage(FAULTS_SOURCE, SURGERY_TARGET, surgery);
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(() => p.empty());

/** In pg_stat_activity: sessions of Portage that wait for a lock of this session. */
const WAITS_FOR_US = "application_name LIKE 'portage:%' AND pg_backend_pid() = ANY (pg_blocking_pids(pid))";

describe('a connection that is ended', () => {
  test('by the target in the middle of a batch takes the batch with it, and the step is tried again', async () => {
    const harm = trigger(
      "IF nextval('public.strikes') IN (150, 250) THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;",
    );
    await during(p, 'target', harm, async () => {
      const { output } = await p.migrateAround({}, { batchSize: 100 });
      expect(output).toMatchObject({ status: 'completed', entities: { doctors: { read: 400, inserted: 400 } } });
      expect(Number(await p.value('SELECT last_value FROM strikes'))).toBeGreaterThan(400);
    });
    await expectComplete(p);
  });

  test('whenever it is tried again fails the entity in the end, with all batches kept that were committed', async () => {
    const harm = trigger(
      "IF nextval('public.strikes') > 150 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;",
    );
    await during(p, 'target', harm, async () => {
      const { failure } = await p.migrateAround({}, { batchSize: 100 });
      expect(failure).toMatchObject({ code: 'SYS001', next: expect.stringContaining('test-connections') });
      expect(await p.value('SELECT count(*) FROM doctors')).toBe('100');
    });
    expect((await p.resume()).output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 400 } } });
    await expectComplete(p);
  });

  test('by the source while it is read changes nothing but the time', async () => {
    let ended = 0;
    const { output } = await p.migrateAround({
      MigrateSlice: async (input, go) => {
        if (input['entity'] !== 'doctors' || ended > 0) return go();
        return withClient(p.sourceUrl, async (holder) => {
          await holder.query('BEGIN; LOCK TABLE doctor IN ACCESS EXCLUSIVE MODE');
          let over = false;
          const isOver = (): boolean => over;
          const step = go()
            .then(
              () => null,
              (error: unknown) => error,
            )
            .finally(() => (over = true));
          while (ended === 0 && !isOver()) {
            await sleep(20);
            ended += (
              await holder.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${WAITS_FOR_US}`)
            ).rowCount!;
          }
          await holder.query('ROLLBACK');
          throw await step;
        });
      },
    });
    expect(ended).toBe(1);
    expect(output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 400 } } });
    await expectComplete(p);
  });
});

test('a deadlock with another writer of the target is tried again', async () => {
  await p.migrate();
  await p.run('source', "UPDATE doctor SET note = 'all' ");
  const other = new pg.Client({ connectionString: p.targetUrl });
  await other.connect();
  try {
    const found = await other.query<{ first: string; last: string }>(
      'SELECT min(id::text) AS first, max(id::text) AS last FROM doctors',
    );
    const ends = found.rows[0]!;
    // Portage locks in the order of keys, and finds the circle first.
    await other.query("BEGIN; SET LOCAL deadlock_timeout = '1min'");
    await other.query('SELECT FROM doctors WHERE id = $1 FOR UPDATE', [ends.last]);
    const run = p.migrateAround({});
    while ((await other.query(`SELECT FROM pg_stat_activity WHERE ${WAITS_FOR_US}`)).rowCount === 0) await sleep(10);
    await other.query('UPDATE doctors SET phone = $2 WHERE id = $1', [ends.first, 'of another']);
    await other.query('COMMIT');
    expect((await run).output).toMatchObject({
      status: 'completed',
      entities: { doctors: { updated: 400, setAside: 0 } },
    });
    expect(await p.value("SELECT count(*) FROM doctors WHERE note = 'all'")).toBe('400');
    expect(await p.value('SELECT count(*) FROM doctors WHERE phone IS NOT NULL')).toBe('1');
    expect(await p.value('SELECT deadlocks > 0 FROM pg_stat_database WHERE datname = current_database()')).toBe('t');
  } finally {
    await other.end();
    await p.run('source', 'UPDATE doctor SET note = NULL');
    await p.migrate();
  }
  await expectComplete(p);
});

describe('a batch that takes too long is halved', () => {
  const timeout = { ...surgery, settings: { batchTimeoutMs: 800 } };

  test('where the target is slow', async () => {
    const harm = trigger('PERFORM pg_sleep(0.004);');
    await p.useMap(timeout);
    await during(p, 'target', harm, async () => {
      expect(await p.migrateAround({})).toMatchObject({ output: { status: 'completed' } });
    });
    await p.useMap(surgery);
    const most = 'SELECT max(rows_read) FROM migration_batches';
    expect(Number(await p.value(most))).toBeLessThan(400);
    await expectComplete(p);
  });

  test('where the source is slow', async () => {
    await p.useMap(timeout);
    await during(
      p,
      'source',
      [
        'CREATE FUNCTION slow(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_sleep(0.004); RETURN n; END $$',
        'DROP FUNCTION slow(integer)',
      ],
      async () => {
        const slow = { ...surgery.entities.doctors.columns, fee: { sql: 'public.slow(s.fee::integer)' } };
        await p.useMap({
          ...timeout,
          entities: { ...surgery.entities, doctors: { ...surgery.entities.doctors, columns: slow } },
        });
        expect(await p.migrateAround({})).toMatchObject({ output: { status: 'completed' } });
      },
    );
    await p.useMap(surgery);
    expect(Number(await p.value('SELECT max(rows_read) FROM migration_batches'))).toBeLessThan(400);
    expect(await p.value('SELECT count(*) FROM doctors')).toBe('400');
  });

  test('and a single row that does is the end of it, with the setting named', async () => {
    const harm = trigger('IF new.legacy_id = 7 THEN PERFORM pg_sleep(5); END IF;');
    await p.useMap({ ...surgery, settings: { batchTimeoutMs: 150 } });
    await during(p, 'target', harm, async () => {
      const { failure } = await p.migrateAround({}, { batchSize: 8 });
      expect(failure).toMatchObject({ code: 'M002', next: expect.stringContaining('batchTimeoutMs') });
    });
    await p.useMap(surgery);
    await expectCompletes(p);
  });
});

// The server is made to answer as it does when it cannot extend a file, in the middle of a batch: this runs everywhere. On a
// disk that is really full: faults-server.test.ts.
test('a full disk ends the run, and it goes on when there is room', async () => {
  const harm = trigger(
    "IF nextval('public.strikes') > 250 THEN RAISE disk_full USING MESSAGE = 'could not extend file: No space left on device'; END IF;",
  );
  await during(p, 'target', harm, async () => {
    const { failure } = await p.migrateAround({}, { batchSize: 100 });
    expect(failure).toMatchObject({
      code: 'SYS003',
      message: expect.stringContaining('No space left'),
      next: expect.stringContaining('free the resource'),
    });
    expect(await p.value('SELECT count(*) FROM doctors')).toBe('200');
  });
  expect((await p.resume()).output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 400 } } });
  await expectComplete(p);
});
