// Sections 5 and 6 of the guide, drilled: slow runs, too much memory, databases that refuse, and no connection left.
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { startServer, type Server } from '../support/server.ts';
import { drill, type Drill } from './drill.ts';

let server: Server;
let clinic: Drill;
/** A session of a worker that never gave it back: it is seen in the end, when it has been idle for long enough. */
let leak: pg.Client;

async function session(application_name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: clinic.targetUrl, application_name });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

beforeAll(async () => {
  // Few connections, so that they can be used up.
  server = await startServer({ max_connections: '30' });
  clinic = await drill(700, { target: server.url });
  leak = await session('portage:diff_migration_20231201_123456:orders');
  await leak.query('BEGIN; SELECT count(*) FROM orders');
});
afterAll(async () => {
  await clinic.end();
  await server.stop();
});

afterEach(() => {
  for (const name of Object.keys(process.env).filter((each) => /^(TARGET|SOURCE)_DB_/.test(each)))
    Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, { SOURCE_DB_URL: clinic.sourceUrl, TARGET_DB_URL: clinic.targetUrl });
});

const touch = (mark: string): Promise<void> =>
  clinic.run('source', `UPDATE order_hdr SET memo = concat_ws(' ', nullif(memo, ''), '${mark}'), upd_ts = now()`);

test('Problem: Migration running slower than expected', async () => {
  const guide = clinic.section('Problem: Migration running slower than expected');
  await clinic.run(
    'target',
    `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.005); RETURN new; END $$;
     CREATE TRIGGER slow BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION slow()`,
  );
  await touch('a');
  expect((await clinic.say('npx portage differential-migration migrate --entities orders --batch-size 50')).exit).toBe(
    0,
  );
  // As a table forty times as large would have been: a few hundred rows are not judged.
  await clinic.run(
    'target',
    `WITH last AS (SELECT id FROM portage.migration_checkpoints WHERE entity_type = 'orders' ORDER BY created_at DESC LIMIT 1),
       batches AS (UPDATE portage.migration_batches SET rows_read = rows_read * 40, updated = updated * 40, write_ms = write_ms * 40, read_ms = read_ms * 40 WHERE checkpoint_id = (TABLE last))
     UPDATE portage.migration_checkpoints SET started_at = started_at - interval '1 min' WHERE id = (TABLE last)`,
  );

  const found = await guide.run('npx portage migration-analyzer analyze-performance');
  const pool = await guide.run('npx portage migration-analyzer debug-connections');
  const watched = await guide.run('npx portage migration-analyzer monitor-resources', { '60': '1' });
  expect(found.out).toMatch(
    /bottleneck: writing[^]*V004 \d+ rows\/s, under the floor of 500[^]*The target fires slow, touch for every row/,
  );
  expect(pool.out).toMatch(/Pool of this process/);
  expect(watched.out).toMatch(/looks in/);

  await clinic.run('target', 'ALTER TABLE orders DISABLE TRIGGER slow');
  await touch('b');
  const steered = await guide.run('npx portage differential-migration migrate --entities orders --batch-size');
  expect(steered.out).toMatch(/orders .* 292 [^]*Batches of orders: 1, of 200 to 200 rows/);
  await guide.run('export TARGET_DB_MAX_CONNECTIONS');
  await touch('c');
  const faster = await guide.run('npx portage differential-migration migrate --entities orders');
  expect(faster.out).toMatch(/orders .* 292 /);
  expect((await clinic.say('npx portage migration-analyzer debug-connections --show-pool-stats')).out).toMatch(
    /^target +\S+ +Portage +\d+ +50$/m,
  );
  await guide.run('npx portage differential-migration migrate --entities offices');
  expect((await clinic.say('npx portage migration-analyzer analyze-performance --entity orders --last-run')).exit).toBe(
    0,
  );
  await clinic.expectWhole('orders');
  guide.expectDone();
});

test('Problem: Memory usage exceeding limits', async () => {
  const guide = clinic.section('Problem: Memory usage exceeding limits');
  const sizes = await guide.run('npm run --silent memory-analysis', { '100,500,1000': '100 --duration 1' });
  const growth = await guide.run('npx portage migration-analyzer memory-leak-check', { '300': '1' });
  process.env['PORTAGE_MEMORY_LIMIT_MB'] = '64';
  const held = await guide.run('npx portage migration-analyzer analyze-performance');
  Reflect.deleteProperty(process.env, 'PORTAGE_MEMORY_LIMIT_MB');
  expect(sizes.out).toMatch(/ 100 .* MiB/);
  expect(growth.out).not.toMatch(/leak/);
  expect(held.out).toMatch(/SYS003 \d+ MiB of memory, over the limit of 64 MiB/);

  await touch('d');
  expect((await guide.run('npx portage differential-migration migrate --entities orders --batch-size')).exit).toBe(0);
  await guide.run('NODE_OPTIONS');
  await touch('e');
  const streamed = await guide.run('npx portage differential-migration migrate --entities orders --streaming-mode');
  expect(streamed.out).toMatch(/[Mm]emory/);
  expect((await clinic.say('npx portage migration-analyzer analyze-performance --entity orders --last-run')).exit).toBe(
    0,
  );
  await clinic.expectWhole('orders');
  guide.expectDone();
});

test('Problem: Database connection failures', async () => {
  const guide = clinic.section('Problem: Database connection failures');
  const right = new URL(clinic.targetUrl);
  Reflect.deleteProperty(process.env, 'TARGET_DB_URL');
  Object.assign(process.env, {
    TARGET_DB_HOST: right.hostname,
    TARGET_DB_PORT: '1',
    TARGET_DB_USER: right.username,
    TARGET_DB_NAME: right.pathname.slice(1),
    TARGET_DB_PASSWORD: 'wrong-and-secret',
  });
  const refused = await guide.run('npx portage migration-analyzer test-connections');
  expect(refused.text).toMatch(/ECONNREFUSED/);
  const asked = await guide.run('PGPASSWORD=');
  expect(asked.err).toMatch(/ECONNREFUSED/);
  process.env['TARGET_DB_PORT'] = 'five';
  const config = await guide.run('npx portage migration-analyzer validate-config');
  expect(config.text).toMatch(/TARGET_DB_PORT.*five/);
  process.env['TARGET_DB_PORT'] = right.port;
  const unknown = await clinic.say('npx portage migration-analyzer test-connections --verbose');
  expect(unknown.text).toMatch(/password/);
  expect(unknown.text).not.toContain('wrong-and-secret');

  for (const [line, value] of [
    ['export TARGET_DB_HOST', right.hostname],
    ['export TARGET_DB_PORT', right.port],
    ['export TARGET_DB_PASSWORD', right.password],
  ] as const)
    await guide.run(line, { localhost: value, '54322': value, your_password: value });
  await guide.run('export TARGET_DB_CONNECTION_TIMEOUT');
  await clinic.run('source', "UPDATE office_mst SET office_nm = office_nm || '!'");
  expect((await guide.run('npx portage differential-migration migrate')).out).toMatch(/offices +4/);
  await clinic.expectWhole('offices');
  guide.expectDone();
});

test('Problem: Connection pool exhaustion', async () => {
  const guide = clinic.section('Problem: Connection pool exhaustion');
  // Somebody's application takes nearly all, and one session of ours was not given back.
  const taken = await Promise.all(Array.from({ length: 22 }, () => session('reports')));
  const active = await guide.run('npx portage migration-analyzer debug-connections');
  const watched = await guide.run('npx portage migration-analyzer monitor-connections', { '120': '1' });
  const leaks = await guide.run('npx portage migration-analyzer detect-connection-leaks');
  expect(active.out).toMatch(/SYS003 target: 2\d of 27 connections that the server allows are in use/);
  expect(watched.out).toMatch(/SYS003 target: up to 2\d of 27/);
  expect(leaks.out).toMatch(/orders +target .*idle in transaction/);
  await touch('p');
  await guide.run('export TARGET_DB_MAX_CONNECTIONS');
  const few = await guide.run('npx portage differential-migration migrate --entities orders');
  expect(few.out).toMatch(/at most 1 connection to each database/);
  await guide.run('npx portage differential-migration migrate --entities all');
  for (const client of [leak, ...taken]) await client.end();
  expect((await clinic.say('npx portage migration-analyzer debug-connections')).exit).toBe(0);
  await clinic.expectWhole();
  guide.expectDone();
});
