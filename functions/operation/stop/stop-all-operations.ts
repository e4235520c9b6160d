/**
 * Graceful: the word to stop stands in the ledger, and this waits until each worker has ended its operation at a batch
 * border. An operation of which no session is left on the target has nobody who could: it is fenced off and ended here.
 * Force: sessions are ended, fences raised, operations ended, whoever lives.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { applyLedger, ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { readHold, setHold } from '../../../shared/database/ledger/hold.ts';
import { findOperation } from '../../../shared/database/ledger/operations.ts';
import {
  askToStop,
  cancelReading,
  endSessions,
  fenceOff,
  runningOperations,
  type RunningOperation,
} from '../../../shared/database/ledger/stop.ts';
import type { Session } from '../../../shared/database/session.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import type { StopAllOperationsAnswer } from '../../../shared/operations/migration-analyzer/stop-all-operations.ts';
import type { Invocation } from '../../step.ts';

export interface StopAllOperationsRequest {
  readonly force: boolean;
  readonly hold: boolean;
  readonly dryRun: boolean;
}

/** How often the ledger is asked: a batch takes some hundred milliseconds. */
const LOOK_MS = 100;
/** So long without a session, an operation has no worker: between two steps a worker keeps its session. */
const ALONE_MS = 2000;

type Stopped = StopAllOperationsAnswer['operations'][number];

export async function stopAllOperations(
  request: StopAllOperationsRequest,
  deps: Invocation,
): Promise<StopAllOperationsAnswer> {
  return deps.withTarget('stop-all-operations', async (target) => {
    if (request.hold && !request.dryRun) {
      await applyLedger(target);
      await setHold(target);
    }
    if ((await ledgerVersion(target)) === 0)
      return { dryRun: request.dryRun, hold: null, operations: [], notes: ['the target database has no ledger yet'] };
    const notes: string[] = [];
    const operations = request.dryRun
      ? (await runningOperations(target)).map((each) => stoppedOf(each, 'running'))
      : request.force
        ? await force(target, deps, notes)
        : await waitFor(target, deps);
    return { dryRun: request.dryRun, hold: await readHold(target), operations, notes };
  });
}

const stoppedOf = (
  { operationId, operationType, mapName, entities }: RunningOperation,
  status: string,
  more: Partial<Pick<Stopped, 'fencedOff' | 'sessionsEnded'>> = {},
): Stopped => ({
  operationId,
  operationType,
  mapName,
  entities: [...entities],
  status,
  fencedOff: false,
  sessionsEnded: 0,
  ...more,
});

const statusOf = async (target: Session, operationId: string): Promise<string> =>
  (await findOperation(target, operationId))?.status ?? 'gone';

async function force(target: Session, deps: Invocation, notes: string[]): Promise<Stopped[]> {
  // A worker whose session is ended opens another one: this keeps it from beginning a batch until its fence is raised.
  await askToStop(target);
  const running = await runningOperations(target);
  const stopped: Stopped[] = [];
  for (const each of running) {
    const sessionsEnded = await endSessions(target, each.operationId);
    const fencedOff = await fenceOff(target, each.operationId);
    stopped.push(stoppedOf(each, await statusOf(target, each.operationId), { fencedOff, sessionsEnded }));
  }
  if (running.length > 0) notes.push(...(await cancelOnSource(running, deps)));
  return stopped;
}

/** What reads is cancelled too. An emergency must not fail because the source cannot be reached: then it is said. */
async function cancelOnSource(running: readonly RunningOperation[], deps: Invocation): Promise<string[]> {
  try {
    await deps.withSides('stop-all-operations', [], async ({ source }) => {
      for (const { operationId } of running) await cancelReading(source, operationId);
    });
    return [];
  } catch (error) {
    if (!(error instanceof PortageError)) throw error;
    return [`what still reads the source ends by itself, it could not be asked: ${error.message}`];
  }
}

/** @throws PortageError SYS005 when some worker does not come to a batch border in time */
async function waitFor(target: Session, deps: Invocation): Promise<Stopped[]> {
  await askToStop(target);
  const asked = await runningOperations(target);
  const aloneSince = new Map<string, number>();
  const fenced = new Set<string>();
  for (let left = asked; left.length > 0; left = await stillRunning(target, asked)) {
    for (const { operationId, sessions } of left) {
      if (sessions > 0) aloneSince.delete(operationId);
      else if (!aloneSince.has(operationId)) aloneSince.set(operationId, Date.now());
      else if (Date.now() - (aloneSince.get(operationId) ?? 0) >= ALONE_MS && (await fenceOff(target, operationId)))
        fenced.add(operationId);
    }
    if (deps.timeIsUp()) throw stillAtWork(await stillRunning(target, asked));
    await sleep(LOOK_MS);
  }
  const stopped: Stopped[] = [];
  for (const each of asked)
    stopped.push(
      stoppedOf(each, await statusOf(target, each.operationId), { fencedOff: fenced.has(each.operationId) }),
    );
  return stopped;
}

async function stillRunning(target: Session, asked: readonly RunningOperation[]): Promise<RunningOperation[]> {
  const names = new Set(asked.map(({ operationId }) => operationId));
  return (await runningOperations(target)).filter(({ operationId }) => names.has(operationId));
}

const stillAtWork = (left: readonly RunningOperation[]): PortageError =>
  new PortageError('SYS005', 'a worker has not come to a batch border in time; it was asked, and ends there', {
    got: left
      .map(({ operationId, entities }) => `${operationId} (${entities.join(', ') || 'between entities'})`)
      .join('; '),
    expected: 'every operation stopped',
  });
