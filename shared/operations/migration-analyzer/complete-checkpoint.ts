import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';

const keys = z.array(z.string());
export const keyProof = z.strictObject({
  sourceKeys: z.number(),
  counts: z.strictObject({
    mapped: z.number(),
    setAside: z.number(),
    parked: z.number(),
    /** No base on both sides, and an open differential says why. */
    recorded: z.number(),
    withoutBase: z.number(),
    missing: z.number(),
  }),
  /** The first keys of each. */
  named: z.strictObject({ setAside: keys, parked: keys, recorded: keys, withoutBase: keys, missing: keys }),
  pendingReferences: z.number(),
  proved: z.boolean(),
});

export const completeCheckpointAnswer = z.looseObject({
  checkpoints: z.array(
    z.looseObject({
      id: z.string(),
      entity: z.string(),
      operationId: z.string(),
      before: z.string(),
      after: z.string(),
      /** Null where there was nothing to complete. */
      proof: keyProof.nullable(),
    }),
  ),
});
export type CompleteCheckpointAnswer = z.output<typeof completeCheckpointAnswer>;

export const completeCheckpoint = operation({
  program: 'migration-analyzer',
  name: 'complete-checkpoint',
  purpose: 'Completes the checkpoint of an entity once every key of the source is proved to be mapped or listed.',
  class: 'change',
  input: z.strictObject({
    command: z.literal('migration-analyzer complete-checkpoint'),
    entity: entitySelection,
  }),
  answer: completeCheckpointAnswer,
  finds: 'the keys of both sides do not prove it complete; it stays as it was',
  exit: ({ checkpoints }) => (checkpoints.every(({ proof }) => proof?.proved !== false) ? 0 : 1),
  flags: [{ name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' }],
  examples: [
    'migration-analyzer complete-checkpoint --entity doctors',
    'migration-analyzer complete-checkpoint --entity all --json',
  ],
});
