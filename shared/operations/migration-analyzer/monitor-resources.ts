import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';
import { durationFlag, durationSeconds } from './monitor-connections.ts';

const count = z.number();
export const resourceSample = z.strictObject({
  at: count,
  atWork: count,
  rows: count,
  rowsTotal: count.nullable(),
  batches: count,
  batchMs: count.nullable(),
  memoryBytes: count.nullable(),
  heartbeatSeconds: count.nullable(),
  sourceActive: count,
  targetActive: count,
  waiting: count,
  commitsPerSecond: count.nullable(),
  cacheHitPercent: count.nullable(),
  targetBytes: count,
});

export const monitorResourcesAnswer = z.strictObject({
  done: z.boolean(),
  seconds: count,
  samples: z.array(resourceSample),
  summary: z.strictObject({
    rows: count,
    batches: count,
    rowsPerSecond: z.strictObject({ mean: count, most: count }).nullable(),
    batchMs: z.strictObject({ mean: count, most: count }).nullable(),
    memoryBytes: z.strictObject({ first: count, last: count, most: count }).nullable(),
    waiting: count,
    targetGrewBytes: count,
    findings: z.array(z.string()),
  }),
});
export type MonitorResourcesAnswer = z.output<typeof monitorResourcesAnswer>;

export const monitorResources = operation({
  program: 'migration-analyzer',
  name: 'monitor-resources',
  purpose: 'Watches rows/s, batches, memory of the workers, sessions and locks of an entity that is being migrated.',
  class: 'sample',
  input: z.strictObject({
    command: z.literal('migration-analyzer monitor-resources'),
    entity: entitySelection,
    duration: durationSeconds,
  }),
  answer: monitorResourcesAnswer,
  finds: 'a figure is beyond its limit',
  exit: ({ summary }) => (summary.findings.length > 0 ? 1 : 0),
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    durationFlag,
  ],
  examples: [
    'migration-analyzer monitor-resources --entity orders --duration 60',
    'migration-analyzer monitor-resources --entity all --duration 300 --json',
  ],
});
