/** A list of checks, a line each, and what to do about those that are not well. */
import type { HealthCheck } from '../../shared/domain/health/health.ts';
import type { Paint } from '../io.ts';
import { table } from './table.ts';

export const CHECK_COLOUR = { ok: 'green', notice: 'dim', problem: 'red', unknown: 'red' } as const;

export function checkLines(checks: readonly HealthCheck[], paint: Paint): string {
  const wrong = checks.filter((check) => check.next !== null && check.status !== 'ok');
  const next = [...new Map(wrong.map((check) => [check.next, check])).values()];
  return [
    table<HealthCheck>(
      [
        { head: 'Check', text: (row) => row.check },
        { head: 'State', text: (row) => paint(CHECK_COLOUR[row.status], row.status) },
        { head: 'Found', text: (row) => row.detail },
      ],
      checks,
      paint,
    ),
    next.length === 0 ? '' : '\nNext:\n',
    ...next.map(({ check, next: step }) => `  ${check}: ${step ?? ''}\n`),
  ].join('');
}
