import * as z from 'zod';
import { slice } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';

export const forceCompleteCheckpointAnswer = z.looseObject({
  id: z.string(),
  entity: z.string(),
  operationId: z.string(),
  dryRun: z.boolean(),
  before: z.string(),
  after: z.string(),
  /** Key ranges (from, to] that no batch has covered; null is open. */
  unverified: z.array(slice),
});
export type ForceCompleteCheckpointAnswer = z.output<typeof forceCompleteCheckpointAnswer>;

export const forceCompleteCheckpoint = operation({
  program: 'migration-analyzer',
  name: 'force-complete-checkpoint',
  purpose: 'Completes a checkpoint without proof; what no batch has covered is kept with it as unverified.',
  class: 'change',
  input: z.strictObject({
    command: z.literal('migration-analyzer force-complete-checkpoint'),
    id: z.guid(),
    dryRun: z.boolean().default(false),
  }),
  answer: forceCompleteCheckpointAnswer,
  exit: () => 0,
  flags: [
    { name: 'id', kind: 'text', placeholder: 'ID', help: 'the checkpoint, a uuid that checkpoint-status --json shows' },
    { name: 'dry-run', kind: 'switch', help: 'say which ranges would stay unverified; change nothing' },
  ],
  examples: [
    'migration-analyzer force-complete-checkpoint --id 0b1f3a52-6f5c-4a58-9d3e-2f6f5f1c9a77 --dry-run',
    'migration-analyzer force-complete-checkpoint --id 0b1f3a52-6f5c-4a58-9d3e-2f6f5f1c9a77 --json',
  ],
});
