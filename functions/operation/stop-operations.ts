/** `migration-analyzer stop-all-operations`: a function of its own, because no other may stop what it did not start. */
import { shortCommandInput, shortCommandOutput } from '../../shared/contracts/operation.ts';
import { stopAllOperations as stopCommand } from '../../shared/operations/migration-analyzer/stop-all-operations.ts';
import { commandsOf, runShortCommand } from '../short-command.ts';
import { step, type Invocation } from '../step.ts';
import { stopAllOperations } from './stop/stop-all-operations.ts';

const STOPS = commandsOf([stopCommand, stopAllOperations]);

export const stopOperations = (input: { readonly command: string }, deps: Invocation): Promise<unknown> =>
  runShortCommand(STOPS, input, deps);

export const handler = step('StopOperations', { input: shortCommandInput, output: shortCommandOutput }, stopOperations);
