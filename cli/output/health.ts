/** `system-health`: a line a check, what is wrong first to the eye, and what to do below. */
import type { SystemHealthAnswer } from '../../shared/operations/migration-analyzer/system-health.ts';
import type { Io, Paint } from '../io.ts';
import { CHECK_COLOUR, checkLines } from './checks.ts';

const TITLE = {
  ok: 'Healthy.',
  notice: 'Healthy.',
  problem: 'Something is wrong.',
  unknown: 'Something could not be looked at.',
} as const;

export function healthText({ status, checks }: SystemHealthAnswer, paint: Paint): string {
  return `${paint('bold', paint(CHECK_COLOUR[status], TITLE[status]))}\n\n${checkLines(checks, paint)}`;
}

/** Alerts go to stderr, so that cron mails them and nothing else. */
export function printHealth(answer: SystemHealthAnswer, io: Io): void {
  io.out(healthText(answer, io.paint));
  for (const alert of answer.alerts) io.err(`system_health: ${alert}\n`);
}
