/** What both repairs answer: the counts of every long command, and what of the faults they found is mended. */
import * as z from 'zod';
import { entitySummary } from '../contracts/migration.ts';

export const repairFields = {
  /** Empty in a dry run: nothing was opened. */
  operationId: z.string(),
  batchId: z.string().nullable(),
  dryRun: z.boolean(),
  status: z.enum(['completed', 'completed_with_findings', 'stopped']),
  entities: z.record(z.string(), entitySummary),
  notes: z.array(z.string()),
};

/** 3 when it was stopped, 1 when something was found that stays as it is (in a dry run: all of it), else 0. */
export const repairExit = (answer: { readonly status: string; readonly left: number }): 0 | 1 | 3 =>
  answer.status === 'stopped' ? 3 : answer.left > 0 ? 1 : 0;
