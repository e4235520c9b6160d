/** The short commands that change the ledger and no row. Each is a file of its own in change/. */
import { shortCommandInput, shortCommandOutput } from '../../shared/contracts/operation.ts';
import { cleanupCheckpoints as cleanupCommand } from '../../shared/operations/migration-analyzer/cleanup-checkpoints.ts';
import { cleanupDifferentials as cleanupDifferentialsCommand } from '../../shared/operations/migration-analyzer/cleanup-differentials.ts';
import { cleanupStaleCheckpoints as cleanupStaleCommand } from '../../shared/operations/migration-analyzer/cleanup-stale-checkpoints.ts';
import { completeCheckpoint as completeCommand } from '../../shared/operations/migration-analyzer/complete-checkpoint.ts';
import { forceCompleteCheckpoint as forceCommand } from '../../shared/operations/migration-analyzer/force-complete-checkpoint.ts';
import { resetCheckpoint as resetCommand } from '../../shared/operations/migration-analyzer/reset-checkpoint.ts';
import { commandsOf, runShortCommand } from '../short-command.ts';
import { step, type Invocation } from '../step.ts';
import { cleanupCheckpoints } from './change/cleanup-checkpoints.ts';
import { cleanupDifferentials } from './change/cleanup-differentials.ts';
import { cleanupStaleCheckpoints } from './change/cleanup-stale-checkpoints.ts';
import { completeCheckpoint } from './change/complete-checkpoint.ts';
import { forceCompleteCheckpoint } from './change/force-complete-checkpoint.ts';
import { resetCheckpoint } from './change/reset-checkpoint.ts';

const CHANGES = commandsOf(
  [resetCommand, resetCheckpoint],
  [completeCommand, completeCheckpoint],
  [forceCommand, forceCompleteCheckpoint],
  [cleanupCommand, cleanupCheckpoints],
  [cleanupStaleCommand, cleanupStaleCheckpoints],
  [cleanupDifferentialsCommand, cleanupDifferentials],
);

export const changeLedger = (input: { readonly command: string }, deps: Invocation): Promise<unknown> =>
  runShortCommand(CHANGES, input, deps);

export const handler = step('ChangeLedger', { input: shortCommandInput, output: shortCommandOutput }, changeLedger);
