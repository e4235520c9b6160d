/** What the states of the `resolution` machine take and give, and what people ask of conflicts. */
import * as z from 'zod';
import { SETTLED_ON_REQUEST, STRATEGIES } from '../domain/settlement.ts';
import { entitySelection, entitySummary } from './migration.ts';

const one = `(${STRATEGIES.join('|')})`;
/** One strategy, or two: the second decides what the first cannot. */
export const strategies = z
  .string()
  .regex(new RegExp(`^${one}( then ${one})?$`), `one of ${STRATEGIES.join(', ')}, or two of them as "X then Y"`);
const include = z
  .union([z.literal('all').transform(() => [...SETTLED_ON_REQUEST]), z.array(z.enum(SETTLED_ON_REQUEST)).min(1)])
  .optional();

export const resolveRequest = z.strictObject({
  command: z.literal('conflict-resolver resolve'),
  entity: entitySelection,
  strategy: strategies,
  include,
  force: z.boolean().default(false),
  createBackup: z.boolean().default(false),
  backupFile: z.string().min(1).optional(),
  dryRun: z.boolean().default(false),
});

const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export const resolveManualRequest = z
  .strictObject({
    command: z.literal('conflict-resolver resolve-manual'),
    conflictId: z.uuid(),
    action: z.union([strategies, z.literal('custom')]),
    /** Of a custom resolution: column -> value. The command line gives it as one JSON text. */
    values: z
      .union([z.record(z.string(), value), z.string().transform((text, context) => parseValues(text, context))])
      .optional(),
    dryRun: z.boolean().default(false),
  })
  .refine(({ action, values }) => (action === 'custom') === (values !== undefined), {
    path: ['values'],
    message: '--values goes with --action custom, and custom needs it',
  });

function parseValues(text: string, context: z.core.$RefinementCtx<string>): Record<string, z.output<typeof value>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const parsed = z.record(z.string(), value).safeParse(json);
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: 'a JSON object of columns and their values' });
  return z.NEVER;
}

/** What a strategy would do, and to how many. */
export const testStrategyRequest = z.strictObject({
  command: z.literal('conflict-resolver test-strategy'),
  entity: entitySelection,
  strategy: strategies,
  include,
  force: z.boolean().default(false),
  dryRun: z.boolean().default(true),
});
export const trial = z.strictObject({
  open: z.int(),
  /** By rule. */
  settled: z.record(z.string(), z.int()),
  /** Neither the strategy nor a second one can decide. */
  undecided: z.int(),
  /** Changed again since they were recorded: a run looks at them anew. */
  moved: z.int(),
  /** They differ no more. */
  gone: z.int(),
  /** An expression of the map fails on their row of the source. */
  unreadable: z.int(),
});
export const triedConflict = z.strictObject({
  conflictId: z.string(),
  entity: z.string(),
  legacyId: z.string(),
  kind: z.string(),
  /** Null where nobody decides. */
  rule: z.string().nullable(),
  /** What becomes of the row; null where nothing does. */
  action: z.string().nullable(),
  columns: z.array(
    z.strictObject({
      column: z.string(),
      source: z.string().nullable(),
      target: z.string().nullable(),
      result: z.string().nullable(),
    }),
  ),
});
export const testStrategyAnswer = z.strictObject({
  dryRun: z.literal(true),
  strategy: z.string(),
  entities: z.record(z.string(), trial),
  conflicts: z.array(triedConflict),
});
export type Trial = z.output<typeof trial>;
export type ResolveManualRequest = z.output<typeof resolveManualRequest>;
export type ResolveRequest = z.output<typeof resolveRequest>;
export type TestStrategyRequest = z.output<typeof testStrategyRequest>;
export type TestStrategyAnswer = z.output<typeof testStrategyAnswer>;

export const resolutionRequest = z.discriminatedUnion('command', [resolveRequest, resolveManualRequest]);
export type ResolutionRequest = z.output<typeof resolutionRequest>;

export const planResolutionInput = z.strictObject({ execution: z.string(), request: z.unknown() });
export const planResolutionOutput = z.strictObject({
  operationId: z.string(),
  lanes: z.int().min(1),
  entities: z.array(z.string()),
  deletes: z.array(z.strictObject({ entities: z.array(z.string()) })),
  notices: z.array(z.string()),
});
export type PlanResolutionOutput = z.output<typeof planResolutionOutput>;

const ofBatch = { operationId: z.string(), execution: z.string(), entity: z.string() };
export const resolveBatchInput = z.looseObject({ ...ofBatch, rows: z.int().default(0) });
export const resolveBatchOutput = z.strictObject({ ...ofBatch, rows: z.int(), done: z.boolean() });
export type ResolveBatchInput = z.output<typeof resolveBatchInput>;
export type ResolveBatchOutput = z.output<typeof resolveBatchOutput>;

export const failBatchInput = z.looseObject({
  ...ofBatch,
  error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
});
export type FailBatchInput = z.output<typeof failBatchInput>;

export const finishResolutionInput = z.looseObject({
  operationId: z.string(),
  execution: z.string(),
  plan: z.looseObject({ entities: z.array(z.string()), notices: z.array(z.string()) }),
});
export const unresolved = z.strictObject({
  conflictId: z.string(),
  entity: z.string(),
  legacyId: z.string(),
  kind: z.string(),
  code: z.string(),
  reason: z.string(),
});
export const finishResolutionOutput = z.strictObject({
  operationId: z.string(),
  batchId: z.string().nullable(),
  status: z.enum(['completed', 'completed_with_findings', 'stopped']),
  entities: z.record(z.string(), entitySummary),
  /** Rows that were settled, by rule. */
  settled: z.record(z.string(), z.int()),
  unresolved: z.array(unresolved),
  notes: z.array(z.string()),
});
export type FinishResolutionInput = z.output<typeof finishResolutionInput>;
export type FinishResolutionOutput = z.output<typeof finishResolutionOutput>;

export const failResolutionInput = z.looseObject({
  execution: z.string(),
  error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
});
export const failResolutionOutput = z.strictObject({ Error: z.string(), Cause: z.string() });
