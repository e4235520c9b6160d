import { finishRecoveryOutput, rollbackAllRequest } from '../../contracts/recovery.ts';
import { operation } from '../operation.ts';
import { recoveryExit } from '../recovery-exit.ts';

export const rollbackAll = operation({
  program: 'migration-analyzer',
  name: 'rollback-all',
  purpose: 'Takes back every operation under a batch label, newest first; later edits are kept.',
  class: 'recovery',
  input: rollbackAllRequest,
  answer: finishRecoveryOutput,
  finds: 'rows were kept because somebody edited or refers to them, each named',
  exit: recoveryExit,
  flags: [
    { name: 'batch-id', kind: 'text', placeholder: 'LABEL', help: 'the label, such as batch_20231201' },
    { name: 'confirm', kind: 'switch', help: 'required, except with --dry-run' },
    { name: 'dry-run', kind: 'switch', help: 'say what would be taken back and what kept; change nothing' },
    {
      name: 'no-wait',
      kind: 'switch',
      cliOnly: true,
      contradicts: ['dry-run'],
      help: 'start it, print the operation id and return',
    },
  ],
  examples: [
    'migration-analyzer rollback-all --batch-id batch_20231201 --dry-run',
    'migration-analyzer rollback-all --batch-id batch_20231201 --confirm',
  ],
});
