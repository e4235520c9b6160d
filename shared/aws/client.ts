/**
 * How every AWS client of this program behaves: it gives up before whoever waits for it does, tries again what is throttled
 * or broken on the way, with growing, random pauses, and its errors become ours.
 */
import { PortageError } from '../domain/errors.ts';

/** Four tries of five seconds stay below the 30 s after which a database ends a transaction that does nothing. */
export const CLIENT = {
  maxAttempts: 4,
  requestHandler: { requestTimeout: 5000, connectionTimeout: 3000, throwOnRequestTimeout: true },
};

const DENIED = /AccessDenied|UnauthorizedOperation|NotAuthorized/;
const UNKNOWN_CALLER =
  /CredentialsProviderError|UnrecognizedClient|InvalidClientTokenId|ExpiredToken|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken|TokenProviderError/;
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown/;
const UNREACHABLE = /ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOSTUNREACH|TimeoutError|NetworkingError/;

/** What the SDK, the service or Node says of an error. */
function factsOf(error: unknown): {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly status: number;
} {
  if (typeof error !== 'object' || error === null) return { name: '', code: '', message: String(error), status: 0 };
  const { name = '', message = '', code = '', $metadata = {} } = error as Partial<SdkError>;
  // What the SDK does not take for an error it puts into one, with the name of the first.
  const within = /^AWS SDK error wrapper for (\w+)/.exec(message)?.[1];
  return { name: within ?? name, code, message, status: $metadata.httpStatusCode ?? 0 };
}

interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly $metadata: { readonly httpStatusCode?: number };
}

export const nameOf = (error: unknown): string => factsOf(error).name;

/** The error of a call as one of ours; what is none of these is a defect, and stays as it is. */
export function awsError(error: unknown, doing: string, where: string): unknown {
  if (error instanceof PortageError) return error;
  const { name, code, message, status } = factsOf(error);
  const names = `${name} ${code}`;
  const raise = (our: 'SYS010' | 'SYS011', text: string, expected: string, next?: string): PortageError =>
    new PortageError(
      our,
      `${text} ${doing}`,
      { got: `${name}: ${message}`, expected, where, ...(next === undefined ? {} : { next }) },
      { cause: error },
    );
  if (/Region is missing|Region not accepted/.test(message))
    return raise(
      'SYS010',
      'no region is named, or none that there is,',
      'a region',
      'Name it: export AWS_REGION=eu-central-1, or a profile that has one.',
    );
  if (UNKNOWN_CALLER.test(names))
    return raise(
      'SYS010',
      'AWS does not know who asks,',
      'valid credentials',
      'Sign in, such as with: aws sso login; or set AWS_PROFILE.',
    );
  if (THROTTLED.test(names) || status === 429)
    return raise('SYS011', 'AWS is asked too often, it would not', 'an answer after four tries');
  if (DENIED.test(names) || status === 403)
    return raise(
      'SYS010',
      'AWS does not allow',
      'a role that may do this',
      'Ask whoever keeps the account for this right.',
    );
  // Where the SDK has put the error into one of its own, the code stands in its message alone.
  if (UNREACHABLE.test(`${names} ${message}`) || status >= 500)
    return raise('SYS011', 'AWS did not answer,', 'an answer after four tries');
  return error;
}
