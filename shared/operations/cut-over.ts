import { cutOverRequest } from '../contracts/cut-over.ts';
import { judgeOutput } from '../contracts/validation.ts';
import { operation } from './operation.ts';

export const cutOver = operation({
  program: 'cut-over',
  name: 'cut-over',
  purpose:
    'Says whether the application may be switched to the target: reads everything, and looks at writes, runs, jobs, conflicts, rows set aside and sequences.',
  class: 'validation',
  input: cutOverRequest,
  answer: judgeOutput,
  finds: 'something must be done before the switch',
  exit: ({ cutOver: found }) => (found?.verdict === 'ready' ? 0 : found?.verdict === 'not_ready' ? 1 : 3),
  flags: [
    { name: 'check', kind: 'switch', help: 'look, and change nothing; the switch itself is yours (docs/cut-over.md)' },
    {
      name: 'output',
      kind: 'text',
      placeholder: 'FILE',
      help: 'write the report for whoever decides into FILE: a page where it ends in .html, else JSON',
    },
    { name: 'no-wait', kind: 'switch', cliOnly: true, help: 'start it, print the operation id and return' },
  ],
  examples: ['cut-over --check', 'cut-over --check --output cut-over.html', 'cut-over --check --json'],
});
