import * as z from 'zod';
import { operation } from '../operation.ts';

const count = z.number();
const side = z.strictObject({
  ours: count,
  active: count,
  idleInTransaction: count,
  waiting: count,
  used: count,
  most: count,
  limit: z.enum(['the server', 'the database', 'the role', 'Portage']),
});
export const connectionSample = z.strictObject({ at: count, source: side.nullable(), target: side.nullable() });

export const monitorConnectionsAnswer = z.strictObject({
  done: z.boolean(),
  seconds: count,
  samples: z.array(connectionSample),
  sides: z.array(
    z.strictObject({
      side: z.enum(['source', 'target']),
      /** Looks at which it could not be reached. */
      unreachable: z.int(),
      ours: z.strictObject({ most: count, mean: count }),
      used: z.strictObject({ most: count, of: count, limit: z.string() }).nullable(),
      waiting: count,
      idleInTransaction: count,
    }),
  ),
  findings: z.array(z.strictObject({ code: z.string(), text: z.string(), next: z.string() })),
});
export type MonitorConnectionsAnswer = z.output<typeof monitorConnectionsAnswer>;

/** How long a `--duration` command looks: a day at most, since a state machine's history is finite. */
export const durationSeconds = z.int().min(1).max(86_400);
export const durationFlag = {
  name: 'duration',
  kind: 'integer',
  placeholder: 'SECONDS',
  help: 'how long, in seconds, 1 to 86400; Ctrl-C ends it earlier, with a summary',
} as const;

export const monitorConnections = operation({
  program: 'migration-analyzer',
  name: 'monitor-connections',
  purpose: 'Watches the connections of both sides against their limits for a while, and sums up what it saw.',
  class: 'sample',
  input: z.strictObject({
    command: z.literal('migration-analyzer monitor-connections'),
    duration: durationSeconds,
  }),
  answer: monitorConnectionsAnswer,
  finds: 'a figure is beyond its limit',
  exit: ({ findings }) => (findings.length > 0 ? 1 : 0),
  flags: [durationFlag],
  examples: [
    'migration-analyzer monitor-connections --duration 120',
    'migration-analyzer monitor-connections --duration 10 --json',
  ],
});
