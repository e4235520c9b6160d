/**
 * When a task is tried again. The codes come from the error catalogue, so that a misspelled name cannot hide here; the
 * names below are those that Step Functions and Lambda themselves report.
 */
import { Duration } from 'aws-cdk-lib';
import { JitterType, type RetryProps } from 'aws-cdk-lib/aws-stepfunctions';
import { TRANSIENT_CODES } from '../../shared/domain/errors.ts';

/** Lambda did not run the function, or lost the answer: the call itself is worth repeating. */
export const LAMBDA_SERVICE_ERRORS = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.TooManyRequestsException',
] as const;

/** The function died: out of time, out of memory, killed. What it had committed stays, so the next one goes on from there. */
export const FUNCTION_DIED_ERRORS = [
  'Lambda.Unknown',
  'Sandbox.Timedout',
  'Runtime.ExitError',
  'States.Timeout',
] as const;

/** The first wait. Full jitter draws from zero to this, so that lanes which failed together do not come back together. */
const FIRST_WAIT = Duration.seconds(2);
/** No wait is longer: a database that is back should not be waited for. */
const LONGEST_WAIT = Duration.seconds(60);
const BACKOFF_RATE = 2;

/** How long a transient fault is waited for. */
export type Patience = 'patient' | 'prompt';
const TRANSIENT_ATTEMPTS: Readonly<Record<Patience, number>> = {
  /** 2+4+8+16+32+60+60 s at most, 90 s on average: an RDS fail-over takes 60 to 120 s. */
  patient: 7,
  /** 2+4 s at most: nothing has been done yet, and somebody waits for the first answer. */
  prompt: 2,
};
/** What AWS recommends for its own service exceptions. */
const LAMBDA_SERVICE_ATTEMPTS = 6;
/** A function that ran out of memory will do so again; two more show whether it was chance. */
const FUNCTION_DIED_ATTEMPTS = 2;

const retry = (errors: readonly string[], maxAttempts: number): RetryProps => ({
  errors: [...errors],
  interval: FIRST_WAIT,
  backoffRate: BACKOFF_RATE,
  maxDelay: LONGEST_WAIT,
  maxAttempts,
  jitterStrategy: JitterType.FULL,
});

/** The Retry list of a Task. What it does not name fails at once and is caught. */
export const taskRetries = (patience: Patience): readonly RetryProps[] => [
  retry(TRANSIENT_CODES, TRANSIENT_ATTEMPTS[patience]),
  retry(LAMBDA_SERVICE_ERRORS, LAMBDA_SERVICE_ATTEMPTS),
  retry(FUNCTION_DIED_ERRORS, FUNCTION_DIED_ATTEMPTS),
];
