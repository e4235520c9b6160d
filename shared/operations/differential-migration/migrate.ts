import { finishMigrationOutput, migrateRequest } from '../../contracts/migration.ts';
import { migrationExit } from '../migration-exit.ts';
import { operation } from '../operation.ts';

export const migrate = operation({
  program: 'differential-migration',
  name: 'migrate',
  purpose: 'Brings new and changed rows of the source into the target, in dependency order and checkpointed batches.',
  class: 'migration',
  input: migrateRequest,
  answer: finishMigrationOutput,
  exit: migrationExit,
  flags: [
    { name: 'entities', kind: 'names', placeholder: 'NAMES', help: 'comma list of entities, or all (the default)' },
    {
      name: 'mode',
      kind: 'text',
      placeholder: 'MODE',
      help: 'differential (default): what changed; missing-only: only rows that the target lacks; full: every row that differs',
    },
    {
      name: 'force-records',
      kind: 'keys',
      placeholder: 'KEYS',
      contradicts: ['mode'],
      help: 'exactly these rows of one entity, rewritten even when unchanged: 1,2,3, or a JSON array (of arrays where the key has several columns)',
    },
    { name: 'dry-run', kind: 'switch', help: 'say what would be written, by reading; write nothing' },
    {
      name: 'parallel',
      kind: 'switch',
      sets: { field: 'sequential', value: false },
      help: 'entities of one wave side by side (the default)',
    },
    {
      name: 'sequential',
      kind: 'switch',
      sets: { field: 'sequential', value: true },
      help: 'one entity at a time, on one connection',
    },
    { name: 'batch-size', kind: 'integer', placeholder: 'N', help: 'rows a batch, 1 to 100000' },
    {
      name: 'batch-id',
      kind: 'text',
      placeholder: 'LABEL',
      help: 'label that groups operations (default: batch_YYYYMMDD)',
    },
    {
      name: 'allow-deletes',
      kind: 'text',
      placeholder: 'N|P%',
      help: 'let so many deletions of an entity pass, where more than 10 % of its rows would stop it (M006)',
    },
    { name: 'enable-checkpointing', kind: 'switch', help: 'commit batch by batch (the default)' },
    {
      name: 'no-enable-checkpointing',
      kind: 'switch',
      sets: { field: 'enableCheckpointing', value: false },
      help: 'one transaction an entity; undo is kept all the same',
    },
    { name: 'enable-heartbeat', kind: 'switch', help: 'show that the worker lives while a batch runs (the default)' },
    {
      name: 'no-enable-heartbeat',
      kind: 'switch',
      sets: { field: 'enableHeartbeat', value: false },
      help: 'no heartbeat between batches',
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
    'differential-migration migrate --entities all --dry-run',
    'differential-migration migrate --entities doctors,patients --batch-size 500 --sequential',
    'differential-migration migrate --mode missing-only --json',
    'differential-migration migrate --entities appointments --allow-deletes 25%',
    'differential-migration migrate --entities doctors --force-records 12345,12346 --dry-run',
    `differential-migration migrate --entities rates --force-records '[["EUR","2009-01-01"]]'`,
  ],
});
