/**
 * Fires the jobs of this machine as EventBridge Scheduler fires those of an environment. It looks at the schedules and the
 * clock once a second, so it follows a job that is changed beside it, and a clock that jumps.
 *
 * 1. A schedule that is seen for the first time, or was changed, fires from now on; what passed before is not made up for.
 * 2. Where several of its times have passed since the last look (a machine that slept), the last of them is fired, once.
 * 3. A clock that went back a little fires nothing twice. One that went back by more than a minute was wrong before: its
 *    times count again, and the ledger knows those that had their run.
 */
import { lastRun } from '../../shared/domain/schedule/next-run.ts';
import { parseExpression, type Schedule } from '../../shared/domain/schedule/schedule.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import type { FoundSchedule, Schedules } from '../../shared/operations/ports.ts';

export interface Firing {
  readonly job: string;
  readonly scheduledTime: Date;
  /** Times before it that passed without a run. */
  readonly missed: number;
}

interface Watched {
  readonly found: FoundSchedule;
  readonly schedule: Schedule;
  /** Of a rate: a time at which it fires. */
  readonly anchor: Date;
  looked: Date;
  fired: Date | null;
}

/** More than what a clock is corrected by in the normal course of things. */
const JUMP_MS = 60_000;

export class SchedulerClock {
  readonly #schedules: Schedules;
  readonly #watched = new Map<string, Watched>();

  constructor(schedules: Schedules) {
    this.#schedules = schedules;
  }

  /** What is due at this moment. */
  async look(now: Date): Promise<readonly Firing[]> {
    const names = await this.#schedules.names();
    for (const gone of [...this.#watched.keys()].filter((name) => !names.includes(name))) this.#watched.delete(gone);
    const firings: Firing[] = [];
    for (const name of names) {
      const found = await this.#schedules.find(name);
      const watched = found === null ? null : this.#watch(found, now);
      const due = watched === null ? null : dueOf(watched, now);
      if (due !== null) firings.push({ job: name, ...due });
    }
    return firings;
  }

  /** The schedules that fire, by name. */
  enabled(): readonly { readonly job: string; readonly schedule: Schedule; readonly anchor: Date }[] {
    return [...this.#watched].map(([job, { schedule, anchor }]) => ({ job, schedule, anchor }));
  }

  #watch(found: FoundSchedule, now: Date): Watched | null {
    const schedule = found.enabled && found.deviations.length === 0 ? readable(found) : null;
    if (schedule === null) {
      this.#watched.delete(found.name);
      return null;
    }
    const known = this.#watched.get(found.name);
    if (known !== undefined && JSON.stringify(known.found) === JSON.stringify(found)) return known;
    const anchor = new Date(found.startsAt ?? now);
    const watched = { found, schedule, anchor, looked: now, fired: null };
    this.#watched.set(found.name, watched);
    return watched;
  }
}

function readable({ expression, timezone }: FoundSchedule): Schedule | null {
  try {
    return parseExpression(expression, timezone);
  } catch (error) {
    if (error instanceof PortageError) return null;
    throw error;
  }
}

function dueOf(watched: Watched, now: Date): { readonly scheduledTime: Date; readonly missed: number } | null {
  const { schedule, anchor } = watched;
  if (watched.looked.getTime() - now.getTime() > JUMP_MS) watched.fired = null;
  const after = new Date(Math.min(watched.looked.getTime(), now.getTime()));
  watched.looked = now;
  const last = lastRun(schedule, after, now, anchor);
  if (last === null || (watched.fired !== null && last.at <= watched.fired)) return null;
  watched.fired = last.at;
  return { scheduledTime: last.at, missed: last.times - 1 };
}
