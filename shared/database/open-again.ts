/** Opening a session where connections are refused or lost for a while: again, after a pause that grows (domain/backoff.ts). */
import { setTimeout as pause } from 'node:timers/promises';
import { backoffMs } from '../domain/backoff.ts';
import { PortageError } from '../domain/errors.ts';
import { isConnectionLoss } from './pg-errors.ts';
import type { Session } from './session.ts';

export interface Trying {
  /** Further tries after the first. */
  readonly retries: number;
  /** False when the step has no time left for another. */
  readonly hasTime: () => boolean;
  readonly onRetry: (error: PortageError, waitMs: number) => void;
  readonly random?: () => number;
}

/** @throws PortageError what the last try threw; at once where another would end alike, as with a wrong password */
export async function openAgain(
  open: () => Promise<Session>,
  { retries, hasTime, onRetry, random = Math.random }: Trying,
): Promise<Session> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof PortageError) || attempt >= retries || !isConnectionLoss(error) || !hasTime()) throw error;
      const waitMs = backoffMs(attempt, random);
      onRetry(error, waitMs);
      await pause(waitMs);
    }
  }
}
