/** What the states of the `operation` machine take: the execution input as it is. Each command's own schema is its descriptor's. */
import * as z from 'zod';

export const shortCommandInput = z.looseObject({ command: z.string() });
/** The answer of the command, whose own schema stands in its descriptor (shared/operations). */
export const shortCommandOutput = z.unknown();

/** How far a command that looks through rows has come: entities before `item` are done, of that one the ranges before `next`. */
export const rowProgress = z.strictObject({
  item: z.int().min(0),
  /** Where its key ranges end; null: not begun. */
  bounds: z.array(z.string()).nullable(),
  next: z.int().min(0),
  /** By entity: counts, and the first keys of what was found. */
  found: z.record(z.string(), z.unknown()),
  /** Of a repair: the operation, and which checkpoints it holds. */
  operationId: z.string().nullable(),
  claims: z.record(z.string(), z.strictObject({ checkpointId: z.string(), fence: z.int() })),
});
export type RowProgress = z.output<typeof rowProgress>;

/** InspectRows and RepairRows: `state` is the execution input at first, then what the step itself has left. */
export const rowCommandInput = z.strictObject({
  execution: z.string(),
  request: z.looseObject({ command: z.string() }),
  state: z.looseObject({ unfinished: rowProgress.optional() }),
});
export type RowCommandInput = z.output<typeof rowCommandInput>;
/** The answer of the command, or what is unfinished: then the step is called again. */
export const rowCommandOutput = z.unknown();

/** FailOperation: a command of this machine that had opened an operation failed, or was stopped. */
export const failOperationInput = z.looseObject({
  execution: z.string(),
  error: z.looseObject({ Error: z.string(), Cause: z.string().optional() }),
});
export const failOperationOutput = z.strictObject({ Error: z.string(), Cause: z.string() });
