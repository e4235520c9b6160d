// A server that ends in the middle of a batch, and comes back in time or not.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeDependencies } from '../../functions/dependencies.ts';
import { withClient } from '../support/database.ts';
import { FAULTS_SOURCE, expectComplete } from '../support/faults.ts';
import { portage, type Around, type Portage } from '../support/portage.ts';
import { startServer, type Server } from '../support/server.ts';
import { smallDisk } from '../support/small-disk.ts';
import { SURGERY_TARGET, surgery } from '../support/surgery.ts';

describe('a server that goes away', () => {
  const SLOW = `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.002); RETURN new; END $$;
    CREATE TRIGGER slow BEFORE INSERT ON doctors FOR EACH ROW EXECUTE FUNCTION slow()`;
  let server: Server;
  let own: Portage;
  beforeAll(async () => {
    // A crash must not take back what was said to be done.
    server = await startServer({ synchronous_commit: 'on' });
    own = await portage(
      FAULTS_SOURCE,
      SURGERY_TARGET + SLOW,
      surgery,
      { PORTAGE_LEASE_SECONDS: '2' },
      { target: server.url },
    );
  });
  afterAll(async () => {
    await own.end().catch(() => undefined);
    await server.stop();
  });
  /** Crashes the server in the middle of the second batch of doctors, once. */
  const crashing = (then: () => Promise<void>): Around => {
    let crashed = false;
    return async (input, go) => {
      if (input['entity'] !== 'doctors' || crashed) return go();
      crashed = true;
      const step = go().then(
        () => null,
        (error: unknown) => error,
      );
      const running =
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND wait_event = 'PgSleep'";
      await withClient(own.targetUrl, async (client) => {
        while ((await client.query<{ n: number }>(running)).rows[0]!.n === 0) await sleep(5);
      });
      await server.crash();
      await then();
      throw await step;
    };
  };

  test('and comes back in time is waited for', async () => {
    const { output } = await own.migrateAround({ MigrateSlice: crashing(() => server.start()) }, { batchSize: 100 });
    expect(output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 400 } } });
    await expectSteady();
  });

  test('and stays away ends the run, which is resumed when it is back', async () => {
    await withClient(own.targetUrl, (client) => client.query('TRUNCATE offices, doctors; DROP SCHEMA portage CASCADE'));
    await closeDependencies();
    const away = await own.migrateAround({ MigrateSlice: crashing(async () => undefined) }, { batchSize: 100 });
    expect(away.failure).toMatchObject({ code: 'SYS001', next: expect.stringContaining('test-connections') });
    await server.start();
    await sleep(2500); // the lease
    expect((await own.resume()).output).toMatchObject({
      status: 'completed',
      entities: { offices: { inserted: 2 }, doctors: { inserted: 400 } },
    });
    await expectSteady();
  });

  /** The sessions of the test itself did not outlive the server. */
  const expectSteady = async (): Promise<void> => {
    const counts = await withClient(own.targetUrl, (client) =>
      client.query('SELECT count(*)::int AS rows, count(DISTINCT legacy_id)::int AS numbers FROM doctors'),
    );
    expect(counts.rows).toEqual([{ rows: 400, numbers: 400 }]);
    expect((await own.migrate()).output).toMatchObject({
      status: 'completed',
      entities: { offices: { unchanged: 2 }, doctors: { unchanged: 400 } },
    });
  };
});

const disk = await smallDisk(64);
// Where a user cannot mount one the simulation must do (faults-midway.test.ts).
const onSmallDisk = disk === null ? describe.skip : describe;

onSmallDisk('a disk that is full', () => {
  const WIDE = "UPDATE doctor SET note = (SELECT string_agg(md5(doc_no::text || i), '') FROM generate_series(1, 60) i)";
  let server: Server;
  let own: Portage;
  beforeAll(async () => {
    server = await startServer({ autovacuum: 'off' }, 18, disk);
    // Everything that is made from here on stands on it, but for what the server keeps of itself, and temporary tables.
    await withClient(server.url, (client) =>
      client
        .query(`CREATE TABLESPACE small LOCATION '${disk!.path}'`)
        .then(() => client.query('ALTER ROLE postgres SET default_tablespace = small')),
    );
    own = await portage(`${FAULTS_SOURCE}; ${WIDE}`, SURGERY_TARGET, surgery, {}, { target: server.url });
  });
  afterAll(async () => {
    await own.end();
    await server.stop();
    await rm(disk!.path, { recursive: true });
  });

  /** Fills the disk until it is full, and leaves so much room again. */
  const fill = async (roomKb: number): Promise<void> => {
    const pieces: string[] = [];
    for (const kb of [4096, 512, 64, 8])
      for (;;) {
        const name = `ballast_${pieces.length}`;
        try {
          await own.run(
            'target',
            `CREATE SCHEMA IF NOT EXISTS ballast; CREATE TABLE ballast.${name} (x text STORAGE PLAIN); INSERT INTO ballast.${name} SELECT repeat('x', 8000) FROM generate_series(1, ${kb / 8})`,
          );
        } catch (error) {
          expect(error).toMatchObject({ code: '53100' });
          break;
        }
        pieces.push(`${kb} ${name}`);
      }
    let room = 0;
    for (const [kb, name] of pieces.toReversed().map((piece) => piece.split(' '))) {
      if (room + Number(kb) > roomKb) break;
      room += Number(kb);
      await own.run('target', `DROP TABLE ballast.${name}`);
    }
    await own.run('target', 'CHECKPOINT');
  };

  test.each([0, 600])(
    'ends the run with a code for it, with room for %s KB, and nothing is lost when there is room',
    async (roomKb) => {
      expect((await own.migrate({ entities: ['offices'] })).output).toMatchObject({ status: 'completed' });
      await fill(roomKb);
      const { failure } = await own.migrateAround({}, { batchSize: 20 });
      expect(failure).toMatchObject({
        code: 'SYS003',
        message: expect.stringContaining('No space left'),
        next: expect.stringContaining('free the resource'),
      });
      const written = Number(await own.value('SELECT count(*) FROM doctors'));
      expect(written > 0).toBe(roomKb > 0);
      expect(written).toBeLessThan(400);
      await own.run('target', 'DROP SCHEMA ballast CASCADE; CHECKPOINT');
      expect((await own.resume()).output).toMatchObject({
        status: 'completed',
        entities: { doctors: { inserted: 400 } },
      });
      await expectComplete(own);
      await own.run('target', 'DROP SCHEMA portage CASCADE; TRUNCATE doctors, offices');
      await closeDependencies();
    },
  );
});
