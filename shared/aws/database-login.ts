/**
 * How a deployed function gets into a database. The secret is read at each login and kept nowhere, so that a password which
 * was rotated is the right one at the next login; sessions are kept, so that a login is seldom. Where IAM answers for the
 * role there is no password: a token is signed here, which opens a session for a quarter of an hour and costs no call.
 */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Signer } from '@aws-sdk/rds-signer';
import { PortageError } from '../domain/errors.ts';
import { awsError, CLIENT } from './client.ts';

/** What is known of a database before anybody logs in. */
export interface LoginRequest {
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  readonly password: string | null;
  readonly secretArn: string | null;
  readonly auth: 'password' | 'iam';
}

export interface Login {
  readonly user: string | null;
  readonly password: string | null;
}

/** @throws PortageError SYS010 where the role may not read the secret, SYS002 where it holds no user and password */
export async function databaseLogin({ host, port, user, password, secretArn, auth }: LoginRequest): Promise<Login> {
  if (auth === 'iam') return { user, password: await token(host, port, user) };
  if (password !== null || secretArn === null) return { user, password };
  const secret = await secretOf(secretArn);
  return { user: user ?? secret.username, password: secret.password };
}

async function token(hostname: string, port: number, username: string | null): Promise<string> {
  if (username === null)
    throw new PortageError('SYS002', 'IAM answers for no role', { expected: 'a user', where: hostname });
  try {
    return await new Signer({ hostname, port, username }).getAuthToken();
  } catch (error) {
    throw awsError(error, 'signing in to the database', `${username}@${hostname}`);
  }
}

async function secretOf(SecretId: string): Promise<{ readonly username: string; readonly password: string }> {
  const client = new SecretsManagerClient(CLIENT);
  let text: string | undefined;
  try {
    ({ SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId })));
  } catch (error) {
    throw awsError(error, 'reading a secret', SecretId);
  } finally {
    client.destroy();
  }
  const { username, password } = partsOf(text);
  if (username !== undefined && password !== undefined) return { username, password };
  throw new PortageError('SYS002', 'the secret does not open a database', {
    got: 'a text that is not shown',
    expected: '{"username": "...", "password": "..."}',
    where: SecretId,
    next: 'Put in what the owner of the database gave you: aws secretsmanager put-secret-value',
  });
}

/** What is no JSON has no parts; it is a secret all the same, so nobody is told what it is. */
function partsOf(text = ''): { readonly username?: string; readonly password?: string } {
  try {
    const { username, password } = JSON.parse(text) as Record<string, unknown>;
    return typeof username === 'string' && typeof password === 'string' ? { username, password } : {};
  } catch {
    return {};
  }
}
