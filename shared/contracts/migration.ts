/** What the states of the `migration` machine take and give. States carry ids, ranges and counts, never rows. */
import { z } from 'zod';
import { NOTHING } from '../domain/action-counts.ts';

export const entitySelection = z.union([z.literal('all'), z.array(z.string().min(1)).min(1)]);

/** An integer beyond 2^53 is not what was written: as a text it is. */
const exact = z.number().refine((value) => !Number.isInteger(value) || Number.isSafeInteger(value), {
  message: 'a number that JSON does not carry exactly: write it as a text, in quotes',
});
/** Legacy keys: plain ones of one column, lists of their parts of several. They stand in a state, so there are not many. */
export const legacyKeys = z
  .array(z.union([z.string().min(1), exact, z.array(z.union([z.string(), exact, z.boolean()])).min(1)]))
  .min(1)
  .max(5000);

/** The execution input: what a person types in the console, and what the command line sends. */
const migrateFields = z.strictObject({
  command: z.literal('differential-migration migrate'),
  entities: entitySelection.default('all'),
  mode: z.enum(['differential', 'full', 'missing-only']).default('differential'),
  dryRun: z.boolean().default(false),
  batchSize: z.int().min(1).max(100_000).optional(),
  sequential: z.boolean().default(false),
  enableCheckpointing: z.boolean().default(true),
  enableHeartbeat: z.boolean().default(true),
  /** How many deletions of an entity may pass: a count, or a share of its mapped rows. */
  allowDeletes: z
    .string()
    .regex(/^(\d{1,12}|(100|\d{1,2})(\.\d+)?%)$/, 'a number of rows, or a share such as 25%')
    .optional(),
  batchId: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .optional(),
  forceRecords: legacyKeys.optional(),
});
export const migrateRequest = migrateFields
  .refine(({ forceRecords, entities }) => forceRecords === undefined || (entities !== 'all' && entities.length === 1), {
    path: ['entities'],
    message: '--force-records names rows of one entity: name exactly one in --entities',
  })
  .refine(({ forceRecords, mode }) => forceRecords === undefined || mode !== 'missing-only', {
    path: ['mode'],
    message: '--force-records rewrites the named rows: there is no other mode for them',
  });
/** The rows of these entities that were set aside, and no others. */
export const retryRequest = z.strictObject({
  command: z.literal('differential-migration set-aside'),
  entity: entitySelection,
  retry: z.literal(true),
});
export const resumeRequest = z.strictObject({
  command: z.literal('differential-migration resume'),
  entity: entitySelection,
});
/** The switch is the confirmation: it overwrites what was edited in the target. */
export const resetEntityRequest = z.strictObject({
  command: z.literal('differential-migration reset-entity'),
  entity: entitySelection,
  fullResync: z.literal(true),
  dryRun: z.boolean().default(false),
});
export const resumeAllRequest = z.strictObject({ command: z.literal('migration-analyzer resume-all') });
export const migrationRequest = z.discriminatedUnion('command', [
  migrateRequest,
  retryRequest,
  resumeRequest,
  resetEntityRequest,
  resumeAllRequest,
]);
export type MigrationRequest = z.infer<typeof migrationRequest>;
export type MigrateRequest = z.infer<typeof migrateRequest>;
export type RetryRequest = z.infer<typeof retryRequest>;
export type ResumeRequest = z.infer<typeof resumeRequest>;
export type ResetEntityRequest = z.infer<typeof resetEntityRequest>;

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

/** Name of the execution: one that was stopped, and whose operation another has taken up since, shall touch nothing more. */
const execution = z.string();

/** Entities that go together: one, or a cycle that only MigrateCycle can load. */
export const group = z.strictObject({ entities: z.array(z.string()), cycle: z.boolean() });

/** PlanMigration: `execution` is the name of the execution, from the context object. */
export const planMigrationInput = z.strictObject({ execution: z.string(), request: z.unknown() });
export const planMigrationOutput = z.strictObject({
  operationId: z.string(),
  dryRun: z.boolean(),
  /** How many entities side by side. */
  entityLanes: z.int().min(1),
  /** How many slices of one entity side by side. */
  sliceLanes: z.int().min(1),
  /** Names of the entities, for EstimateEntity of a dry run. */
  entities: z.array(z.string()),
  waves: z.array(z.strictObject({ groups: z.array(group) })),
  /** Entities whose vanished rows are deleted, after all waves: one group after the other, children first. */
  deletes: z.array(z.strictObject({ entities: z.array(z.string()) })),
  /** What a person should know before it goes on. */
  notices: z.array(z.string()),
});
export type PlanMigrationOutput = z.infer<typeof planMigrationOutput>;

/** EstimateEntity (dry run): reads on from `cursor` until `done`. */
export const estimateEntityInput = z.looseObject({
  operationId: z.string(),
  request: z.unknown(),
  entity: z.string(),
  cursor: z.string().nullable().default(null),
  counts: counts.default(NOTHING),
  vanished: z.int().default(0),
});
export const estimateEntityOutput = z.strictObject({
  operationId: z.string(),
  request: z.unknown(),
  entity: z.string(),
  cursor: z.string().nullable(),
  counts,
  /** Rows that would be deleted or marked, were nothing in the way. */
  vanished: z.int(),
  /** What would stop the run. */
  notes: z.array(z.string()),
  done: z.boolean(),
});

export const prepareEntityInput = z.strictObject({
  operationId: z.string(),
  execution,
  entity: z.string(),
  sliceLanes: z.int().min(1),
});
/** A key range (from, to], in the order of the entity's legacy keys; null is open. */
export const slice = z.strictObject({ slice: z.int(), from: z.string().nullable(), to: z.string().nullable() });
export const prepareEntityOutput = z.strictObject({
  operationId: z.string(),
  entity: z.string(),
  checkpointId: z.string(),
  fence: z.int(),
  sliceLanes: z.int().min(1),
  slices: z.array(slice),
});

export const migrateSliceInput = z.looseObject({
  operationId: z.string(),
  entity: z.string(),
  checkpointId: z.string(),
  fence: z.int(),
  slice,
  rows: z.int().default(0),
});
/** The whole loop state goes back in: the cursor itself is in the ledger (`migration_batches`). */
export const migrateSliceOutput = z.strictObject({
  operationId: z.string(),
  entity: z.string(),
  checkpointId: z.string(),
  fence: z.int(),
  slice,
  rows: z.int(),
  done: z.boolean(),
});

/** LinkReferences and FinishEntity. */
export const entityStepInput = z.looseObject({
  operationId: z.string(),
  entity: z.string(),
  checkpointId: z.string(),
  fence: z.int(),
});
export const linkReferencesOutput = z.strictObject({
  operationId: z.string(),
  entity: z.string(),
  checkpointId: z.string(),
  fence: z.int(),
  rows: z.int(),
  done: z.boolean(),
});
export const finishEntityOutput = z.strictObject({ operationId: z.string(), entity: z.string(), status: z.string() });

export const migrateCycleInput = z.looseObject({
  operationId: z.string(),
  execution,
  entities: z.array(z.string()),
  rows: z.int().default(0),
});
export const migrateCycleOutput = z.strictObject({
  operationId: z.string(),
  execution,
  entities: z.array(z.string()),
  rows: z.int(),
  done: z.boolean(),
});

/** DeleteRows: `rows` so far; the list of what is left to do is in the ledger. */
export const deleteRowsInput = z.looseObject({
  operationId: z.string(),
  execution,
  entities: z.array(z.string()),
  rows: z.int().default(0),
});
export const deleteRowsOutput = z.strictObject({
  operationId: z.string(),
  execution,
  entities: z.array(z.string()),
  rows: z.int(),
  done: z.boolean(),
});

/** What the recording steps give back. */
export const recorded = z.strictObject({ recorded: z.literal(true) });

/** FailEntity, FailDeletes: a step of some entities ended with an error; recorded, so that the gate can judge at the end. */
export const failEntityInput = z.looseObject({
  operationId: z.string(),
  execution,
  entities: z.array(z.string()),
  error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
});

/** FailSlice: one slice ended with an error. */
export const failSliceInput = z.looseObject({
  operationId: z.string(),
  entity: z.string(),
  checkpointId: z.string(),
  fence: z.int(),
  error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
});

export const finishMigrationInput = z.looseObject({
  operationId: z.string(),
  execution,
  request: z.unknown(),
  /** What PlanMigration gave; here the entities that this execution had to carry. */
  plan: z.looseObject({ entities: z.array(z.string()), notices: z.array(z.string()) }),
  estimates: z
    .array(
      z.union([
        estimateEntityOutput,
        z.strictObject({
          entity: z.string(),
          error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
        }),
      ]),
    )
    .optional(),
});
export const entitySummary = counts.extend({ durationMs: z.int() });
export const finishMigrationOutput = z.strictObject({
  operationId: z.string(),
  batchId: z.string().nullable(),
  dryRun: z.boolean(),
  status: z.enum(['completed', 'completed_with_findings', 'stopped', 'failed']),
  entities: z.record(z.string(), entitySummary),
  /** Legacy keys that were named and that the source has no row for. */
  notFound: z.array(z.string()).optional(),
  /** What the reader should know beside the counts: what a dry run did not try, drift, what was resumed. */
  notes: z.array(z.string()),
});
export type FinishMigrationOutput = z.infer<typeof finishMigrationOutput>;

export const failMigrationInput = z.looseObject({
  execution: z.string(),
  error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
});
export const failMigrationOutput = z.strictObject({ Error: z.string(), Cause: z.string() });

// ---- types, for the steps --------------------------------------------------------------------------------------------

export type EstimateEntityInput = z.output<typeof estimateEntityInput>;
export type EstimateEntityOutput = z.output<typeof estimateEntityOutput>;
export type PrepareEntityInput = z.output<typeof prepareEntityInput>;
export type PrepareEntityOutput = z.output<typeof prepareEntityOutput>;
export type MigrateSliceInput = z.output<typeof migrateSliceInput>;
export type MigrateSliceOutput = z.output<typeof migrateSliceOutput>;
export type EntityStepInput = z.output<typeof entityStepInput>;
export type LinkReferencesOutput = z.output<typeof linkReferencesOutput>;
export type FinishEntityOutput = z.output<typeof finishEntityOutput>;
export type MigrateCycleInput = z.output<typeof migrateCycleInput>;
export type MigrateCycleOutput = z.output<typeof migrateCycleOutput>;
export type DeleteRowsInput = z.output<typeof deleteRowsInput>;
export type DeleteRowsOutput = z.output<typeof deleteRowsOutput>;
export type FailEntityInput = z.output<typeof failEntityInput>;
export type FailSliceInput = z.output<typeof failSliceInput>;
export type FinishMigrationInput = z.output<typeof finishMigrationInput>;
