import { createFullBackupRequest, finishRecoveryOutput } from '../../contracts/recovery.ts';
import { operation } from '../operation.ts';

export const createFullBackup = operation({
  program: 'migration-analyzer',
  name: 'create-full-backup',
  purpose: 'Writes the migrated rows of all entities, with their mappings, into one file, as they are at one moment.',
  class: 'recovery',
  input: createFullBackupRequest,
  answer: finishRecoveryOutput,
  exit: ({ status }) => (status === 'failed' || status === 'stopped' ? 3 : 0),
  flags: [
    { name: 'entities', kind: 'names', placeholder: 'NAMES', help: 'comma list of entities, or all (the default)' },
    {
      name: 'output',
      kind: 'text',
      placeholder: 'FILE',
      help: 'a path or s3://bucket/key that ends in .ndjson.gz (compact) or .json (one document)',
    },
    { name: 'dry-run', kind: 'switch', help: 'say how many rows it would hold; write nothing' },
    {
      name: 'no-wait',
      kind: 'switch',
      cliOnly: true,
      contradicts: ['dry-run'],
      help: 'start it, print the operation id and return',
    },
  ],
  examples: [
    'migration-analyzer create-full-backup --entities all --output backup.ndjson.gz',
    'migration-analyzer create-full-backup --entities doctors,patients --output backup.json --dry-run',
    'migration-analyzer create-full-backup --output s3://bucket/backup.ndjson.gz --json',
  ],
});
