import * as z from 'zod';
import { operation } from '../operation.ts';

const side = z.looseObject({
  side: z.enum(['source', 'target']),
  /** `host:port/name`, never a password. */
  address: z.string(),
  reachable: z.boolean(),
  /** Such as TLSv1.3; null without. */
  tls: z.string().nullable(),
  version: z.string().nullable(),
  latencyMs: z.number().nullable(),
  rightsMissing: z.array(z.string()),
  /** Why it could not be reached. */
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
});

export const connectionsAnswer = z.looseObject({ connections: z.array(side) });

export const testConnections = operation({
  program: 'migration-analyzer',
  name: 'test-connections',
  purpose: 'Tries both databases: reach, TLS, version, latency, and the rights that are needed and missing.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('migration-analyzer test-connections'),
    verbose: z.boolean().default(false),
    timeout: z.int().min(1).max(600_000).optional(),
  }),
  answer: connectionsAnswer,
  finds: 'a right is missing',
  exit: ({ connections }) => {
    if (connections.some((each) => !each.reachable)) return 3;
    return connections.some((each) => each.rightsMissing.length > 0) ? 1 : 0;
  },
  flags: [
    { name: 'verbose', kind: 'switch', help: 'every right that was looked at, and settings of the server' },
    { name: 'timeout', kind: 'integer', placeholder: 'MS', help: 'give up after so many milliseconds, 1 to 600000' },
  ],
  examples: ['migration-analyzer test-connections --verbose', 'migration-analyzer test-connections --timeout 5000'],
});
