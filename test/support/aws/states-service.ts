// Step Functions behind its protocol (JSON 1.0, the operation in a header): executions run in the interpreter of this
// project, with its handlers, so that a command line over HTTP does what it would do deployed.
import type { Executions } from '../../../shared/operations/ports.ts';
import { endpoint, fault, type Answer, type Endpoint } from './endpoint.ts';

interface Kept {
  readonly name: string;
  readonly machine: string;
  readonly input: string;
  readonly startDate: number;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  stopDate?: number;
  output?: string;
  error?: string;
  cause?: string;
  readonly events: object[];
  stop(): Promise<void>;
}

export interface StatesService extends Endpoint {
  /** By name. */
  readonly executions: ReadonlyMap<string, Kept>;
  /** Until no function of any execution is at work, also of those that were stopped. */
  settled(): Promise<void>;
  /** What the function of a Task gave, for the history. */
  observe(execution: string, result: unknown): void;
}

const PAGE = 2;
const ARN = 'arn:aws:states:eu-central-1:111122223333:';

/** `deployed`: names of machines, each with the name under which `local` runs it. */
export async function statesService(deployed: ReadonlyMap<string, string>, local: Executions): Promise<StatesService> {
  const executions = new Map<string, Kept>();
  const ends: Promise<void>[] = [];
  const machineArn = (name: string): string => `${ARN}stateMachine:${name}`;
  const at = await endpoint({
    signedFor: 'states',
    name: ({ headers, body }) => {
      const name = /^AWSStepFunctions\.(\w+)$/.exec(String(headers['x-amz-target']))?.[1] ?? 'Unknown';
      const { executionArn = '', stateMachineArn = '' } = body as Record<string, string>;
      return `${name} ${(executionArn || stateMachineArn).split(':').at(-1) ?? ''}`.trim();
    },
    error: ({ type, message }) => ({
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: { __type: `com.amazonaws.swf.service.v2.model#${type}`, message },
    }),
    answer({ headers, body }) {
      if (headers['content-type'] !== 'application/x-amz-json-1.0')
        return fault(400, 'SerializationException', 'not JSON 1.0');
      const request = body as Record<string, string>;
      switch (String(headers['x-amz-target']).split('.')[1]) {
        case 'ListStateMachines':
          return machines(request);
        case 'StartExecution':
          return start(request);
        default:
          break;
      }
      const kept = executions.get(request['executionArn']?.split(':').at(-1) ?? '');
      if (kept === undefined || executionArn(kept) !== request['executionArn'])
        return fault(400, 'ExecutionDoesNotExist', `Execution Does Not Exist: '${request['executionArn'] ?? ''}'`);
      switch (String(headers['x-amz-target']).split('.')[1]) {
        case 'DescribeExecution': {
          const { name, input, status, startDate, stopDate, output, error, cause, machine } = kept;
          const facts = { name, input, status, startDate, stopDate, output, error, cause };
          return ok({ ...facts, executionArn: executionArn(kept), stateMachineArn: machineArn(machine) });
        }
        case 'StopExecution':
          return stop(kept, request);
        case 'GetExecutionHistory':
          return ok({ events: kept.events });
        default:
          return fault(400, 'UnknownOperationException', 'no such operation');
      }
    },
  });
  const ok = (body: unknown): Answer => ({ status: 200, body });
  const now = (): number => Date.now() / 1000;
  const executionArn = ({ machine, name }: Pick<Kept, 'machine' | 'name'>): string =>
    `${ARN}execution:${machine}:${name}`;

  function machines({ nextToken }: Record<string, string>): Answer {
    const all = [...deployed.keys()].map((name) => ({
      name,
      stateMachineArn: machineArn(name),
      type: 'STANDARD',
      creationDate: 0,
    }));
    const from = Number(nextToken ?? 0);
    const more = all.length > from + PAGE ? { nextToken: String(from + PAGE) } : {};
    return ok({ stateMachines: all.slice(from, from + PAGE), ...more });
  }

  async function start({ stateMachineArn = '', name = '', input = '{}' }: Record<string, string>): Promise<Answer> {
    const machine = stateMachineArn.split(':').at(-1) ?? '';
    const runs = deployed.get(machine);
    if (runs === undefined)
      return fault(400, 'StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
    if (!/^[\w-]{1,80}$/.test(name)) return fault(400, 'InvalidName', `Invalid Name: '${name}'`);
    const before = executions.get(name);
    // The same start again, while it runs, is the same execution.
    if (before?.status === 'RUNNING' && before.input === input && before.machine === machine)
      return ok({ executionArn: executionArn(before), startDate: before.startDate });
    if (before !== undefined)
      return fault(400, 'ExecutionAlreadyExists', `Execution Already Exists: '${executionArn(before)}'`);
    const kept: Kept = {
      ...{ name, machine, input, startDate: now(), status: 'RUNNING', events: [] },
      stop: () => local.stop(name),
    };
    executions.set(name, kept);
    await local.start(runs, name, JSON.parse(input));
    const end = local.wait(name).then(({ status, output, error, cause }) => {
      if (kept.status !== 'RUNNING') return;
      Object.assign(
        kept,
        { status, stopDate: now() },
        status === 'SUCCEEDED' ? { output: JSON.stringify(output) } : { error, cause },
      );
    });
    ends.push(end);
    return ok({ executionArn: executionArn(kept), startDate: kept.startDate });
  }

  /** At once, whatever its function still does; an execution that has ended is left as it is. */
  function stop(kept: Kept, { error, cause }: Record<string, string>): Answer {
    if (kept.status === 'RUNNING') {
      Object.assign(
        kept,
        { status: 'ABORTED', stopDate: now() },
        error === undefined ? {} : { error },
        cause === undefined ? {} : { cause },
      );
      void kept.stop();
    }
    return ok({ stopDate: kept.stopDate });
  }

  return Object.assign(at, {
    executions,
    settled: async () => {
      await Promise.all(ends);
    },
    observe(execution: string, result: unknown) {
      const events = executions.get(execution)?.events;
      const id = (events?.length ?? 0) + 1;
      events?.push({
        ...{ id, previousEventId: id - 1, timestamp: now(), type: 'LambdaFunctionSucceeded' },
        lambdaFunctionSucceededEventDetails: { output: JSON.stringify(result), outputDetails: { truncated: false } },
      });
    },
  });
}
