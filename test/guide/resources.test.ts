// Sections 5 and 6 of the guide, drilled: slow runs, too much memory, databases that refuse, and no connection left.
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { startServer, type Server } from '../support/server.ts';
import { drill, type Drill } from './drill.ts';

let server: Server;
let clinic: Drill;
beforeAll(async () => {
  // Few connections, so that they can be used up.
  server = await startServer({ max_connections: '30' });
  clinic = await drill(700, { target: server.url });
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
  expect((await clinic.say('npx portage differential-migration migrate --entities orders')).exit).toBe(0);

  const found = await guide.run('npx portage migration-analyzer analyze-performance');
  const pool = await guide.run('npx portage migration-analyzer debug-connections');
  const watched = await guide.run('npx portage migration-analyzer monitor-resources', { '60': '1' });
  console.log(found.out, pool.out, watched.out);

  await clinic.run('target', 'DROP FUNCTION slow CASCADE');
  for (const [i, line] of [
    'npx portage differential-migration migrate --entities orders --batch-size',
    'export',
    'npx portage differential-migration migrate --entities orders',
    'npx portage differential-migration migrate --entities offices',
  ].entries()) {
    await touch(String(i));
    console.log((await guide.run(line)).out);
  }
  await clinic.expectWhole();
  guide.expectDone();
});

test('Problem: Memory usage exceeding limits', async () => {
  const guide = clinic.section('Problem: Memory usage exceeding limits');
  const sizes = await guide.run('npm run --silent memory-analysis', { '100,500,1000': '100,200' });
  const leak = await guide.run('npx portage migration-analyzer memory-leak-check', { '300': '1' });
  console.log(sizes.out, leak.out);
  for (const line of [
    'npx portage differential-migration migrate --entities orders --batch-size',
    'NODE_OPTIONS',
    'npx portage differential-migration migrate --entities orders --streaming-mode',
  ]) {
    await touch('m');
    console.log((await guide.run(line)).out);
  }
  await clinic.expectWhole();
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
  const config = await guide.run('npx portage migration-analyzer validate-config');
  console.log(refused.text, asked.text, config.text);
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
  await clinic.expectWhole();
  guide.expectDone();
});

test('Problem: Connection pool exhaustion', async () => {
  const guide = clinic.section('Problem: Connection pool exhaustion');
  // Somebody's application takes nearly all, and one session of ours was not given back.
  const taken = await Promise.all(
    Array.from({ length: 24 }, async (_, i) => {
      const client = new pg.Client({
        connectionString: clinic.targetUrl,
        application_name: i === 0 ? 'portage:diff_migration_20231201_123456:orders' : 'reports',
      });
      client.on('error', () => undefined);
      await client.connect();
      if (i === 0) await client.query('BEGIN; SELECT count(*) FROM orders');
      return client;
    }),
  );
  const active = await guide.run('npx portage migration-analyzer debug-connections');
  const watched = await guide.run('npx portage migration-analyzer monitor-connections', { '120': '1' });
  const leaks = await guide.run('npx portage migration-analyzer detect-connection-leaks');
  console.log(active.out, watched.out, leaks.out);
  await touch('p');
  await guide.run('export TARGET_DB_MAX_CONNECTIONS');
  for (const line of [
    'npx portage differential-migration migrate --entities orders',
    'npx portage differential-migration migrate --entities all',
  ])
    console.log((await guide.run(line)).out);
  for (const client of taken) await client.end();
  expect((await clinic.say('npx portage migration-analyzer debug-connections')).exit).toBe(0);
  await clinic.expectWhole();
  guide.expectDone();
});
