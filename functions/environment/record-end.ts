/**
 * An execution that was aborted, that ran out of time, or that failed beyond its own Catch, has recorded nothing itself: its
 * operation would stand as running, and hold its leases until they are old. EventBridge tells of every such end; an
 * execution that has recorded its own failure is left as it is.
 */
import {
  endRecorded,
  executionEnded,
  type EndRecorded,
  type ExecutionEnded,
} from '../../shared/contracts/environment.ts';
import { isErrorCode, PortageError } from '../../shared/domain/errors.ts';
import type { StateError } from '../../shared/domain/state-error.ts';
import { machineNamed } from '../../shared/operations/deployed.ts';
import { failureText } from '../../shared/operations/failure.ts';
import { recordFailure } from '../operation-failure.ts';
import { recordRunFailure } from '../run-failure.ts';
import { step, type Invocation } from '../step.ts';

export async function recordEnd({ detail }: ExecutionEnded, deps: Invocation): Promise<EndRecorded> {
  const { name: execution, stateMachineArn, input } = detail;
  const ended = { execution, error: { ...errorOf(detail) } };
  const area = machineNamed(stateMachineArn.split(':').at(-1) ?? '')?.area;
  // A run that a schedule started is recorded also where it could not even begin.
  const recorded =
    area === 'synchronization'
      ? await recordRunFailure({ ...ended, request: requestOf(input) }, deps)
      : await recordFailure(ended, deps);
  return { execution, recorded };
}

/** As the command line tells the same end. */
function errorOf({ status, error, cause }: ExecutionEnded['detail']): StateError {
  if (status === 'ABORTED')
    return isErrorCode(error ?? '')
      ? { Error: error ?? '', Cause: cause ?? undefined }
      : stated(new PortageError('M013', 'Stopped on request, in the console or from another place'));
  if (status === 'TIMED_OUT')
    return stated(new PortageError('M002', 'The state machine took longer than its limit', { where: error ?? '' }));
  return { Error: error ?? 'States.Runtime', Cause: cause ?? undefined };
}

const stated = (error: PortageError): StateError => ({ Error: error.code, Cause: failureText(error) });

function requestOf(input: string | null | undefined): unknown {
  try {
    return JSON.parse(input ?? '{}');
  } catch {
    return {};
  }
}

export const handler = step('RecordEnd', { input: executionEnded, output: endRecorded }, recordEnd, 'errors');
