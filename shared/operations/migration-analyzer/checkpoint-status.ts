import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';

/** SEMANTICS 35. */
const CHECKPOINT_STATUSES = [
  'pending',
  'in_progress',
  'stopped',
  'failed',
  'completed',
  'completed_unverified',
  'superseded',
  'rolled_back',
] as const;

export const checkpointStatusAnswer = z.looseObject({
  checkpoints: z.array(
    z.looseObject({
      id: z.string(),
      entity: z.string(),
      operationId: z.string(),
      operationType: z.string(),
      status: z.string(),
      rowsDone: z.number(),
      /** Null while nobody has counted. */
      rowsTotal: z.number().nullable(),
      rowsPerSecond: z.number().nullable(),
      etaSeconds: z.number().nullable(),
      msPerRow: z.number().nullable().optional(),
      rowCost: z.number().nullable().optional(),
      heartbeatAgeSeconds: z.number().nullable(),
      owner: z.string().nullable(),
      /** False: what is needed to take it back was cleaned up. */
      undoable: z.boolean().optional(),
    }),
  ),
  /** Operations that run now, with the time that all of their entities still take. */
  operations: z
    .array(
      z.strictObject({
        operationId: z.string(),
        rowsDone: z.number(),
        rowsTotal: z.number().nullable(),
        etaSeconds: z.number().nullable(),
      }),
    )
    .optional(),
  /** Validations that run now: they own nothing, and have no checkpoints. */
  validations: z
    .array(
      z.strictObject({
        operationId: z.string(),
        entity: z.string(),
        status: z.string(),
        rowsDone: z.number(),
        rowsTotal: z.number().nullable(),
      }),
    )
    .optional(),
});

export const checkpointStatus = operation({
  program: 'migration-analyzer',
  name: 'checkpoint-status',
  purpose: 'Shows the progress, rate, remaining time, heartbeat and owner of checkpoints.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('migration-analyzer checkpoint-status'),
    all: z.boolean().default(false),
    entity: entitySelection.optional(),
    status: z.enum(CHECKPOINT_STATUSES).optional(),
    history: z.boolean().default(false),
  }),
  answer: checkpointStatusAnswer,
  exit: () => 0,
  flags: [
    { name: 'all', kind: 'switch', contradicts: ['entity'], help: 'every entity (the default)' },
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'only this entity, or a comma list' },
    { name: 'status', kind: 'text', placeholder: 'STATUS', help: `one of ${CHECKPOINT_STATUSES.join(', ')}` },
    { name: 'history', kind: 'switch', help: 'earlier checkpoints of each entity too, not only the latest' },
  ],
  examples: [
    'migration-analyzer checkpoint-status --all',
    'migration-analyzer checkpoint-status --entity orders --history',
    'migration-analyzer checkpoint-status --status in_progress --json',
  ],
});
