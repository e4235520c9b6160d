/** What a Catch hands on: the error's name, and a Cause that is Lambda's JSON or plain text. */
import { isErrorCode, type ErrorCode } from './errors.ts';

export interface StateError {
  readonly Error: string;
  readonly Cause?: string | undefined;
}

/** The message without Lambda's wrapping and without a stack trace. */
export function messageOf(error: StateError): string {
  const cause = error.Cause ?? error.Error;
  try {
    const parsed = JSON.parse(cause) as { errorMessage?: unknown };
    return typeof parsed.errorMessage === 'string' ? parsed.errorMessage : cause;
  } catch {
    return cause;
  }
}

/** As Step Functions and Lambda name it. */
const OUT_OF_TIME: readonly string[] = ['States.Timeout', 'Sandbox.Timedout'];

/** The code of an error by its name: a timeout of the services is a timeout of a batch, what else is not ours is our defect. */
export const codeNamed = (error: string): ErrorCode =>
  isErrorCode(error) ? error : OUT_OF_TIME.includes(error) ? 'M002' : 'SYS008';

export interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
}

export const faultOf = (error: StateError): Fault => ({ code: codeNamed(error.Error), message: messageOf(error) });
