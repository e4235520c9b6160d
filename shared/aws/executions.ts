/**
 * The port `Executions` on Step Functions: machines are found by their names, executions followed by asking, seldom and
 * irregularly. Whoever follows an execution for hours must not lose it to a network that was gone for a minute.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeExecutionCommand,
  paginateListStateMachines,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  type DescribeExecutionCommandOutput,
} from '@aws-sdk/client-sfn';
import { PortageError } from '../domain/errors.ts';
import { machineName, machineNamed } from '../operations/deployed.ts';
import { failureText } from '../operations/failure.ts';
import type { ExecutionResult, Executions } from '../operations/ports.ts';
import { awsError, CLIENT, nameOf } from './client.ts';

/** A short command is done in a second; a long one need not be asked after more often than every five. */
const FIRST_LOOK_MS = 300;
const LONGEST_LOOK_MS = 5000;
const SLOWER = 1.4;
/** Each look is four tries already: this is about ten minutes without any answer. */
const LOOKS_WITHOUT_ANSWER = 30;

export interface AwsExecutions extends Executions {
  /** Its ARN, for whoever looks at it in another way; only of an execution that was started here. */
  arnOf(name: string): string;
  close(): void;
}

export function awsExecutions(
  environment: string,
  client = new SFNClient(CLIENT),
  pause: (ms: number) => Promise<unknown> = sleep,
): AwsExecutions {
  const arns = new Map<string, string>();
  let machines: Promise<ReadonlyMap<string, string>> | undefined;
  const arnOf = (name: string): string => {
    const arn = arns.get(name);
    if (arn === undefined) throw new PortageError('SYS004', `No execution ${name} was started from here`);
    return arn;
  };
  return {
    arnOf,
    close: () => client.destroy(),
    async start(machine, name, input) {
      machines ??= machinesOf(client);
      const known = await machines.catch((error: unknown) => {
        machines = undefined;
        throw error;
      });
      const wanted = machineName(environment, machine);
      const stateMachineArn = known.get(wanted) ?? notDeployed(wanted, environment, [...known.keys()]);
      try {
        const { executionArn } = await client.send(
          new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }),
        );
        arns.set(name, executionArn ?? '');
      } catch (error) {
        throw startError(error, wanted, name);
      }
      return { name };
    },
    async wait(name) {
      const executionArn = arnOf(name);
      let silent = 0;
      for (let ms = FIRST_LOOK_MS; ; ms = Math.min(ms * SLOWER, LONGEST_LOOK_MS)) {
        try {
          const found = await client.send(new DescribeExecutionCommand({ executionArn }));
          silent = 0;
          if (found.status !== 'RUNNING' && found.status !== 'PENDING_REDRIVE') return resultOf(name, found);
        } catch (error) {
          const ours = awsError(error, 'following the execution', executionArn);
          if (!(ours instanceof PortageError) || ours.code !== 'SYS011' || ++silent >= LOOKS_WITHOUT_ANSWER)
            throw stillRuns(ours, executionArn);
        }
        // Many that began together shall not go on asking together.
        await pause(ms * (0.5 + Math.random() / 2));
      }
    },
    async stop(name) {
      const executionArn = arnOf(name);
      const cause = failureText(new PortageError('M013', 'Stopped on request'));
      try {
        await client.send(new StopExecutionCommand({ executionArn, error: 'M013', cause }));
      } catch (error) {
        throw awsError(error, 'stopping the execution', executionArn);
      }
    },
  };
}

/** All machines of ours that are deployed here, with their ARNs. */
async function machinesOf(client: SFNClient): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  try {
    for await (const page of paginateListStateMachines({ client }, { maxResults: 1000 })) {
      for (const { name, stateMachineArn } of page.stateMachines ?? [])
        if (name !== undefined && stateMachineArn !== undefined && machineNamed(name) !== null)
          found.set(name, stateMachineArn);
    }
  } catch (error) {
    throw awsError(error, 'listing state machines', 'states:ListStateMachines');
  }
  return found;
}

function notDeployed(wanted: string, environment: string, known: readonly string[]): never {
  const environments = [...new Set(known.flatMap((name) => machineNamed(name)?.environment ?? []))].sort();
  const isThere = environments.includes(environment);
  throw new PortageError('SYS009', `there is no state machine ${wanted} in this account and region`, {
    got: environments.length === 0 ? 'no environment of Portage' : `deployed here: ${environments.join(', ')}`,
    expected: wanted,
    where: `--env ${environment}`,
    ...(isThere
      ? { next: `This version is newer than what is deployed: npx cdk deploy --all -c env=${environment}` }
      : {}),
  });
}

function startError(error: unknown, machine: string, name: string): unknown {
  const taken = (why: string): PortageError =>
    new PortageError('SYS004', why, { got: name, where: machine }, { cause: error });
  switch (nameOf(error)) {
    case 'ExecutionAlreadyExists':
      return taken('there is an execution of this name already');
    case 'InvalidExecutionInput':
      return taken('Step Functions does not take the input');
    case 'ExecutionLimitExceeded':
      return new PortageError(
        'SYS011',
        'as many executions run as the account may have',
        { where: machine },
        { cause: error },
      );
    case 'StateMachineDoesNotExist':
    case 'StateMachineDeleting':
      return new PortageError(
        'SYS009',
        `the state machine ${machine} is being removed`,
        { where: machine },
        { cause: error },
      );
    default:
      return awsError(error, 'starting an execution', machine);
  }
}

/** What could not be followed goes on all the same. */
function stillRuns(error: unknown, executionArn: string): unknown {
  if (!(error instanceof PortageError)) return error;
  return new PortageError(
    error.code,
    `${error.message}; the execution goes on without this command`,
    { ...error.facts, where: executionArn, next: `${error.next} The execution is in the console: ${executionArn}` },
    { cause: error },
  );
}

function resultOf(name: string, found: DescribeExecutionCommandOutput): ExecutionResult {
  const { status, output, error, cause } = found;
  if (status === 'SUCCEEDED')
    return {
      name,
      status,
      output: output === undefined ? null : (JSON.parse(output) as unknown),
      error: null,
      cause: null,
    };
  if (status === 'TIMED_OUT')
    return {
      name,
      status,
      output: null,
      error: error ?? 'States.Timeout',
      cause: cause ?? 'The state machine took longer than its limit',
    };
  if (status === 'ABORTED') {
    const stopped = failureText(new PortageError('M013', 'Stopped on request, in the console or from another place'));
    return { name, status, output: null, error: error ?? 'M013', cause: cause ?? stopped };
  }
  return { name, status: 'FAILED', output: null, error: error ?? 'SYS008', cause: cause ?? '' };
}
