/** The port `Executions` in this process. An execution lives as long as the process: its row and lease are in the ledger. */
import { PortageError } from '../../shared/domain/errors.ts';
import { failureText } from '../../shared/operations/failure.ts';
import type { ExecutionResult, Executions } from '../../shared/operations/ports.ts';
import type { Json } from './asl/definition.ts';
import { Aborted, StateError } from './asl/errors.ts';
import { invoke } from './lambda.ts';
import { loadMachine, PROJECT_FOLDERS, runMachine, type Folders, type LoadedMachine } from './state-machine-runner.ts';

export interface LocalExecutionsOptions {
  readonly folders?: Folders;
  /** Called with each result of a Task. */
  readonly observe?: (execution: string, state: string, result: Json) => void;
}

interface Running {
  readonly result: Promise<ExecutionResult>;
  readonly stop: AbortController;
}

export function localExecutions(options: LocalExecutionsOptions = {}): Executions {
  const folders = options.folders ?? PROJECT_FOLDERS;
  const executions = new Map<string, Running>();
  const known = (name: string): Running => {
    const running = executions.get(name);
    if (running === undefined) throw new PortageError('SYS004', `There is no execution ${name} in this process`);
    return running;
  };
  return {
    async start(machineName, name, input) {
      if (executions.has(name)) throw new PortageError('SYS004', `The execution name ${name} is taken`);
      const stop = new AbortController();
      const loading = loadMachine(machineName, folders);
      const result = loading.then((machine) => runToResult(machine, name, input, stop.signal, options));
      // Whoever waits gets the rejection; nobody has to wait.
      result.catch(() => undefined);
      executions.set(name, { result, stop });
      await loading.catch((error: unknown) => {
        executions.delete(name);
        throw error;
      });
      return { name };
    },
    wait: async (name) => known(name).result,
    async stop(name) {
      known(name).stop.abort();
    },
  };
}

async function runToResult(
  machine: LoadedMachine,
  name: string,
  input: unknown,
  signal: AbortSignal,
  options: LocalExecutionsOptions,
): Promise<ExecutionResult> {
  const failState = failureStateOf(machine);
  const recorded = new Set<string>();
  const observe = (state: string, result: Json): void => {
    recorded.add(state);
    options.observe?.(name, state, result);
  };
  // The clock of the whole machine, where it has one.
  const limit = machine.definition.TimeoutSeconds;
  const late = new AbortController();
  const timer = limit === undefined ? undefined : setTimeout(() => late.abort(), limit * 1000);
  try {
    const run = { execution: name, signal: AbortSignal.any([signal, late.signal]), observe };
    const output = await runMachine(machine, input, run);
    return { name, status: 'SUCCEEDED', output, error: null, cause: null };
  } catch (error) {
    const ended = endOf(error, late.signal.aborted);
    const facts = recorded.has(failState ?? '')
      ? { error: ended.error, cause: ended.cause }
      : await record(machine, failState, name, ended);
    return { name, status: ended.status, output: null, ...facts };
  } finally {
    clearTimeout(timer);
  }
}

interface End {
  readonly status: ExecutionResult['status'];
  readonly error: string;
  readonly cause: string;
}

function endOf(error: unknown, late: boolean): End {
  if (error instanceof StateError) return { status: 'FAILED', error: error.errorName, cause: error.causeText };
  if (!(error instanceof Aborted)) throw error;
  if (late)
    return { status: 'TIMED_OUT', error: 'States.Timeout', cause: 'The state machine took longer than its limit' };
  return { status: 'ABORTED', error: 'M013', cause: failureText(new PortageError('M013', 'Stopped on request')) };
}

/** By convention the machine `migration` records its failures in the Task `FailMigration`. */
function failureStateOf(machine: LoadedMachine): string | undefined {
  const wanted = `fail${machine.name.replaceAll('-', '')}`;
  return [...machine.handlers.keys()].find((state) => state.toLowerCase() === wanted);
}

/**
 * What the rule on failed, timed-out and aborted executions does in AWS: an execution that ended before its own failure
 * state could record it is recorded now, and what it held is released.
 */
async function record(
  machine: LoadedMachine,
  failState: string | undefined,
  execution: string,
  ended: End,
): Promise<{ error: string; cause: string }> {
  const handler = failState === undefined ? undefined : machine.handlers.get(failState);
  const facts = { error: ended.error, cause: ended.cause };
  if (failState === undefined || handler === undefined) return facts;
  const payload = { execution, error: { Error: ended.error, Cause: ended.cause } };
  const task = { Type: 'Task', Resource: '', TimeoutSeconds: 60 } as const;
  // That it could not be recorded must not hide what happened: the lease runs out by itself.
  await invoke(`${machine.name}-${failState}`, handler, payload, task, new AbortController().signal).catch(
    () => undefined,
  );
  return facts;
}
