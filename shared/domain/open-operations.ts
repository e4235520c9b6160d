/** Operations that have not ended, as a cut-over judges them: one at work is waited for, one whose process died is not. */
import { age, listed, ok, problem, type HealthCheck } from './health/health.ts';

/** An operation that the ledger says is running. */
export interface OpenOperation {
  readonly operationId: string;
  /** A migration of this map, which `resume` takes up where it ended. */
  readonly resumable: boolean;
  /** Somebody works on it; else its process is gone, and has left it as it was. */
  readonly alive: boolean;
  /** Since the last sign of life. */
  readonly silentSeconds: number;
}

/** The first of them: operations and entities have long names. */
export const some = (names: readonly string[]): string => listed(names, 4);

export function runningCheck(running: readonly OpenOperation[]): HealthCheck {
  const alive = running.filter((each) => each.alive).map(({ operationId }) => operationId);
  return alive.length === 0
    ? ok('operations', 'none is at work')
    : problem(
        'operations',
        `${some(alive)} ${alive.length === 1 ? 'is' : 'are'} still running`,
        'Let them end, or: portage migration-analyzer stop-all-operations --graceful',
      );
}

/** What a dead process had begun: waiting for it would be in vain. */
export function deadChecks(running: readonly OpenOperation[]): readonly HealthCheck[] {
  const dead = running.filter((each) => !each.alive);
  if (dead.length === 0) return [];
  return [
    problem(
      'abandoned operations',
      `not ended, and nobody works on it: ${some(dead.map((each) => `${each.operationId} (no sign of life for ${age(each.silentSeconds)})`))}`,
      dead.every((each) => each.resumable)
        ? 'portage differential-migration resume --entity all'
        : 'End what nobody works on: portage migration-analyzer stop-all-operations --graceful',
    ),
  ];
}
