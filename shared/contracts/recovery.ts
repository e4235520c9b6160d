/**
 * What the states of the `recovery` machine take and give: rollback, backup and restore differ in what one slice does, and
 * have the way around it in common. States carry ids, names and counts, never rows; where each stands is in the ledger.
 */
import * as z from 'zod';
import { KEPT_REASONS } from '../domain/kept-reasons.ts';
import { counts, entitySelection, entitySummary } from './migration.ts';

const dryRun = z.boolean().default(false);

/** Exactly one operation. */
export const rollbackRequest = z.strictObject({
  command: z.literal('differential-migration rollback'),
  operationId: z.string().min(1),
  dryRun,
});

/** What operations did to some entities, newest first; without a choice the newest one. */
export const rollbackEntityRequest = z
  .strictObject({
    command: z.literal('differential-migration rollback-entity'),
    entity: entitySelection,
    last: z.int().min(1).max(10_000).optional(),
    since: z
      .string()
      .refine((time) => !Number.isNaN(Date.parse(time)), { message: 'a time, such as 2023-12-01T12:00:00Z' })
      .optional(),
    all: z.boolean().default(false),
    confirm: z.boolean().default(false),
    preserveDeps: z.boolean().default(false),
    dryRun,
  })
  .refine(({ last, since, all }) => [last !== undefined, since !== undefined, all].filter(Boolean).length < 2, {
    path: ['last'],
    message: '--last, --since and --all each choose operations: name one of them',
  })
  .refine(({ all, confirm, dryRun: dry }) => !all || confirm || dry, {
    path: ['confirm'],
    message:
      '--all takes back everything that was ever done to the entity: say --confirm, or look first with --dry-run',
  });

/** Every operation under a batch label, newest first. */
export const rollbackAllRequest = z
  .strictObject({
    command: z.literal('migration-analyzer rollback-all'),
    batchId: z.string().min(1),
    confirm: z.boolean().default(false),
    dryRun,
  })
  .refine(({ confirm, dryRun: dry }) => confirm || dry, {
    path: ['confirm'],
    message: 'rollback-all takes back every operation of the label: say --confirm, or look first with --dry-run',
  });

/** The execution input. */
export const recoveryRequest = z.discriminatedUnion('command', [
  rollbackRequest,
  rollbackEntityRequest,
  rollbackAllRequest,
]);
export type RecoveryRequest = z.infer<typeof recoveryRequest>;

/** Into one file: what it is called says its form. */
export const createFullBackupRequest = z.strictObject({
  command: z.literal('migration-analyzer create-full-backup'),
  entities: entitySelection.default('all'),
  output: z.string().min(1),
  dryRun,
});

/** Rows of a backup, all of them or those of some entities. */
export const restoreFromBackupRequest = z.strictObject({
  command: z.literal('migration-analyzer restore-from-backup'),
  backupFile: z.string().min(1),
  entities: entitySelection.default('all'),
  dryRun,
});
export type CreateFullBackupRequest = z.infer<typeof createFullBackupRequest>;
export type RestoreFromBackupRequest = z.infer<typeof restoreFromBackupRequest>;

/** Which slice works on the items. */
export const recoveryKind = z.enum(['rollback', 'backup', 'restore']);

/** What one slice works on: of a rollback entities whose tables are connected, of a backup or restore what its plan says. */
export const recoveryItem = z.strictObject({ slice: z.int(), entities: z.array(z.string()) });

/** Why a row stays as it is. */
const keptReason = z.enum(KEPT_REASONS);
/** A row that was not taken back: somebody has changed it since, or something stands in its way. */
export const keptRow = z.strictObject({
  entity: z.string(),
  legacyId: z.string(),
  targetId: z.string().nullable(),
  reason: keptReason,
  /** Columns that differ from what was written, where that can be told. */
  columns: z.array(z.string()),
  /** The later operation that wrote it. */
  by: z.string().nullable(),
  /** Rows that refer to it, or what the database says. */
  detail: z.string().nullable(),
});

/** PlanRecovery: `execution` is the name of the execution, from the context object. */
export const planRecoveryInput = z.strictObject({ execution: z.string(), request: z.unknown() });
export const planRecoveryOutput = z.strictObject({
  /** Empty: there is nothing to do, and no operation was opened. */
  operationId: z.string(),
  kind: recoveryKind,
  dryRun: z.boolean(),
  /** How many items of a stage side by side. */
  lanes: z.int().min(1),
  /** Of a rollback: the operations that it takes back, newest first. */
  operations: z.array(z.string()),
  /** One after the other; the items of a stage side by side. */
  stages: z.array(z.strictObject({ items: z.array(recoveryItem) })),
  /** For EstimateRecovery of a dry run; a real run has them in its stages, and names them once. */
  items: z.array(recoveryItem),
  /** What a person should know before it goes on. */
  notices: z.array(z.string()),
  /** Rows for whose sake nothing at all is done; absent where something is. */
  refused: z.strictObject({ kept: z.array(keptRow), keptRows: z.int() }).optional(),
});

/** RollbackSlice, BackupSlice, RestoreSlice: works on until `done`; its cursor stands in the ledger. */
export const recoverySliceInput = z.looseObject({
  operationId: z.string(),
  execution: z.string(),
  kind: recoveryKind,
  slice: z.int(),
  entities: z.array(z.string()),
  rows: z.int().default(0),
});
export const recoverySliceOutput = z.strictObject({
  operationId: z.string(),
  execution: z.string(),
  kind: recoveryKind,
  slice: z.int(),
  entities: z.array(z.string()),
  rows: z.int(),
  done: z.boolean(),
});

/** VerifyBackup: what it finds stands in the ledger. */
export const verifyBackupInput = z.looseObject({
  operationId: z.string(),
  execution: z.string(),
  request: z.unknown(),
});
export const verifyBackupOutput = z.strictObject({ rows: z.int() });

/** FailRecoverySlice: an item ended with an error; recorded, so that the gate can judge at the end. */
export const failRecoverySliceInput = z.looseObject({
  operationId: z.string(),
  execution: z.string(),
  entities: z.array(z.string()),
  error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
});

/** EstimateRecovery (dry run): what a real run would do with an item, found by reading. */
export const estimateRecoveryInput = z.looseObject({
  operationId: z.string(),
  kind: recoveryKind,
  request: z.unknown(),
  operations: z.array(z.string()),
  slice: z.int(),
  entities: z.array(z.string()),
  /** How many of them there are: what they tell stands in one state. */
  items: z.int().min(1).default(1),
});
export const estimateRecoveryOutput = z.strictObject({
  entities: z.record(z.string(), counts),
  /** The first of them. */
  kept: z.array(keptRow),
  keptRows: z.int(),
  notes: z.array(z.string()),
});

export const finishRecoveryInput = z.looseObject({
  operationId: z.string(),
  execution: z.string(),
  request: z.unknown(),
  /** What PlanRecovery gave. */
  plan: planRecoveryOutput,
  estimates: z
    .array(
      z.union([
        estimateRecoveryOutput,
        z.strictObject({
          entities: z.array(z.string()),
          error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
        }),
      ]),
    )
    .optional(),
});
export const backupFile = z.strictObject({
  file: z.string(),
  /** Null before it is complete. */
  sha256: z.string().nullable(),
  bytes: z.int().nullable(),
  rows: z.int(),
  encrypted: z.boolean(),
  takenAt: z.string().nullable(),
});
export const finishRecoveryOutput = z.strictObject({
  operationId: z.string(),
  batchId: z.string().nullable(),
  dryRun: z.boolean(),
  status: z.enum(['completed', 'completed_with_findings', 'stopped', 'failed']),
  entities: z.record(z.string(), entitySummary),
  /** Of a rollback: the operations that were taken back, newest first. */
  operations: z.array(z.string()),
  /** Rows that stay as they are: the first of them; all stand in portage.kept_rows. */
  kept: z.array(keptRow),
  keptRows: z.int(),
  /** Of a backup: the file that was written. Of a restore: the one that was read. */
  backup: backupFile.optional(),
  notes: z.array(z.string()),
});
export type FinishRecoveryOutput = z.infer<typeof finishRecoveryOutput>;

export const failRecoveryInput = z.looseObject({
  execution: z.string(),
  error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
});
export const failRecoveryOutput = z.strictObject({ Error: z.string(), Cause: z.string() });

// ---- types, for the steps --------------------------------------------------------------------------------------------

export type RecoveryItem = z.infer<typeof recoveryItem>;
export type KeptRow = z.infer<typeof keptRow>;
export type PlanRecoveryOutput = z.output<typeof planRecoveryOutput>;
export type RecoverySliceInput = z.output<typeof recoverySliceInput>;
export type RecoverySliceOutput = z.output<typeof recoverySliceOutput>;
export type VerifyBackupInput = z.output<typeof verifyBackupInput>;
export type VerifyBackupOutput = z.output<typeof verifyBackupOutput>;
export type BackupFile = z.infer<typeof backupFile>;
export type EstimateRecoveryInput = z.output<typeof estimateRecoveryInput>;
export type EstimateRecoveryOutput = z.output<typeof estimateRecoveryOutput>;
export type FinishRecoveryInput = z.output<typeof finishRecoveryInput>;
