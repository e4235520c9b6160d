/** What the states of the `synchronization` machine take and give. Which ranges are left of an entity stands in the ledger. */
import * as z from 'zod';
import { entitySummary, group } from './migration.ts';

/** What a schedule sends. */
export const scheduledRun = z.strictObject({
  jobName: z.string().min(1),
  scheduledTime: z.iso.datetime({ offset: true }),
});
/** What a person starts; `manual` says that he knows it is no scheduled time. */
export const runJobRequest = z.strictObject({
  command: z.literal('sync-scheduler run-job'),
  name: z.string().min(1),
  manual: z.boolean().default(true),
});
export const runRequest = z.union([scheduledRun, runJobRequest]);
export type RunRequest = z.output<typeof runRequest>;

export const beginRunInput = z.strictObject({ execution: z.string(), request: z.unknown() });
const groups = z.array(z.strictObject({ entities: z.array(z.string()) }));
export const beginRunOutput = z.strictObject({
  /** waiting: another run of the job has its turn; skipped: there is nothing to run. */
  outcome: z.enum(['begun', 'waiting', 'skipped']),
  /** Empty where nothing was begun. */
  operationId: z.string(),
  jobName: z.string(),
  /** Why it was skipped; what a person should know otherwise. */
  notices: z.array(z.string()),
  /** How many entities side by side. */
  entityLanes: z.int().min(1),
  /** Lanes of one entity, by number. */
  lanes: z.array(z.int()),
  /** Entities of which somebody looks first what changed: those of a circle are looked at when they are carried. */
  detections: groups,
  waves: z.array(z.strictObject({ groups: z.array(group) })),
  deletes: groups,
  /** Entities whose written rows are compared at the end. */
  entities: z.array(z.string()),
});
export type BeginRunOutput = z.output<typeof beginRunOutput>;

const ofRun = { operationId: z.string(), execution: z.string() };

export const detectChangesInput = z.looseObject({ ...ofRun, entities: z.array(z.string()) });
export const detectChangesOutput = z.strictObject({ detected: z.literal(true) });

/** ApplyChanges, LinkReferences, FinishEntity, ValidateTouched: the whole loop state goes back in. */
const entityTask = { ...ofRun, entity: z.string(), rows: z.int().default(0) };
const entityProgress = { ...entityTask, rows: z.int(), done: z.boolean() };
export const applyChangesInput = z.looseObject({ ...entityTask, lane: z.int(), lanes: z.int().min(1) });
export const applyChangesOutput = z.strictObject({ ...entityProgress, lane: z.int(), lanes: z.int() });
export const runEntityInput = z.looseObject(entityTask);
export const runEntityOutput = z.strictObject(entityProgress);
export const validateTouchedInput = z.looseObject({ ...entityTask, after: z.string().nullable().default(null) });
export const validateTouchedOutput = z.strictObject({ ...entityProgress, after: z.string().nullable() });

export const failRunEntityInput = z.looseObject({
  ...ofRun,
  entities: z.array(z.string()),
  error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
});

export const failChangesInput = z.looseObject({
  ...ofRun,
  entity: z.string(),
  error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
});

export const finishRunInput = z.looseObject({
  execution: z.string(),
  outcome: z.enum(['begun', 'skipped']),
  operationId: z.string(),
  jobName: z.string(),
  notices: z.array(z.string()),
  entities: z.array(z.string()),
});
export const detection = z.strictObject({ path: z.enum(['full', 'horizon']), why: z.string() });
export const finishRunOutput = z.strictObject({
  operationId: z.string(),
  batchId: z.string().nullable(),
  jobName: z.string(),
  scheduledTime: z.string().nullable(),
  status: z.enum(['completed', 'completed_with_findings', 'stopped', 'skipped']),
  entities: z.record(z.string(), entitySummary),
  /** How the changes of each entity were found, and why so. */
  detection: z.record(z.string(), detection),
  /** Conflicts that this run settled, by rule. */
  settled: z.record(z.string(), z.int()),
  notes: z.array(z.string()),
});
export type FinishRunOutput = z.output<typeof finishRunOutput>;

export const failSynchronizationInput = z.looseObject({
  execution: z.string(),
  error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
  /** The execution's input: a run that could not begin is recorded too. */
  request: z.unknown().optional(),
});
export const failSynchronizationOutput = z.strictObject({ Error: z.string(), Cause: z.string() });

// ---- types, for the steps --------------------------------------------------------------------------------------------

export type BeginRunInput = z.output<typeof beginRunInput>;
export type DetectChangesInput = z.output<typeof detectChangesInput>;
export type ApplyChangesInput = z.output<typeof applyChangesInput>;
export type ApplyChangesOutput = z.output<typeof applyChangesOutput>;
export type RunEntityInput = z.output<typeof runEntityInput>;
export type RunEntityOutput = z.output<typeof runEntityOutput>;
export type ValidateTouchedInput = z.output<typeof validateTouchedInput>;
export type ValidateTouchedOutput = z.output<typeof validateTouchedOutput>;
export type FailChangesInput = z.output<typeof failChangesInput>;
export type FinishRunInput = z.output<typeof finishRunInput>;
export type FailSynchronizationInput = z.output<typeof failSynchronizationInput>;
export type FailSynchronizationOutput = z.output<typeof failSynchronizationOutput>;
