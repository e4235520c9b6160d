// A server that ends in the middle of a batch, and comes back in time or not.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeDependencies } from '../../functions/dependencies.ts';
import { withClient } from '../support/database.ts';
import { FAULTS_SOURCE } from '../support/faults.ts';
import { portage, type Around, type Portage } from '../support/portage.ts';
import { startServer, type Server } from '../support/server.ts';
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
