import { finishRecoveryOutput, restoreFromBackupRequest } from '../../contracts/recovery.ts';
import { operation } from '../operation.ts';
import { recoveryExit } from '../recovery-exit.ts';

export const restoreFromBackup = operation({
  program: 'migration-analyzer',
  name: 'restore-from-backup',
  purpose: 'Proves a backup, then brings its rows and their mappings back, parents first; rows of others stay.',
  class: 'recovery',
  input: restoreFromBackupRequest,
  answer: finishRecoveryOutput,
  finds: 'rows had to be kept as they are, each named with the reason',
  exit: recoveryExit,
  flags: [
    { name: 'backup-file', kind: 'text', placeholder: 'FILE', help: 'a path or s3://bucket/key, as it was written' },
    { name: 'entities', kind: 'names', placeholder: 'NAMES', help: 'comma list of entities, or all (the default)' },
    { name: 'dry-run', kind: 'switch', help: 'prove the file and say what would come back; write nothing' },
    {
      name: 'no-wait',
      kind: 'switch',
      cliOnly: true,
      contradicts: ['dry-run'],
      help: 'start it, print the operation id and return',
    },
  ],
  examples: [
    'migration-analyzer restore-from-backup --backup-file backup.ndjson.gz --entities all --dry-run',
    'migration-analyzer restore-from-backup --backup-file backup.ndjson.gz --entities doctors',
    'migration-analyzer restore-from-backup --backup-file s3://bucket/backup.ndjson.gz --json',
  ],
});
