/** Works as the test wishes: some rounds, an error, or until its time is over. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PortageError } from '../../../../../shared/domain/errors.ts';
import { failureText } from '../../../../../shared/operations/failure.ts';
import type { LambdaContext } from '../../../../../cli/local/lambda.ts';

interface State {
  rounds: number;
  readonly wanted?: number;
  readonly fails?: string;
  readonly large?: number;
  readonly untilStopped?: boolean;
}

/** How often it was called since the test began to count. */
export const calls = { count: 0 };

export async function handler(event: State, context: LambdaContext): Promise<unknown> {
  calls.count++;
  if (event.fails !== undefined) {
    const message = failureText(new PortageError('M008', 'orders needs patients', { where: 'orders.patient_id' }));
    throw Object.assign(new Error(message), { name: event.fails });
  }
  if (event.large !== undefined) return { done: true, text: 'x'.repeat(event.large) };
  while (event.untilStopped === true && context.getRemainingTimeInMillis() > 0) await sleep(2);
  const rounds = event.rounds + 1;
  return { ...event, rounds, done: event.untilStopped !== true && rounds >= (event.wanted ?? 1) };
}
