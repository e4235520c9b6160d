import * as z from 'zod';
import { healthCheck } from '../../contracts/health-check.ts';
import { HEALTH_STATES } from '../../domain/health/health.ts';
import { operation } from '../operation.ts';

export const systemHealthAnswer = z.strictObject({
  /** The worst of its checks. */
  status: z.enum(HEALTH_STATES),
  at: z.string(),
  checks: z.array(healthCheck),
  /** With --alert-on-issues: what was told to whoever is on call. */
  alerts: z.array(z.string()),
});
export type SystemHealthAnswer = z.output<typeof systemHealthAnswer>;

export const systemHealth = operation({
  program: 'migration-analyzer',
  name: 'system-health',
  purpose:
    'Looks at databases, ledger, checkpoints, jobs, conflicts, rows set aside and head-room, and names what is wrong.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('migration-analyzer system-health'),
    comprehensive: z.boolean().default(false),
    alertOnIssues: z.boolean().default(false),
  }),
  answer: systemHealthAnswer,
  finds: 'something is wrong',
  exit: ({ status }) => (status === 'unknown' ? 3 : status === 'problem' ? 1 : 0),
  flags: [
    {
      name: 'comprehensive',
      kind: 'switch',
      help: 'also rights, rates, memory, old transactions, and the size of the ledger',
    },
    {
      name: 'alert-on-issues',
      kind: 'switch',
      help: 'tell problems on stderr too, and in the errors log, for cron and alarms',
    },
  ],
  examples: [
    'migration-analyzer system-health --comprehensive',
    'migration-analyzer system-health --alert-on-issues --json',
  ],
});
