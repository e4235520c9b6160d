/** `system-health`: a line a check, what is wrong first to the eye, and what to do below. */
import type { SystemHealthAnswer } from '../../shared/operations/migration-analyzer/system-health.ts';
import type { Io, Paint } from '../io.ts';
import { table } from './table.ts';

type Check = SystemHealthAnswer['checks'][number];

const COLOUR = { ok: 'green', notice: 'dim', problem: 'red', unknown: 'red' } as const;
const TITLE = {
  ok: 'Healthy.',
  notice: 'Healthy.',
  problem: 'Something is wrong.',
  unknown: 'Something could not be looked at.',
} as const;

export function healthText({ status, checks }: SystemHealthAnswer, paint: Paint): string {
  const wrong = checks.filter((check) => check.next !== null && check.status !== 'ok');
  const next = [...new Map(wrong.map((check) => [check.next, check])).values()];
  return [
    `${paint('bold', paint(COLOUR[status], TITLE[status]))}\n\n`,
    table<Check>(
      [
        { head: 'Check', text: (row) => row.check },
        { head: 'State', text: (row) => paint(COLOUR[row.status], row.status) },
        { head: 'Found', text: (row) => row.detail },
      ],
      checks,
      paint,
    ),
    next.length === 0 ? '' : '\nNext:\n',
    ...next.map(({ check, next: step }) => `  ${check}: ${step ?? ''}\n`),
  ].join('');
}

/** Alerts go to stderr, so that cron mails them and nothing else. */
export function printHealth(answer: SystemHealthAnswer, io: Io): void {
  io.out(healthText(answer, io.paint));
  for (const alert of answer.alerts) io.err(`system_health: ${alert}\n`);
}
