/** The answer of a custom resource: CloudFormation waits for it at an address that it signed for this request. */
import { setTimeout as pause } from 'node:timers/promises';
import { PortageError } from '../domain/errors.ts';

export interface Answer {
  readonly status: 'SUCCESS' | 'FAILED';
  readonly reason: string;
  /** The same for ever: another one would be another resource. */
  readonly id: string;
  readonly data: Readonly<Record<string, string>>;
}

interface Request {
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
}

/** A whole answer may have 4096 bytes. */
const REASON_BYTES = 2000;
const ATTEMPTS = 5;
const PAUSE_MS = 500;

/** @throws PortageError SYS011 where nobody takes it: CloudFormation will then wait until its own time is over */
export async function answerCloudFormation(request: Request, { status, reason, id, data }: Answer): Promise<void> {
  const { ResponseURL, StackId, RequestId, LogicalResourceId } = request;
  const body = JSON.stringify({
    Status: status,
    Reason: Buffer.from(reason).subarray(0, REASON_BYTES).toString(),
    PhysicalResourceId: id,
    StackId,
    RequestId,
    LogicalResourceId,
    Data: data,
  });
  for (let attempt = 1; ; attempt++) {
    const refusal = await put(ResponseURL, body);
    if (refusal === null) return;
    if (attempt === ATTEMPTS)
      // The address is signed, so it is as good as a password.
      throw new PortageError('SYS011', 'CloudFormation does not take the answer', {
        got: refusal,
        where: LogicalResourceId,
      });
    await pause(PAUSE_MS * attempt);
  }
}

/** Null: it was taken. */
async function put(url: string, body: string): Promise<string | null> {
  try {
    // Bytes, so that no content type is sent: the signature knows none.
    const { ok, status } = await fetch(url, { method: 'PUT', body: Buffer.from(body) });
    return ok ? null : `status ${status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
