/** What starts an execution of the `migration` machine: what a person types in the console, and what the command line sends. */
import * as z from 'zod';

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

const migrateFields = z.strictObject({
  command: z.literal('differential-migration migrate'),
  entities: entitySelection.default('all'),
  mode: z.enum(['differential', 'full', 'missing-only']).default('differential'),
  dryRun: z.boolean().default(false),
  batchSize: z.int().min(1).max(100_000).optional(),
  /** Start and bound of a batch that is steered by time and bytes. */
  optimizeBatching: z.boolean().default(false),
  /** Adds the entities that the named ones depend on. */
  dependencyOrder: z.boolean().default(false),
  parallel: z.boolean().default(false),
  sequential: z.boolean().default(false),
  /** One piece of rows at a time in the buffers. */
  streamingMode: z.boolean().default(false),
  memoryMonitoring: z.boolean().default(false),
  /** Rows a second of the source, over all lanes together. */
  maxRate: z.int().min(1).max(1_000_000_000).optional(),
  /** Further tries to open a connection. */
  connectionRetries: z.int().min(0).max(100).optional(),
  optimizeConnections: z.boolean().default(false),
  /** With a dry run: each batch is run and rolled back. */
  rehearse: z.boolean().default(false),
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
  })
  .refine(({ forceRecords, dependencyOrder }) => forceRecords === undefined || !dependencyOrder, {
    path: ['dependencyOrder'],
    message: '--force-records writes the named rows alone: it has no --dependency-order',
  })
  .refine(({ optimizeConnections, sequential }) => !optimizeConnections || !sequential, {
    path: ['optimizeConnections'],
    message: '--sequential is one connection already',
  })
  .refine(({ parallel, sequential }) => !(parallel && sequential), {
    path: ['parallel'],
    message: '--parallel and --sequential contradict each other',
  })
  .refine(({ rehearse, dryRun }) => !rehearse || dryRun, {
    path: ['rehearse'],
    message: '--rehearse is a way of --dry-run: name both',
  })
  .refine(({ rehearse, forceRecords }) => !rehearse || forceRecords === undefined, {
    path: ['rehearse'],
    message: '--rehearse works through ranges: --force-records names single rows',
  })
  .refine(({ optimizeBatching, enableCheckpointing }) => !optimizeBatching || enableCheckpointing, {
    path: ['optimizeBatching'],
    message: '--optimize-batching steers batches: with --no-enable-checkpointing an entity is one transaction',
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
export type MigrateRequest = z.infer<typeof migrateRequest>;
export type RetryRequest = z.infer<typeof retryRequest>;
export type ResumeRequest = z.infer<typeof resumeRequest>;
export type ResetEntityRequest = z.infer<typeof resetEntityRequest>;
