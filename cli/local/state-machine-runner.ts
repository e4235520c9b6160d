/**
 * Runs the synthesised definitions with the real handlers: `infra/state-machines/definitions/MACHINE.asl.json`, and for
 * the Task `MigrateSlice` of the machine `migration` the file `functions/migration/migrate-slice.ts`.
 */
import { readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { subsetFaults } from '../../shared/domain/definition-subset.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { isElsewhere } from '../../shared/operations/large-answer.ts';
import { tasksOf, type Json, type StateMachine } from './asl/definition.ts';
import { interpret, type TaskCall } from './asl/interpret.ts';
import { invoke, type Handler } from './lambda.ts';

export interface Folders {
  /** Holds `MACHINE.asl.json`. */
  readonly definitions: string;
  /** Holds `MACHINE/state-name.ts`. */
  readonly functions: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
export const PROJECT_FOLDERS: Folders = {
  definitions: join(root, 'infra/state-machines/definitions'),
  functions: join(root, 'functions'),
};

export interface LoadedMachine {
  readonly name: string;
  readonly definition: StateMachine;
  readonly handlers: ReadonlyMap<string, Handler>;
}

export interface RunOptions {
  readonly execution: string;
  readonly signal: AbortSignal;
  /** Called with each result of a Task, once it is there. */
  readonly observe?: ((state: string, result: Json) => void) | undefined;
}

/** Reads a machine with all of its handlers; refuses one that would not run here as in AWS. */
export async function loadMachine(name: string, folders: Folders = PROJECT_FOLDERS): Promise<LoadedMachine> {
  const file = join(folders.definitions, `${name}.asl.json`);
  const definition = JSON.parse(
    await readFile(file, 'utf8').catch(() => refuse(name, `there is no ${file}`)),
  ) as StateMachine;
  const faults = subsetFaults(definition).map(({ state, text }) => `${state}: ${text}`);
  if (faults.length > 0) refuse(name, `outside the subset that runs alike here and in AWS: ${faults.join('; ')}`);
  const tasks = tasksOf(definition);
  const without = tasks.filter((task) => !existsSync(handlerFile(folders, name, task)));
  if (without.length > 0) refuse(name, `no handler for ${without.join(', ')}`);
  const handlers = await Promise.all(
    tasks.map(async (task) => [task, await loadHandler(folders, name, task)] as const),
  );
  return { name, definition, handlers: new Map(handlers) };
}

/** One execution, to its end. Throws the StateError that ended it, or Aborted. */
export async function runMachine(machine: LoadedMachine, input: unknown, options: RunOptions): Promise<Json> {
  const json = JSON.parse(JSON.stringify(input ?? {})) as Json;
  const call: TaskCall = async (state, payload, task) => {
    const handler = machine.handlers.get(state) ?? refuse(machine.name, `no handler for ${state}`);
    const result = await invoke(`${machine.name}-${state}`, handler, payload, task, options.signal);
    options.observe?.(state, result);
    return result;
  };
  const context = {
    Execution: {
      Id: `local:execution:${machine.name}:${options.execution}`,
      Input: json,
      Name: options.execution,
      StartTime: new Date().toISOString(),
    },
    StateMachine: { Id: `local:stateMachine:${machine.name}`, Name: machine.name },
  };
  return whole(await interpret({ machine: machine.definition, context, call, signal: options.signal }, json));
}

/** An answer that was too large for a state and lies in a file of this machine. */
export async function whole(output: Json): Promise<Json> {
  if (!isElsewhere(output) || output.answerIn.startsWith('s3://')) return output;
  const answer = JSON.parse(await readFile(output.answerIn, 'utf8')) as Json;
  await rm(dirname(output.answerIn), { recursive: true });
  return answer;
}

/** `MigrateSlice` of `migration` is `migration/migrate-slice.ts`. */
export const handlerFile = (folders: Folders, machine: string, state: string): string =>
  join(folders.functions, machine, `${state.replace(/(?<=[a-z0-9])[A-Z]/g, '-$&').toLowerCase()}.ts`);

/** The handler of one state. */
export async function loadHandler(folders: Folders, machine: string, state: string): Promise<Handler> {
  const file = handlerFile(folders, machine, state);
  const module = (await import(pathToFileURL(file).href)) as { readonly handler?: unknown };
  if (typeof module.handler !== 'function') return refuse(machine, `${file} exports no handler`);
  return module.handler as Handler;
}

function refuse(machine: string, why: string): never {
  throw new PortageError('SYS004', `The state machine ${machine} cannot run here: ${why}`);
}
