/** What the states of short commands share: they find the command's logic by its name, and check its request and its answer. */
import { PortageError } from '../shared/domain/errors.ts';
import { operationOf } from '../shared/operations/catalogue.ts';
import { commandOf, type Operation } from '../shared/operations/operation.ts';
import { checkedInput } from './checked-input.ts';
import { fitting } from './large-answer.ts';
import type { Invocation } from './step.ts';

/** A command's logic; its request has passed the schema of its descriptor. */
export type ShortCommand = (request: never, deps: Invocation) => Promise<unknown>;

export type BoundCommand = readonly [Operation, ShortCommand];

/** Commands with their logic, by name. */
export const commandsOf = (...commands: readonly BoundCommand[]): ReadonlyMap<string, ShortCommand> =>
  new Map(commands.map(([operation, logic]) => [commandOf(operation), logic]));

/** The execution input, `command` with its flags in camelCase, to the answer that its descriptor names. */
export async function runShortCommand(
  commands: ReadonlyMap<string, ShortCommand>,
  input: { readonly command: string },
  deps: Invocation,
): Promise<unknown> {
  const operation = operationOf(input.command);
  const logic = commands.get(input.command);
  if (operation === undefined || logic === undefined) {
    throw new PortageError('SYS002', 'this step knows no such command', {
      got: input.command,
      expected: [...commands.keys()].join(', '),
    });
  }
  return fitting(operation.answer.parse(await logic(requestOf(operation, input), deps)));
}

/** The request as the command's own schema reads it. @throws PortageError SYS002 naming every fault */
export function requestOf(operation: Operation, input: unknown): never {
  return checkedInput(operation.input, input, { name: commandOf(operation) }) as never;
}
