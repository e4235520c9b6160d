import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { trial } from '../../contracts/resolution.ts';
import { operation } from '../operation.ts';

const analyzeConflictsRequest = z.strictObject({
  command: z.literal('conflict-resolver analyze-conflicts'),
  entity: entitySelection,
  lastDays: z.int().min(1).max(3650).default(30),
});

export type AnalyzeConflictsRequest = z.output<typeof analyzeConflictsRequest>;

const counted = z.array(z.strictObject({ name: z.string(), rows: z.int() }));
export const analyzeConflictsAnswer = z.strictObject({
  lastDays: z.int(),
  entities: z.record(
    z.string(),
    z.strictObject({
      total: z.int(),
      open: z.int(),
      byColumn: counted,
      byKind: counted,
      /** What happened on which side, in words. */
      byReason: counted,
      /** By the hour of the day (UTC) in which they were seen first. */
      byHour: z.array(z.strictObject({ hour: z.int(), rows: z.int() })),
      /** How they were settled. */
      byRule: counted,
      /** How many of the open ones each strategy would settle. */
      strategies: z.record(z.string(), trial),
    }),
  ),
});
export type AnalyzeConflictsAnswer = z.output<typeof analyzeConflictsAnswer>;

export const analyzeConflicts = operation({
  program: 'conflict-resolver',
  name: 'analyze-conflicts',
  purpose: 'Looks for patterns in conflicts, and says how many each strategy would settle.',
  class: 'inspect',
  input: analyzeConflictsRequest,
  answer: analyzeConflictsAnswer,
  exit: () => 0,
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    {
      name: 'last-days',
      kind: 'integer',
      placeholder: 'N',
      help: 'conflicts first seen in the last N days (default: 30)',
    },
  ],
  examples: [
    'conflict-resolver analyze-conflicts --entity patients --last-days 7',
    'conflict-resolver analyze-conflicts --entity all --json',
  ],
});
