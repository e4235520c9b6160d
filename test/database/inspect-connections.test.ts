// test-connections against databases that are there, that are not, and that refuse.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clinicSchema } from '../../cli/demo/generate-clinic.ts';
import { closeDependencies } from '../../functions/dependencies.ts';
import { connectionsAnswer } from '../../shared/operations/migration-analyzer/test-connections.ts';
import { ask, under, variablesOf } from '../support/inspect.ts';
import { twoSides, type TestSides } from '../support/sides.ts';

let sides: TestSides;
beforeAll(async () => {
  sides = await twoSides(clinicSchema('legacy'), clinicSchema('target'));
  Object.assign(process.env, variablesOf(sides));
});
afterAll(async () => {
  await closeDependencies();
  await sides.end();
});
describe('test-connections', () => {
  const command = 'migration-analyzer test-connections';

  test('both sides answer with version, latency and complete rights', async () => {
    const { answer, exit } = await ask(connectionsAnswer, command, { verbose: true });
    expect(exit).toBe(0);
    for (const each of answer.connections) {
      expect(each).toMatchObject({ reachable: true, tls: null, rightsMissing: [], error: null, role: 'postgres' });
      expect(each.version).toMatch(/^\d+/);
      expect(each.latencyMs).toBeGreaterThan(0);
      expect(JSON.stringify(each)).not.toContain(new URL(sides.sourceUrl).password);
    }
    const [source, target] = answer.connections;
    expect(source!['rights']).toContainEqual({ right: 'SELECT on public.doctor_mst', granted: true });
    expect(target!['rights']).toContainEqual({ right: 'DELETE on public.orders', granted: true });
    expect(target!['settings']).toHaveProperty('max_connections');
  });

  test('a side that cannot be reached is an answer, and the other one is tried', async () => {
    const elsewhere = new URL(sides.targetUrl);
    elsewhere.port = '1';
    const { answer, exit } = await under({ TARGET_DB_URL: elsewhere.href }, () =>
      ask(connectionsAnswer, command, { timeout: 2000 }),
    );
    expect(exit).toBe(3);
    expect(answer.connections[0]).toMatchObject({ side: 'source', reachable: true });
    expect(answer.connections[1]).toMatchObject({
      side: 'target',
      reachable: false,
      version: null,
      error: { code: 'SYS001' },
    });
    expect(JSON.stringify(answer)).not.toContain(elsewhere.password);
  });

  test('a wrong password is told as one', async () => {
    const wrong = new URL(sides.sourceUrl);
    wrong.username = 'nobody_at_all';
    const { answer, exit } = await under({ SOURCE_DB_URL: wrong.href }, () => ask(connectionsAnswer, command));
    expect(exit).toBe(3);
    expect(answer.connections[0]!.error!.message).toMatch(/nobody_at_all/);
  });

  test('names each right that is missing', async () => {
    const role = `poor_${process.pid}`;
    await sides.run(
      'source',
      `CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}; REVOKE SELECT ON doctor_mst FROM ${role}; ALTER TABLE partner_mst ENABLE ROW LEVEL SECURITY`,
    );
    await sides.run(
      'target',
      `GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO ${role}; DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM public', current_database()); END $$`,
    );
    const as = (text: string): string => Object.assign(new URL(text), { username: role, password: 'x' }).href;
    try {
      const { answer, exit } = await under(
        { SOURCE_DB_URL: as(sides.sourceUrl), TARGET_DB_URL: as(sides.targetUrl) },
        () => ask(connectionsAnswer, command),
      );
      expect(exit).toBe(1);
      expect(answer.connections[0]!.rightsMissing).toEqual([
        'SELECT on public.doctor_mst',
        'BYPASSRLS, for the row level security of public.partner_mst',
      ]);
      expect(answer.connections[1]!.rightsMissing).toEqual(
        expect.arrayContaining([
          'UPDATE on public.offices',
          'DELETE on public.orders',
          expect.stringMatching(/^TEMPORARY on database target/),
          expect.stringMatching(/^CREATE on database target/),
        ]),
      );
      expect(answer.connections[1]!.rightsMissing).not.toContain('INSERT on public.orders');
    } finally {
      await sides.run('source', `ALTER TABLE partner_mst DISABLE ROW LEVEL SECURITY; DROP OWNED BY ${role}`);
      await sides.run('target', `DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});
