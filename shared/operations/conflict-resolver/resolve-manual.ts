import { resolveManualRequest } from '../../contracts/resolution.ts';
import { operation } from '../operation.ts';
import { resolutionExit, resolveAnswer } from './resolve.ts';

export const resolveManual = operation({
  program: 'conflict-resolver',
  name: 'resolve-manual',
  purpose: 'Settles one conflict: by a strategy, or with values of your own.',
  // Where nothing is to be changed it is a short command.
  class: 'inspect',
  classOf: (input) => ('dryRun' in input && input.dryRun === true ? 'inspect' : 'resolution'),
  input: resolveManualRequest,
  answer: resolveAnswer,
  finds: 'the conflict could not be settled (S005), or its row was kept',
  exit: (answer) => ('dryRun' in answer ? 0 : resolutionExit(answer)),
  flags: [
    { name: 'conflict-id', kind: 'text', placeholder: 'ID', help: 'as conflict-resolver status names it' },
    { name: 'action', kind: 'text', placeholder: 'A', help: 'a strategy, or custom' },
    {
      name: 'values',
      kind: 'text',
      placeholder: 'JSON',
      help: 'of custom: columns and their values, as a JSON object',
    },
    { name: 'dry-run', kind: 'switch', help: 'say what it would write, column by column; change nothing' },
    {
      name: 'no-wait',
      kind: 'switch',
      cliOnly: true,
      contradicts: ['dry-run'],
      help: 'start it, print the operation id and return',
    },
  ],
  examples: [
    'conflict-resolver resolve-manual --conflict-id 5f0c3c2e-8a52-4f6e-9a53-0a4b1f6f2a11 --action source_wins --dry-run',
    `conflict-resolver resolve-manual --conflict-id 5f0c3c2e-8a52-4f6e-9a53-0a4b1f6f2a11 --action custom --values '{"name": "Weber"}'`,
  ],
});
