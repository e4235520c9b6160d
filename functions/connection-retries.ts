/**
 * Further tries to open a connection (`--connection-retries`). A step must connect before it can ask the ledger anything, so
 * the number travels in the state; how often it was needed is counted in this process until a step can tell the ledger.
 */
import type { Session } from '../shared/database/session.ts';
import { openAgain, type Trying } from '../shared/database/open-again.ts';
import { addRetries } from '../shared/database/ledger/operations.ts';
import { logger } from '../shared/log/current.ts';

/** Counted, and told to no operation yet. */
let untold = 0;

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

/** What a step's input says: in its own state, in the plan, or in the request that is about to be planned. */
export function retriesIn(event: unknown): number {
  const said = [event, fieldOf(event, 'plan'), fieldOf(event, 'request')].map((part) =>
    fieldOf(part, 'connectionRetries'),
  );
  const found = said.find((value) => typeof value === 'number');
  return typeof found === 'number' && found > 0 ? found : 0;
}

/** Opens a session, again and again where its connection is lost, and counts. */
export async function openCounted(open: () => Promise<Session>, trying: Omit<Trying, 'onRetry'>): Promise<Session> {
  return openAgain(open, {
    ...trying,
    onRetry: (error, waitMs) => {
      untold++;
      logger('migration').warn('connection retried', { code: error.code, message: error.message, waitMs });
    },
  });
}

/** Takes what was counted here and not told yet. */
export function takeRetries(): number {
  const taken = untold;
  untold = 0;
  return taken;
}

/** Tells the operation on whose behalf this process works. */
export async function tellRetries(target: Session, operationId: string): Promise<void> {
  const taken = takeRetries();
  if (taken > 0) await addRetries(target, operationId, taken);
}
