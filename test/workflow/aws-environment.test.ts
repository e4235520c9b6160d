// What AWS does beside the state machines, on real databases: functions log in by a secret or a token, and a deployment brings
// the ledger to its version.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { applyAtDeploy, handler as applyLedgerHandler } from '../../functions/environment/apply-ledger.ts';
import { databaseLogin } from '../../shared/aws/database-login.ts';
import { LEDGER_VERSION, ledgerVersion } from '../../shared/database/ledger/apply.ts';
import { openSession } from '../../shared/database/session.ts';
import { fault, type Endpoint } from '../support/aws/endpoint.ts';
import { secretsService } from '../support/aws/secrets-service.ts';
import { createDatabase, dropDatabase, withClient } from '../support/database.ts';
import { under } from '../support/inspect.ts';
import { addressOf } from '../support/sides.ts';

const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:portage/dev/target-AbCdEf';
const secrets = new Map<string, string>();
let service: Endpoint;
beforeAll(async () => {
  service = await secretsService(secrets);
});
afterAll(() => service.close());

/** The variables of a deployed function: where the database is, and which secret opens it. */
function deployed(url: string): Record<string, string> {
  const { host, port, name } = addressOf(url);
  const side = (prefix: string) => ({
    [`${prefix}_HOST`]: host,
    [`${prefix}_PORT`]: String(port),
    [`${prefix}_NAME`]: name,
    [`${prefix}_SSL`]: 'disable',
    [`${prefix}_SECRET_ARN`]: SECRET,
    [`${prefix}_URL`]: '',
  });
  return {
    ...side('SOURCE_DB'),
    ...side('TARGET_DB'),
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: service.url,
  };
}
const secretOf = (url: string, password = addressOf(url).password): string =>
  JSON.stringify({ engine: 'postgres', username: addressOf(url).user, password });

describe('the ledger at a deployment', () => {
  let url: string;
  let server: Server;
  const answers: Record<string, unknown>[] = [];
  const refusals: number[] = [];
  beforeAll(async () => {
    url = await createDatabase('deployed');
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => void chunks.push(chunk));
      request.on('end', () => {
        const status = request.method === 'PUT' && !request.headers['content-type'] ? (refusals.pop() ?? 200) : 403;
        if (status === 200) answers.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await dropDatabase(url);
  });
  beforeEach(() => {
    answers.length = 0;
    secrets.set(SECRET, secretOf(url));
  });

  /** What CloudFormation hears. */
  async function deploy(RequestType = 'Update'): Promise<Record<string, unknown>> {
    const { port } = server.address() as AddressInfo;
    const request = {
      RequestType,
      ResponseURL: `http://127.0.0.1:${port}/stack?signature=signed`,
      StackId: 'arn:aws:cloudformation:eu-central-1:111122223333:stack/portage-dev-workflows/1',
      RequestId: 'r1',
      LogicalResourceId: 'LedgerVersion',
      ResourceType: 'Custom::PortageLedger',
      ResourceProperties: { ServiceToken: 'arn:aws:lambda:x', ledger: 'abc' },
    };
    await under(deployed(url), () => applyLedgerHandler(request, { logStreamName: 'the-stream' } as Context));
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatchObject({ StackId: request.StackId, RequestId: 'r1', LogicalResourceId: 'LedgerVersion', PhysicalResourceId: 'portage-ledger' }); // prettier-ignore
    return answers[0]!;
  }
  const version = async (): Promise<number> => {
    const session = await openSession('target', addressOf(url), { applicationName: 'portage:test' });
    try {
      return await ledgerVersion(session);
    } finally {
      await session.end();
    }
  };
  const run = (sql: string): Promise<unknown> => withClient(url, (client) => client.query(sql));

  test('that is taken back leaves no ledger by half, and says why', async () => {
    await run('CREATE SCHEMA portage; CREATE TABLE portage.fences (in_the_way integer)');
    const { Status, Reason } = await deploy('Create');
    expect([Status, Reason]).toEqual(['FAILED', expect.stringMatching(/^SYS007 .*fences.*\n(.*\n)*next: .*\nlog: the-stream$/)]); // prettier-ignore
    expect(await version()).toBe(0);
    await run('DROP SCHEMA portage CASCADE');
  });

  test('is applied, and again changes nothing, also where CloudFormation listens only at the second try', async () => {
    expect(await deploy('Create')).toMatchObject({ Status: 'SUCCESS', Data: { Version: String(LEDGER_VERSION) } });
    expect(await version()).toBe(LEDGER_VERSION);
    answers.length = 0;
    refusals.push(503);
    expect(await deploy()).toMatchObject({ Status: 'SUCCESS' });
  });

  test('refuses a downgrade, with both versions', async () => {
    await run(`INSERT INTO portage.schema_versions (version, file, checksum) VALUES (${LEDGER_VERSION + 1}, 'x', 'x')`);
    expect(await deploy()).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringMatching(new RegExp(`^SYS006 .*\\ngot: version ${LEDGER_VERSION + 1}\\nexpected: at most ${LEDGER_VERSION}\\nnext: `)), // prettier-ignore
    });
    await run(`DELETE FROM portage.schema_versions WHERE version > ${LEDGER_VERSION}`);
  });

  test('stays when the environment is removed, and its database need not be there any more', async () => {
    secrets.clear();
    expect(await deploy('Delete')).toMatchObject({ Status: 'SUCCESS' });
    expect(await version()).toBe(LEDGER_VERSION);
  });

  test.each([
    ['a wrong password', () => secretOf(url, 'not-the-password'), /^SYS001 .*\ngot: password authentication failed/],
    ['a secret that is no user and password', () => 'not-the-password', /^SYS002 the secret does not open a database/],
  ])('fails with %s, and shows nothing of it', async (_, secret, told) => {
    secrets.set(SECRET, secret());
    const answer = await deploy();
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(told) });
    expect(JSON.stringify(answer)).not.toContain('not-the-password');
  });

  test('makes the role of the functions where there is none yet: it owns the ledger and logs in without the administrator', async () => {
    const writer = `writer_${process.pid}`;
    const own = await createDatabase('rds');
    const as = (user: string, password: string) => () =>
      openSession('target', { ...addressOf(own), user, password }, { applicationName: 'portage:test' });
    const logins = {
      writer: as(writer, 'by-token'),
      admin: as('postgres', addressOf(own).password ?? ''),
      writerName: writer,
    };
    await withClient(own, (client) => client.query("DO $$ BEGIN IF to_regrole('rds_iam') IS NULL THEN CREATE ROLE rds_iam; END IF; END $$")); // prettier-ignore
    try {
      // On RDS a member of rds_iam is let in by its token; here it needs a password, which nobody has set yet.
      await expect(applyAtDeploy(logins)).rejects.toMatchObject({ code: 'SYS001' });
      await withClient(own, (client) => client.query(`ALTER ROLE ${writer} PASSWORD 'by-token'`));
      expect(await applyAtDeploy({ ...logins, admin: null })).toMatchObject({ version: LEDGER_VERSION });
      const facts = await withClient(own, (client) => client.query(`SELECT pg_has_role('${writer}', 'rds_iam', 'MEMBER') AS iam, nspowner::regrole::text AS owner FROM pg_namespace WHERE nspname = 'portage'`)); // prettier-ignore
      expect(facts.rows).toEqual([{ iam: true, owner: writer }]);
    } finally {
      await dropDatabase(own);
      await withClient(url, (client) => client.query(`DROP ROLE IF EXISTS ${writer}`));
    }
  });
});

describe('a login', () => {
  const request = { host: 'db.internal', port: 5432, user: null, password: null, secretArn: SECRET, auth: 'password' } as const; // prettier-ignore

  test('reads the secret each time, so that a rotated password is the right one', async () => {
    await under(deployed('postgres://u:p@127.0.0.1/d'), async () => {
      secrets.set(SECRET, JSON.stringify({ username: 'reader', password: 'first' }));
      expect(await databaseLogin(request)).toEqual({ user: 'reader', password: 'first' });
      secrets.set(SECRET, JSON.stringify({ username: 'reader', password: 'second' }));
      expect(await databaseLogin(request)).toEqual({ user: 'reader', password: 'second' });
    });
  });

  test('signs a token for one user of one host where IAM answers for it, and calls nobody', async () => {
    service.calls.length = 0;
    await under(deployed('postgres://u:p@127.0.0.1/d'), async () => {
      const { user, password } = await databaseLogin({ ...request, user: 'portage_writer', auth: 'iam' });
      expect(user).toBe('portage_writer');
      expect(password).toMatch(/^db\.internal:5432\/\?Action=connect&DBUser=portage_writer&.*X-Amz-Expires=900/);
    });
    expect(service.calls).toEqual([]);
  });

  test('that the role is not allowed is told as such', async () => {
    service.trouble(/GetSecretValue/, fault(400, 'AccessDeniedException', 'not authorized to perform: secretsmanager:GetSecretValue')); // prettier-ignore
    await under(deployed('postgres://u:p@127.0.0.1/d'), () =>
      expect(databaseLogin(request)).rejects.toMatchObject({ code: 'SYS010', facts: { where: SECRET } }),
    );
  });
});
