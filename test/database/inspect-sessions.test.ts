// Connections that run short, and sessions that are not given back: brought about on a real server.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { debugConnectionsAnswer } from '../../shared/operations/migration-analyzer/debug-connections.ts';
import { detectConnectionLeaksAnswer } from '../../shared/operations/migration-analyzer/detect-connection-leaks.ts';
import { ask, under } from '../support/inspect.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const DEBUG = 'migration-analyzer debug-connections';
const LEAKS = 'migration-analyzer detect-connection-leaks';
const ROLE = `crowded_${process.pid}`;

let p: Portage;
const clients: pg.Client[] = [];
beforeAll(async () => {
  p = await portage(SURGERY_SOURCE, SURGERY_TARGET, surgery);
  await p.migrate();
  await p.run(
    'target',
    `CREATE ROLE ${ROLE} LOGIN PASSWORD 'x' CONNECTION LIMIT 3; GRANT USAGE ON SCHEMA portage TO ${ROLE}; GRANT SELECT ON ALL TABLES IN SCHEMA portage TO ${ROLE}`,
  );
});
afterAll(async () => {
  await p.run('target', `DROP OWNED BY ${ROLE}; DROP ROLE ${ROLE}`);
  await p.end();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
});

async function connect(url: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: name });
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}
const as = (role: string): string => Object.assign(new URL(p.targetUrl), { username: role, password: 'x' }).href;
const operation = (): Promise<string | null> => p.value('SELECT max(operation_id) FROM operations');

describe('debug-connections', () => {
  test('shows both sides, and finds nothing where there is room', async () => {
    const { answer, exit } = await ask(debugConnectionsAnswer, DEBUG, { showPoolStats: true });
    expect(exit).toBe(0);
    expect(answer.findings).toEqual([]);
    expect(answer.sides.map(({ side, pressure, error }) => [side, pressure, error])).toEqual([
      ['source', 'enough', null],
      ['target', 'enough', null],
    ]);
    expect(answer.sides[0]).not.toHaveProperty('sessions');
    // The migration ran in this process, which keeps its sessions for the next step.
    expect(answer.pools).toMatchObject([
      { database: 'source', inUse: 0, most: 20 },
      { database: 'target', inUse: 0, most: 20 },
    ]);
    expect(answer.pools![1]!.idle).toBeGreaterThan(0);
    expect(answer.pools![1]!.opened).toBeGreaterThanOrEqual(answer.pools![1]!.idle);
  });

  test('names a pool that is exhausted: as many sessions of Portage as it may have', async () => {
    const id = (await operation())!;
    // Those of the migration itself wait in this process, under the names of what they did last.
    for (const entity of ['offices', 'others', 'others']) await connect(p.targetUrl, `portage:${id}:${entity}`);
    const { answer, exit } = await under({ TARGET_DB_MAX_CONNECTIONS: '3' }, () =>
      ask(debugConnectionsAnswer, DEBUG, { showActive: true }),
    );
    expect(exit).toBe(1);
    const [, target] = answer.sides;
    expect(target).toMatchObject({ pressure: 'exhausted' });
    expect(answer.findings).toMatchObject([
      {
        code: 'SYS003',
        text: expect.stringMatching(/^target: \d+ of 3 connections that Portage allows are in use/),
        next: expect.stringContaining('TARGET_DB_MAX_CONNECTIONS'),
      },
    ]);
    const named = target!.sessions!.filter(({ application }) => application === `portage:${id}:others`);
    expect(named).toMatchObject([
      { operationStatus: 'completed', state: 'idle' },
      { operationStatus: 'completed', state: 'idle' },
    ]);
  });

  test('names the limit of a role from within, and SYS003 when it is turned away itself', async () => {
    await connect(as(ROLE), 'portage:x:doctors');
    await connect(as(ROLE), 'portage:x:doctors');
    const inside = await under({ TARGET_DB_URL: as(ROLE) }, () => ask(debugConnectionsAnswer, DEBUG));
    expect(inside.answer.sides[1]!.limits).toContainEqual({ name: 'the role', used: 3, most: 3 });
    expect(inside.answer.findings[0]).toMatchObject({
      code: 'SYS003',
      text: expect.stringContaining('3 of 3 connections that the role allows'),
    });
    expect(inside.exit).toBe(1);

    await connect(as(ROLE), 'portage:x:doctors');
    const outside = await under({ TARGET_DB_URL: as(ROLE) }, () => ask(debugConnectionsAnswer, DEBUG));
    expect(outside.exit).toBe(3);
    expect(outside.answer.sides[1]!.error).toMatchObject({ code: 'SYS003' });
    expect(outside.answer.sides[0]!.error).toBeNull();
  });

  test('says who waits for whom, without saying what they run', async () => {
    const holder = await connect(p.targetUrl, 'somebody');
    await holder.query("BEGIN; UPDATE doctors SET email = 'secret@example.org' WHERE legacy_id = 1");
    const waiter = await connect(p.targetUrl, `portage:${await operation()}:doctors`);
    const waiting = waiter.query("UPDATE doctors SET email = 'secret@example.org' WHERE legacy_id = 1");
    await sleep(100);
    const { answer } = await ask(debugConnectionsAnswer, DEBUG, { showActive: true });
    await holder.query('ROLLBACK');
    await waiting;
    expect(answer.findings).toMatchObject([{ code: 'M010', text: expect.stringMatching(/doctors\) waits for Lock/) }]);
    expect(answer.sides[1]!.ours.waiting).toBe(1);
    expect(JSON.stringify(answer)).not.toContain('secret');
  });
});

describe('detect-connection-leaks', () => {
  test('finds nothing while sessions rest in the pool', async () => {
    const { answer, exit } = await ask(detectConnectionLeaksAnswer, LEAKS, { entity: 'all' });
    expect(answer.leaks).toEqual([]);
    expect(exit).toBe(0);
  });

  test('names sessions that are idle in a transaction: ours, and one of the application that holds the table', async () => {
    const ours = await connect(p.targetUrl, `portage:${await operation()}:doctors`);
    await ours.query('BEGIN; SELECT 1');
    const theirs = await connect(p.targetUrl, 'web application');
    await theirs.query('BEGIN; UPDATE doctors SET phone = phone WHERE legacy_id = 2');
    const elsewhere = await connect(p.targetUrl, 'another table');
    await elsewhere.query('BEGIN; UPDATE offices SET name = name');
    await sleep(5200); // shorter, it could be a batch at work
    const { answer, exit } = await ask(detectConnectionLeaksAnswer, LEAKS, { entity: ['doctors'] });
    expect(exit).toBe(1);
    expect(
      answer.leaks.map(({ application, kind, holdsTable, side }) => ({ application, kind, holdsTable, side })),
    ).toEqual([
      {
        application: expect.stringMatching(/^portage:.*:doctors$/),
        kind: 'idle in transaction',
        holdsTable: false,
        side: 'target',
      },
      { application: 'web application', kind: 'idle in transaction', holdsTable: true, side: 'target' },
    ]);
    for (const client of [ours, theirs]) await client.query('ROLLBACK');
    expect((await ask(detectConnectionLeaksAnswer, LEAKS, { entity: ['doctors'] })).answer.leaks).toEqual([]);
  });

  test('names a session at work for an operation that has ended', async () => {
    const late = await connect(p.targetUrl, `portage:${await operation()}:offices`);
    const working = late.query('SELECT pg_sleep(1)');
    await sleep(100);
    const { answer } = await ask(detectConnectionLeaksAnswer, LEAKS, { entity: ['offices'] });
    await working;
    expect(answer.leaks).toMatchObject([{ kind: 'works for an ended operation', entity: 'offices' }]);
  });
});
