/** The question whether the application may be switched to the target, and what stands around a verdict in a report. */
import * as z from 'zod';
import { healthCheck } from './health-check.ts';

/** The execution input: a whole validation, and a look at everything beside the rows. */
export const cutOverRequest = z.strictObject({
  command: z.literal('cut-over'),
  /** Nothing else can be asked: the switch itself is made by people. */
  check: z.literal(true, 'only a check can be made: the switch is yours'),
  output: z.string().min(1).optional(),
});

/** What the source had written before a check began: what it writes meanwhile shows against it. */
export const sourceMark = z.strictObject({
  at: z.string(),
  /** What was committed then: `xmin:xmax:list`, as the server writes it. */
  snapshot: z.string(),
  /** Rows that were ever written, by table: `schema.table`, partitions under their root. */
  writes: z.record(z.string(), z.number()),
});

/** Rows by entity. */
const byEntity = z.record(z.string(), z.int());

/** Differences that people made or decided: an edit of the target that was kept, a row that is done without. */
const decidedDifference = z.strictObject({
  entity: z.string(),
  kind: z.string(),
  why: z.enum(['edited', 'removed', 'reported', 'decided', 'ignored']),
  rows: z.int(),
});

/** For whoever decides: where and when it was looked, and what is open. */
export const circumstances = z.strictObject({
  at: z.string(),
  /** Of a deployed one its name; `local` elsewhere. */
  environment: z.string(),
  map: z.strictObject({ name: z.string(), hash: z.string() }),
  versions: z.strictObject({ portage: z.string(), source: z.string(), target: z.string() }),
  databases: z.strictObject({ source: z.string(), target: z.string() }),
  openConflicts: byEntity,
  setAside: z.array(z.strictObject({ entity: z.string(), code: z.string(), open: z.int(), ignored: z.int() })),
  decided: z.array(decidedDifference),
});
export type Circumstances = z.output<typeof circumstances>;

export const READINESS = ['ready', 'not_ready', 'unknown'] as const;
export const cutOver = z.strictObject({
  verdict: z.enum(READINESS),
  checks: z.array(healthCheck),
});
export type CutOver = z.output<typeof cutOver>;
