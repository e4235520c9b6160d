import * as z from 'zod';
import { operation } from '../operation.ts';

const count = z.number();

export const connectionLimit = z.strictObject({
  name: z.enum(['the server', 'the database', 'the role', 'Portage']),
  used: count,
  most: count,
});

export const session = z.strictObject({
  pid: z.int(),
  /** `portage:OPERATION:ENTITY`. */
  application: z.string(),
  role: z.string(),
  client: z.string().nullable(),
  state: z.string(),
  stateSeconds: count,
  transactionSeconds: count.nullable(),
  waitsFor: z.string().nullable(),
  blockedBy: z.array(z.int()),
  operationStatus: z.string().nullable(),
});

const side = z.strictObject({
  side: z.enum(['source', 'target']),
  address: z.string(),
  /** Null where it could be asked. */
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  /** Client sessions of the database, by state. */
  byState: z.record(z.string(), count),
  ours: z.strictObject({ all: count, active: count, idleInTransaction: count, waiting: count }),
  limits: z.array(connectionLimit),
  pressure: z.enum(['exhausted', 'short', 'enough', 'unknown']),
  /** With --show-active. */
  sessions: z.array(session).optional(),
});

export const debugConnectionsAnswer = z.strictObject({
  sides: z.array(side),
  /** With --show-pool-stats: the sessions that the answering process itself keeps. */
  pools: z
    .array(z.strictObject({ database: z.string(), inUse: z.int(), idle: z.int(), opened: z.int(), most: z.int() }))
    .optional(),
  findings: z.array(z.strictObject({ code: z.string(), text: z.string(), next: z.string() })),
  notes: z.array(z.string()),
});
export type DebugConnectionsAnswer = z.output<typeof debugConnectionsAnswer>;

export const debugConnections = operation({
  program: 'migration-analyzer',
  name: 'debug-connections',
  purpose: 'Shows how many connections of each limit are in use, and whose; names a limit that is met.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('migration-analyzer debug-connections'),
    showPoolStats: z.boolean().default(false),
    showActive: z.boolean().default(false),
  }),
  answer: debugConnectionsAnswer,
  finds: 'a figure is beyond its limit',
  exit: ({ sides, findings }) => (sides.some(({ error }) => error !== null) ? 3 : findings.length > 0 ? 1 : 0),
  flags: [
    { name: 'show-pool-stats', kind: 'switch', help: 'also the sessions that this process keeps for its next steps' },
    { name: 'show-active', kind: 'switch', help: 'also every session of Portage: state, age, what it waits for' },
  ],
  examples: [
    'migration-analyzer debug-connections --show-pool-stats',
    'migration-analyzer debug-connections --show-active --json',
  ],
});
