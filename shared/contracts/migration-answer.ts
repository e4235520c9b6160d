/** What a migration, a resume and a dry run answer. */
import * as z from 'zod';
import { NOTHING } from '../domain/action-counts.ts';

/** Rows by what became of them (SEMANTICS 39). */
export const counts = z.strictObject({
  read: z.int(),
  inserted: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  deleted: z.int(),
  adopted: z.int(),
  kept: z.int(),
  conflicts: z.int(),
  parked: z.int(),
  setAside: z.int(),
});
export type Counts = z.infer<typeof counts>;
export const NO_COUNTS: Counts = NOTHING;

/** What the batches of a rehearsal cost, and which rows they could not write. */
export const rehearsal = z.strictObject({
  batches: z.int(),
  /** Of the whole server while they ran. */
  walBytes: z.int(),
  /** Rows that were written and taken back: vacuum removes them. */
  deadRows: z.int(),
  /** For so long at most a batch held its locks. */
  longestMs: z.int(),
  /** Sequences of the target that went on, and by how much: nobody takes that back. */
  sequences: z.record(z.string(), z.int()),
  refused: z.array(z.strictObject({ entity: z.string(), legacyId: z.string(), code: z.string(), reason: z.string() })),
});
export type Rehearsal = z.infer<typeof rehearsal>;

export const entitySummary = counts.extend({ durationMs: z.int() });
export const finishMigrationOutput = z.strictObject({
  operationId: z.string(),
  batchId: z.string().nullable(),
  dryRun: z.boolean(),
  status: z.enum(['completed', 'completed_with_findings', 'stopped', 'failed']),
  entities: z.record(z.string(), entitySummary),
  /** Legacy keys that were named and that the source has no row for. */
  notFound: z.array(z.string()).optional(),
  /** `--memory-monitoring`: what the batches recorded, by entity. */
  memory: z
    .record(
      z.string(),
      z.strictObject({
        batches: z.int(),
        peakBytes: z.int(),
        bytesPerBatch: z.int(),
        trend: z.enum(['flat', 'rising', 'falling', 'too few batches to tell']),
      }),
    )
    .optional(),
  /** `--optimize-batching`: the sizes that were steered to, by entity. */
  batching: z
    .record(z.string(), z.strictObject({ batches: z.int(), leastRows: z.int(), mostRows: z.int(), lastRows: z.int() }))
    .optional(),
  /** `--max-rate`: the pace that was kept. */
  pace: z.strictObject({ maxRate: z.int(), waitedMs: z.int() }).optional(),
  /** `--connection-retries`: how often a connection was opened only after another try. */
  connectionRetries: z.int().optional(),
  /** `--rehearse`: what it cost, and what it found. */
  rehearsal: rehearsal.optional(),
  /** What the reader should know beside the counts: what a dry run did not try, drift, what was resumed. */
  notes: z.array(z.string()),
});
export type FinishMigrationOutput = z.infer<typeof finishMigrationOutput>;
