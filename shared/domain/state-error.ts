/** What a Catch hands on: the error's name, and a Cause that is Lambda's JSON or plain text. */

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
