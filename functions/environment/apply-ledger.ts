/**
 * A custom resource of the deployment: brings the ledger to this version, and says so to CloudFormation. Whatever goes wrong
 * is the reason of a failed deployment, which CloudFormation takes back; the ledger is changed in one transaction, or not.
 *
 *  1. On an instance of the environment's own, the functions log in as a role that IAM answers for. Before the first
 *     deployment there is no such role: it is refused, and the administrator of the instance makes it.
 *  2. What is missing of the ledger is applied. One that is newer than this version is refused.
 *  3. When the stack is removed the ledger stays: undo and checkpoints are the data of their users.
 */
import type { Context } from 'aws-lambda';
import { adminSecretOf, readConfig, type DatabaseConfig } from '../../shared/config.ts';
import { resourceRequest, type ResourceRequest } from '../../shared/contracts/environment.ts';
import { applyLedger, LEDGER_VERSION } from '../../shared/database/ledger/apply.ts';
import { createWriter } from '../../shared/database/ledger/writer-role.ts';
import { isRefusedLogin } from '../../shared/database/pg-errors.ts';
import { openSession, type Session } from '../../shared/database/session.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { logger } from '../../shared/log/current.ts';
import { failureText } from '../../shared/operations/failure.ts';
import { answerCloudFormation } from '../../shared/aws/cloudformation.ts';
import { openedBy } from '../dependencies.ts';
import { observed } from '../lambda.ts';

/** How the two get in. */
export interface Logins {
  /** Who works with the ledger. */
  readonly writer: () => Promise<Session>;
  /** Who may make the writer, where that is not somebody else's business. */
  readonly admin: (() => Promise<Session>) | null;
  readonly writerName: string | null;
}

/** @returns the version that the ledger has now, and those that were applied */
export async function applyAtDeploy(logins: Logins): Promise<{ readonly version: number; readonly applied: number[] }> {
  const writer = await firstLogin(logins);
  try {
    return { applied: await applyLedger(writer), version: LEDGER_VERSION };
  } finally {
    await writer.end();
  }
}

async function firstLogin({ writer, admin, writerName }: Logins): Promise<Session> {
  try {
    return await writer();
  } catch (error) {
    if (admin === null || writerName === null || !isRefusedLogin(error)) throw error;
    const session = await admin();
    try {
      await createWriter(session, writerName);
    } finally {
      await session.end();
    }
    return await writer();
  }
}

const OPTIONS = { applicationName: 'portage:apply-ledger' };

/** From the configuration of this moment. */
function configuredLogins(): Logins {
  const { target } = readConfig();
  if (target === null)
    throw new PortageError('SYS002', 'no target database is configured', { where: 'TARGET_DB_HOST' });
  const login = async (database: DatabaseConfig): Promise<Session> =>
    openSession('target', await openedBy(database), OPTIONS);
  const secretArn = adminSecretOf();
  return {
    writer: () => login(target),
    admin:
      secretArn === null ? null : () => login({ ...target, user: null, password: null, auth: 'password', secretArn }),
    writerName: target.user,
  };
}

/** What the deployment shows is the code, the message and what to do: nothing that is secret is in one of our errors. */
function reasonOf(error: unknown): string {
  if (error instanceof PortageError)
    return `${error.code} ${failureText(new PortageError(error.code, error.message, { ...error.facts, next: error.next }))}`;
  return `SYS008 ${error instanceof Error ? error.message : String(error)}`;
}

export async function handleRequest(request: ResourceRequest, logins: () => Logins, logStream: string): Promise<void> {
  const answer = (status: 'SUCCESS' | 'FAILED', reason: string, data = {}): Promise<void> =>
    answerCloudFormation(request, { status, reason, data, id: 'portage-ledger' });
  if (request.RequestType === 'Delete') {
    await answer('SUCCESS', 'the ledger stays');
    return;
  }
  try {
    const { version, applied } = await applyAtDeploy(logins());
    logger().info('ledger applied', { version, applied });
    await answer('SUCCESS', `ledger at version ${version}`, { Version: String(version) });
  } catch (error) {
    const reason = reasonOf(error);
    logger('errors').error('ledger failed', { message: reason });
    await answer('FAILED', `${reason}\nlog: ${logStream}`);
  }
}

export async function handler(event: unknown, context: Context): Promise<void> {
  await observed;
  await handleRequest(resourceRequest.parse(event), configuredLogins, context.logStreamName);
}
