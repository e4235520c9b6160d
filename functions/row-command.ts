/** What the states of row commands share: they find the command's logic by its name, and check its request, its answer, and what is unfinished. */
import { rowProgress, type RowCommandInput, type RowProgress } from '../shared/contracts/operation.ts';
import { PortageError } from '../shared/domain/errors.ts';
import { operationOf } from '../shared/operations/catalogue.ts';
import { commandOf, type Operation } from '../shared/operations/operation.ts';
import { NOTHING_DONE } from './row-work.ts';
import { requestOf } from './short-command.ts';
import type { Invocation } from './step.ts';

/** The answer, or how far it came. */
export type RowOutcome = { readonly answer: unknown } | { readonly unfinished: RowProgress };

/** A command's logic; its request has passed the schema of its descriptor. */
type RowCommand = (
  request: never,
  progress: RowProgress,
  deps: Invocation,
  /** Name of the execution. */
  execution: string,
) => Promise<RowOutcome>;

/** Commands with their logic, by name. */
export const rowCommandsOf = (
  ...commands: readonly (readonly [Operation, RowCommand])[]
): ReadonlyMap<string, RowCommand> => new Map(commands.map(([operation, logic]) => [commandOf(operation), logic]));

/** The execution input to the answer that the command's descriptor names, or to what is unfinished. */
export async function runRowCommand(
  commands: ReadonlyMap<string, RowCommand>,
  { execution, request, state }: RowCommandInput,
  deps: Invocation,
): Promise<unknown> {
  const operation = operationOf(request.command);
  const logic = commands.get(request.command);
  if (operation === undefined || logic === undefined) {
    throw new PortageError('SYS002', 'this step knows no such command', {
      got: request.command,
      expected: [...commands.keys()].join(', '),
    });
  }
  const outcome = await logic(requestOf(operation, request), state.unfinished ?? NOTHING_DONE, deps, execution);
  return 'unfinished' in outcome
    ? { unfinished: rowProgress.parse(outcome.unfinished) }
    : operation.answer.parse(outcome.answer);
}
