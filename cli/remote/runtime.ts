/** Everything a command needs against a deployed environment: its machines, by their names, and what their history tells. */
import { setTimeout as sleep } from 'node:timers/promises';
import { awsExecutions, type AwsExecutions } from '../../shared/aws/executions.ts';
import { awsProgress } from '../../shared/aws/progress.ts';
import { isElsewhere } from '../../shared/operations/large-answer.ts';
import { machineOf, type Operation } from '../../shared/operations/operation.ts';
import type { ProgressSource } from '../../shared/operations/ports.ts';
import { executionName } from '../execute.ts';
import type { Io } from '../io.ts';
import { foldingIo } from '../output/folding-io.ts';

export interface RemoteRuntime {
  readonly executions: AwsExecutions;
  readonly progress: ProgressSource;
  close(): void;
}

/** Credentials and region are those of every AWS program: AWS_PROFILE, AWS_REGION, a role, a single sign-on. */
export function remoteRuntime(environment: string): RemoteRuntime {
  const executions = awsExecutions(environment);
  return {
    executions: {
      ...executions,
      async wait(name) {
        const result = await executions.wait(name);
        return isElsewhere(result.output) ? { ...result, output: await documentAt(result.output.answerIn) } : result;
      },
    },
    progress: awsProgress((execution) => executions.arnOf(execution)),
    close: () => executions.close(),
  };
}

/** An answer that was too large for a state. */
async function documentAt(place: string): Promise<unknown> {
  const { openObject } = await import('../../shared/aws/storage.ts');
  const object = await openObject(place);
  const chunks: Buffer[] = [];
  for await (const chunk of object.read(0, object.size)) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

/** The plan is made within seconds; who does not want to wait shall not wait for a cold start of minutes. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 1000;

/** `--no-wait`: starts it, and tells its operation as soon as the plan has one. */
export async function startAndLeave(
  operation: Operation,
  input: { readonly command: string },
  { executions }: RemoteRuntime,
  io: Io,
  json: boolean,
): Promise<number> {
  const name = executionName(operation);
  await executions.start(machineOf(operation, input), name, input);
  const execution = executions.arnOf(name);
  const progress = awsProgress(() => execution, undefined, 0);
  let operationId: string | null = null;
  for (const until = performance.now() + PATIENCE_MS; operationId === null && performance.now() < until;) {
    await sleep(LOOK_MS);
    // Whether it may be looked at says nothing of whether it runs.
    operationId = (await progress.progress(name).catch(() => null))?.operationId ?? null;
  }
  if (json) io.out(`${JSON.stringify({ operationId, batchId: null, status: 'running', entities: {}, execution })}\n`);
  else foldingIo(io).out(`${operationId ?? 'It'} runs, in the execution ${execution}\n`);
  return 0;
}
