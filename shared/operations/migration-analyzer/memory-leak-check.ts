import * as z from 'zod';
import { operation } from '../operation.ts';
import { durationFlag, durationSeconds } from './monitor-connections.ts';

const count = z.number();
export const memorySample = z.strictObject({
  at: count,
  /** Alive after a collection: heap and buffers. */
  bytes: count,
  rssBytes: count,
  /** Rows that passed since the look before. */
  rows: count,
  /** Memory of two processes cannot be compared. */
  process: z.string(),
});

export const memoryLeakCheckAnswer = z.strictObject({
  done: z.boolean(),
  seconds: count,
  samples: z.array(memorySample),
  rows: count,
  growth: z.strictObject({
    verdict: z.enum(['leak', 'flat', 'not enough data']),
    bytesPerMinute: count.nullable(),
    samples: count,
    first: count.nullable(),
    last: count.nullable(),
  }),
  notes: z.array(z.string()),
});
export type MemoryLeakCheckAnswer = z.output<typeof memoryLeakCheckAnswer>;

export const memoryLeakCheck = operation({
  program: 'migration-analyzer',
  name: 'memory-leak-check',
  purpose:
    'Reads batches of an entity without writing, and fits a line to the memory that is left after each collection.',
  class: 'sample',
  input: z.strictObject({
    command: z.literal('migration-analyzer memory-leak-check'),
    entity: z.array(z.string().min(1)).length(1, 'one entity'),
    duration: durationSeconds,
    batchSize: z.int().min(1).max(100_000).optional(),
  }),
  answer: memoryLeakCheckAnswer,
  finds: 'memory grows from batch to batch',
  exit: ({ growth }) => (growth.verdict === 'leak' ? 1 : 0),
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity that is read, over and over' },
    durationFlag,
    {
      name: 'batch-size',
      kind: 'integer',
      placeholder: 'N',
      help: 'rows a batch, 1 to 100000 (as a migration has them)',
    },
  ],
  examples: [
    'migration-analyzer memory-leak-check --entity orders --duration 300',
    'migration-analyzer memory-leak-check --entity orders --duration 60 --batch-size 500 --json',
  ],
});
