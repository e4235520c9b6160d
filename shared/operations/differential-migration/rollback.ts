import { finishRecoveryOutput, rollbackRequest } from '../../contracts/recovery.ts';
import { operation } from '../operation.ts';
import { recoveryExit } from '../recovery-exit.ts';

export const rollback = operation({
  program: 'differential-migration',
  name: 'rollback',
  purpose:
    'Takes exactly one operation back: inserted rows go, changed and deleted rows come back, later edits are kept.',
  class: 'recovery',
  input: rollbackRequest,
  answer: finishRecoveryOutput,
  finds: 'rows were kept because somebody edited or refers to them, each named',
  exit: recoveryExit,
  flags: [
    { name: 'operation-id', kind: 'text', placeholder: 'ID', help: 'the operation, as it was printed when it ended' },
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
    'differential-migration rollback --operation-id diff_migration_20231201_123456 --dry-run',
    'differential-migration rollback --operation-id diff_migration_20231201_123456',
    'differential-migration rollback --operation-id rollback_20231201_130000 --json',
  ],
});
