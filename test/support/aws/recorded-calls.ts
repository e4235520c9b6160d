// Every call that the clients of AWS make, with the function in whose name it is made, and the action and the resource that its
// role must allow. What is recorded is what leaves the process: no client is told that it is watched.
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

export interface AwsCall {
  /** As in `migration-MigrateSlice`. */
  readonly function: string;
  /** With the ARN of a secret. */
  readonly action: string;
}

export interface Recorder {
  readonly calls: readonly AwsCall[];
  /** The work of one function. */
  as<T>(name: string, work: () => Promise<T>): Promise<T>;
  end(): void;
}

const CHANNEL = 'http.client.request.created';

export function recordCalls(): Recorder {
  const current = new AsyncLocalStorage<string>();
  const calls: AwsCall[] = [];
  const listen = (message: unknown): void => {
    const { request } = message as { request: ClientRequest };
    const service = /Credential=[^/]+\/\d{8}\/[\w-]+\/([\w-]+)\/aws4_request/.exec(String(request.getHeader('authorization')))?.[1]; // prettier-ignore
    if (service === undefined) return;
    const name = current.getStore() ?? 'nobody';
    const record = (actions: readonly string[]): void =>
      void calls.push(...actions.map((action) => ({ function: name, action })));
    if (service === 'secretsmanager') withBody(request, (body) => record([secretAction(request, body)]));
    else record(actionsOf(service, request));
  };
  subscribe(CHANNEL, listen);
  return { calls, as: (name, work) => current.run(name, work), end: () => void unsubscribe(CHANNEL, listen) };
}

/** Which secret is read is said in the body, which is sent in one piece. */
function withBody(request: ClientRequest, read: (body: string) => void): void {
  const end = request.end.bind(request) as (...parts: unknown[]) => ClientRequest;
  request.end = ((...parts: unknown[]) => {
    read(Buffer.from(parts[0] as string).toString());
    return end(...parts);
  }) as typeof request.end;
}

function secretAction(request: ClientRequest, body: string): string {
  const { SecretId } = JSON.parse(body) as { readonly SecretId: string };
  return `secretsmanager:${String(request.getHeader('x-amz-target')).split('.')[1] ?? ''} ${SecretId}`;
}

/** What the service asks the role for; a call that is not known here must not pass as one that needs nothing. */
function actionsOf(service: string, request: ClientRequest): readonly string[] {
  const { method, path } = request;
  switch (service) {
    case 's3':
      return [objectAction(method, path)];
    case 'scheduler':
      return scheduleActions(method, path);
    default:
      throw new Error(`What does ${service} ask for at ${method} ${path}? Say it in recorded-calls.ts`);
  }
}

/** The parts of an upload are all the same right; to give one up is another. */
function objectAction(method: string, path: string): string {
  if (method === 'GET' || method === 'HEAD') return 's3:GetObject';
  if (method === 'DELETE') return path.includes('uploadId=') ? 's3:AbortMultipartUpload' : 's3:DeleteObject';
  return 's3:PutObject';
}

const VERBS: Readonly<Record<string, string>> = { POST: 'Create', GET: 'Get', PUT: 'Update', DELETE: 'Delete' };

/** Whoever names a role in a schedule passes it on. */
function scheduleActions(method: string, path: string): readonly string[] {
  if (path.startsWith('/schedules?')) return ['scheduler:ListSchedules'];
  const own = `scheduler:${VERBS[method] ?? method}Schedule`;
  return ['POST', 'PUT'].includes(method) ? [own, 'iam:PassRole'] : [own];
}
