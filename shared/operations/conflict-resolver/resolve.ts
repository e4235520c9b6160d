import * as z from 'zod';
import {
  finishResolutionOutput,
  resolveRequest,
  testStrategyAnswer,
  type FinishResolutionOutput,
} from '../../contracts/resolution.ts';
import { operation } from '../operation.ts';
import { INCLUDE, STRATEGY } from './flags.ts';

/** 3 when it did not finish, 1 when something stays open (S005), else 0; a dry run has only looked. */
export function resolutionExit(answer: FinishResolutionOutput): 0 | 1 | 3 {
  if (answer.status === 'stopped') return 3;
  return answer.status === 'completed_with_findings' ? 1 : 0;
}

export const resolveAnswer = z.union([finishResolutionOutput, testStrategyAnswer]);
export type ResolveAnswer = z.output<typeof resolveAnswer>;

export const resolve = operation({
  program: 'conflict-resolver',
  name: 'resolve',
  purpose: 'Settles all open conflicts of an entity by a strategy, in batches that can be taken back.',
  // Where nothing is to be changed it is a short command.
  class: 'inspect',
  classOf: (input) => ('dryRun' in input && input.dryRun === true ? 'inspect' : 'resolution'),
  input: resolveRequest,
  answer: resolveAnswer,
  finds: 'a conflict could not be settled (S005), or its row was kept',
  exit: (answer) => ('dryRun' in answer ? 0 : resolutionExit(answer)),
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    STRATEGY,
    INCLUDE,
    { name: 'force', kind: 'switch', help: 'also rows that changed again since their conflict was recorded' },
    {
      name: 'create-backup',
      kind: 'switch',
      help: 'write the rows of the entity into a file before anything is settled',
    },
    {
      name: 'backup-file',
      kind: 'text',
      placeholder: 'FILE',
      help: 'where that file goes: a path, or s3://bucket/key',
    },
    {
      name: 'dry-run',
      kind: 'switch',
      contradicts: ['create-backup'],
      help: 'say what it would do to each; change nothing',
    },
    {
      name: 'no-wait',
      kind: 'switch',
      cliOnly: true,
      contradicts: ['dry-run'],
      help: 'start it, print the operation id and return',
    },
  ],
  examples: [
    'conflict-resolver resolve --entity patients --strategy source_wins --dry-run',
    'conflict-resolver resolve --entity patients --strategy source_wins --create-backup',
    `conflict-resolver resolve --entity all --strategy 'merge_fields then newest_wins' --include value,missing`,
  ],
});
