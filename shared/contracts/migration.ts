/** What the states of the `migration` machine take and give. States carry ids, ranges and counts, never rows. */
import * as z from 'zod';
import { NOTHING } from '../domain/action-counts.ts';
import { counts, rehearsal } from './migration-answer.ts';

export * from './migration-request.ts';
export * from './migration-answer.ts';

/** Name of the execution: one that was stopped, and whose operation another has taken up since, shall touch nothing more. */
const execution = z.string();

/** Entities that go together: one, or a cycle that only MigrateCycle can load. */
export const group = z.strictObject({ entities: z.array(z.string()), cycle: z.boolean() });

/** Further tries to open a connection (`--connection-retries`): carried by every state, since a step must connect before it can ask. */
const connectionRetries = z.int().min(0).default(0);
/** The same, where a state is given on. */
const retriesOn = { connectionRetries: z.int().min(0) };

/** PlanMigration: `execution` is the name of the execution, from the context object. */
export const planMigrationInput = z.strictObject({ execution: z.string(), request: z.unknown() });
export const planMigrationOutput = z.strictObject({
  operationId: z.string(),
  dryRun: z.boolean(),
  ...retriesOn,
  /** How many entities side by side in a dry run; a wave says it for itself, as it does for the slices of an entity. */
  entityLanes: z.int().min(1),
  /** For EstimateEntity of a dry run; a real run has them in its waves, and names them once. */
  entities: z.array(z.string()),
  waves: z.array(z.strictObject({ groups: z.array(group), entityLanes: z.int().min(1), sliceLanes: z.int().min(1) })),
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
  rehearsal: rehearsal.nullable().default(null),
});
export const estimateEntityOutput = z.strictObject({
  operationId: z.string(),
  request: z.unknown(),
  entity: z.string(),
  cursor: z.string().nullable(),
  counts,
  /** Rows that would be deleted or marked, were nothing in the way. */
  vanished: z.int(),
  /** What rehearsing its batches has cost and found so far; null: they were only read. */
  rehearsal: rehearsal.nullable(),
  /** What would stop the run. */
  notes: z.array(z.string()),
  done: z.boolean(),
});

export const prepareEntityInput = z.strictObject({
  operationId: z.string(),
  execution,
  entity: z.string(),
  sliceLanes: z.int().min(1),
  connectionRetries,
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
  connectionRetries,
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
  ...retriesOn,
});

/** LinkReferences and FinishEntity. */
export const entityStepInput = z.looseObject({
  operationId: z.string(),
  entity: z.string(),
  checkpointId: z.string(),
  fence: z.int(),
  connectionRetries,
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
  connectionRetries,
});
export const migrateCycleOutput = z.strictObject({
  operationId: z.string(),
  execution,
  entities: z.array(z.string()),
  rows: z.int(),
  done: z.boolean(),
  ...retriesOn,
});

/** DeleteRows: `rows` so far; the list of what is left to do is in the ledger. */
export const deleteRowsInput = z.looseObject({
  operationId: z.string(),
  execution,
  entities: z.array(z.string()),
  rows: z.int().default(0),
  connectionRetries,
});
export const deleteRowsOutput = z.strictObject({
  operationId: z.string(),
  execution,
  entities: z.array(z.string()),
  rows: z.int(),
  done: z.boolean(),
  ...retriesOn,
});

/** What the recording steps give back. */
export const recorded = z.strictObject({ recorded: z.literal(true) });

/** FailEntity, FailDeletes: a step of some entities ended with an error; recorded, so that the gate can judge at the end. */
export const failEntityInput = z.looseObject({
  operationId: z.string(),
  execution,
  entities: z.array(z.string()),
  error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
  connectionRetries,
});

/** FailSlice: one slice ended with an error. */
export const failSliceInput = z.looseObject({
  operationId: z.string(),
  entity: z.string(),
  checkpointId: z.string(),
  fence: z.int(),
  error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
  connectionRetries,
});

export const finishMigrationInput = z.looseObject({
  operationId: z.string(),
  execution,
  request: z.unknown(),
  /** What PlanMigration gave; here the entities that this execution had to carry. */
  plan: z.looseObject({
    waves: z.array(z.looseObject({ groups: z.array(z.looseObject({ entities: z.array(z.string()) })) })).default([]),
    notices: z.array(z.string()),
  }),
  /** Of each entity what the answer needs: hundreds of them stand in one state. */
  estimates: z
    .array(
      z.union([
        z.object({ entity: z.string(), counts, rehearsal: rehearsal.nullable(), notes: z.array(z.string()) }),
        z.strictObject({
          entity: z.string(),
          error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
        }),
      ]),
    )
    .optional(),
});
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
