// On RDS whoever is a member of rds_iam, by whatever way, is let in by a token and by no password. A server with such a rule shows
// that the administrator, who makes the role of the functions, is none.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createUnrelated, createWriter } from '../../shared/database/ledger/writer-role.ts';
import { openSession, type Session } from '../../shared/database/session.ts';
import { withClient } from '../support/database.ts';
import { startServer, type Server } from '../support/server.ts';
import { addressOf } from '../support/sides.ts';

/** Whoever would have to show a token is turned away. */
const RULES = `host all postgres 127.0.0.1/32 scram-sha-256
host all +rds_iam 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
`;

describe('the administrator of an instance', () => {
  let server: Server;
  const as = (user: string, password = 'secret'): Promise<Session> =>
    openSession('target', { ...addressOf(server.url), user, password }, { applicationName: 'portage:test' });
  const superuser = (sql: string) => withClient(server.url, (client) => client.query(sql));
  /** As RDS makes it: it may make roles, and is no superuser. */
  const administrator = async (name: string): Promise<Session> => {
    await superuser(`CREATE ROLE ${name} LOGIN CREATEROLE CREATEDB PASSWORD 'secret'`);
    return as(name);
  };
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portage-rules-'));
    const rules = join(folder, 'pg_hba.conf');
    writeFileSync(rules, RULES);
    await chmod(folder, 0o755);
    server = await startServer({ hba_file: rules });
    await superuser('CREATE ROLE rds_iam');
  });
  afterAll(() => server.stop());

  test('who makes a role for whom IAM answers would be shut out', async () => {
    const session = await administrator('admin_a');
    await session.run('CREATE ROLE writer_a LOGIN');
    await superuser('GRANT rds_iam TO writer_a');
    await session.end();
    await expect(as('admin_a')).rejects.toMatchObject({ code: 'SYS001' });
  });

  test('is not, where the role is made in the name of one that goes at once', async () => {
    const session = await administrator('admin_b');
    await createUnrelated(session, 'writer_b');
    await superuser("GRANT rds_iam TO writer_b; ALTER ROLE writer_b PASSWORD 'secret'");
    await session.end();

    const again = await as('admin_b');
    expect(await again.one(`SELECT pg_has_role('admin_b', 'writer_b', 'MEMBER')::text AS member, (to_regrole('writer_b_maker') IS NULL)::text AS gone`)).toEqual({ member: 'false', gone: 'true' }); // prettier-ignore
    await again.end();
    await expect(as('writer_b')).rejects.toMatchObject({ code: 'SYS001' });
  });

  test('may ask again for a role that is there', async () => {
    const session = await as('postgres', addressOf(server.url).password ?? '');
    await createWriter(session, 'writer_c');
    await createWriter(session, 'writer_c');
    expect(await session.one(`SELECT pg_has_role('writer_c', 'rds_iam', 'MEMBER')::text AS iam`)).toEqual({ iam: 'true' }); // prettier-ignore
    await session.end();
  });
});
