import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { DIRECTIONS } from '../../domain/performance/trend.ts';
import { operation } from '../operation.ts';
import { runFigures } from './analyze-performance.ts';

const trend = z.strictObject({
  direction: z.enum(DIRECTIONS),
  /** From the first run to the last, along the line through them. */
  changePercent: z.number().nullable(),
  median: z.number().nullable(),
});

export const performanceTrendsAnswer = z.strictObject({
  days: z.int(),
  entities: z.array(
    z.strictObject({
      entity: z.string(),
      /** The oldest first. */
      runs: z.array(runFigures),
      /** Rows that one lane moves in a second, of the runs that moved enough of them. */
      moving: trend,
    }),
  ),
  notes: z.array(z.string()),
});
export type PerformanceTrendsAnswer = z.output<typeof performanceTrendsAnswer>;

export const performanceTrends = operation({
  program: 'migration-analyzer',
  name: 'performance-trends',
  purpose: 'Shows the runs of the last days one after the other, and whether they become slower.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('migration-analyzer performance-trends'),
    entity: entitySelection,
    lastDays: z.int().min(1).max(3650).default(30),
  }),
  answer: performanceTrendsAnswer,
  finds: 'an entity is getting slower',
  exit: ({ entities }) => (entities.some(({ moving }) => moving.direction === 'slower') ? 1 : 0),
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    { name: 'last-days', kind: 'integer', placeholder: 'N', help: 'how far back, 1 to 3650 (30)' },
  ],
  examples: [
    'migration-analyzer performance-trends --entity orders --last-days 30',
    'migration-analyzer performance-trends --entity all --last-days 7 --json',
  ],
});
