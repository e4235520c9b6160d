/** A job and its runs as the commands of sync-scheduler answer them, and the flags that say what a job shall be. */
import * as z from 'zod';
import { conflicts } from '../../contracts/entity-map.ts';
import { entitySelection } from '../../contracts/migration.ts';
import type { Flag } from '../operation.ts';

/** A name that EventBridge takes too, that begins with a letter or a digit, and that leaves room. */
export const jobName = z.string().regex(/^[A-Za-z0-9][\w.-]{0,62}$/);

/** A year: nobody waits longer for a run. */
const LONGEST_TIMEOUT_MS = 366 * 24 * 3_600_000;

/** What a job may be given, all of it optional. */
export const jobFields = {
  entities: entitySelection.optional(),
  schedule: z.string().optional(),
  timezone: z.string().optional(),
  mode: z.enum(['differential', 'full', 'missing-only']).optional(),
  conflictResolution: z.union([z.literal('map'), conflicts]).optional(),
  batchSize: z.int().min(1).max(100_000).optional(),
  timeout: z
    .int()
    .min(1000)
    .max(Math.min(LONGEST_TIMEOUT_MS, 2 ** 31 - 1))
    .optional(),
  overlap: z.enum(['skip', 'queue']).optional(),
  fullEveryHours: z.int().min(0).max(8784).optional(),
};

export const NAME_FLAG: Flag = {
  name: 'name',
  kind: 'text',
  placeholder: 'NAME',
  help: 'the job: letters, digits, . _ -, at most 63',
};

export const JOB_FLAGS: readonly Flag[] = [
  { name: 'entities', kind: 'names', placeholder: 'NAMES', help: 'comma list of entities, or all' },
  {
    name: 'schedule',
    kind: 'text',
    placeholder: 'X',
    help: 'cron of five fields ("0 2 * * *"), rate(N minutes|hours|days), or hourly, daily, weekly (at midnight, Sundays)',
  },
  { name: 'timezone', kind: 'text', placeholder: 'ZONE', help: 'IANA name such as Europe/Berlin (UTC)' },
  {
    name: 'mode',
    kind: 'text',
    placeholder: 'MODE',
    help: 'differential (default): what changed, by the shortest trusted way; full: all that differs, edits of the target too; missing-only: rows that the target lacks',
  },
  {
    name: 'conflict-resolution',
    kind: 'text',
    placeholder: 'STRATEGY',
    help: 'source_wins, target_wins, newest_wins, merge_fields, manual, or two as "merge_fields then source_wins"; map (default): what the map says of each entity',
  },
  { name: 'batch-size', kind: 'integer', placeholder: 'N', help: 'rows a batch, 1 to 100000' },
  {
    name: 'timeout',
    kind: 'integer',
    placeholder: 'MS',
    help: 'milliseconds after which a run ends at a batch border',
  },
  {
    name: 'overlap',
    kind: 'text',
    placeholder: 'RULE',
    help: 'what a run does whose job still runs: skip (default) or queue',
  },
  {
    name: 'full-every-hours',
    kind: 'integer',
    placeholder: 'H',
    help: 'hours between two full comparisons (24); 0: every run is one',
  },
];

export const jobView = z.looseObject({
  jobId: z.string(),
  name: z.string(),
  map: z.string(),
  entities: z.array(z.string()),
  schedule: z.string(),
  timezone: z.string(),
  /** As EventBridge Scheduler reads it; null where the row in the ledger cannot be read. */
  expression: z.string().nullable(),
  status: z.string(),
  /** A run that is in progress ends, and no other begins. */
  paused: z.boolean(),
  mode: z.string(),
  conflictResolution: z.string().nullable(),
  batchSize: z.number().nullable(),
  timeoutMs: z.number().nullable(),
  overlap: z.string(),
  fullEveryHours: z.number(),
  version: z.number(),
  lastRunAt: z.string().nullable(),
  nextRunAt: z.string().nullable(),
  lastError: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type JobView = z.output<typeof jobView>;

export const runView = z.looseObject({
  runNo: z.number(),
  scheduledTime: z.string().nullable(),
  operationId: z.string().nullable(),
  status: z.string(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  durationMs: z.number(),
  read: z.number(),
  written: z.number(),
  conflicts: z.number(),
  setAside: z.number(),
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
});
export type RunView = z.output<typeof runView>;

/** What the commands that change one job answer. */
export const changedJob = z.looseObject({
  job: jobView,
  /** False: it was so already, or has no such job. */
  changed: z.boolean(),
  notes: z.array(z.string()),
});
export type ChangedJob = z.output<typeof changedJob>;

/** What the commands that change all of them answer. */
export const changedJobs = z.looseObject({
  changed: z.array(z.string()),
  unchanged: z.array(z.string()),
  /** Runs that go on to their end. */
  running: z.array(z.string()),
});
export type ChangedJobs = z.output<typeof changedJobs>;
