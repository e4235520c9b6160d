/**
 * What one execution of a state machine has room for. Entities go inline, so each of them is some events in the history of the
 * execution and a name or two in its state; Step Functions ends an execution that passes either limit where no Catch
 * sees it. A plan that would come near is refused before anything is written, by its number of entities.
 *
 * The events of a state: a Task has five (entered, scheduled, started, succeeded, exited), what only passes on has two, a
 * Map has four and two more an item. test/unit/execution-room.test.ts counts them in the definitions.
 */
import { PortageError } from './errors.ts';
import { LIMITS } from './scale.ts';

/** The rest is for steps that are tried again, and for those that are called again because they are not done. */
const SHARE_OF_EVENTS = 0.8;

/** Beside the Maps: plan, choices and gate. */
const AROUND = 30;

/** What a plan lists. */
export interface PlannedWork {
  readonly waves: number;
  /** Entities, and circles that go together. */
  readonly groups: number;
  readonly deletions: number;
}

export const eventsOfEstimates = (entities: number): number => AROUND + 11 * entities;

export const eventsOfMigration = ({ waves, groups, deletions }: PlannedWork): number =>
  AROUND + 8 * waves + 27 * groups + 11 * deletions;

/** @param lanes of each entity */
export const eventsOfSynchronization = (
  { waves, groups, deletions }: PlannedWork,
  entities: number,
  lanes: number,
): number => AROUND + 9 * entities + 8 * waves + (22 + 11 * lanes) * groups + 11 * deletions + 11 * entities;

export const eventsOfResolution = (entities: number, deletions: number): number =>
  AROUND + 11 * entities + 11 * deletions;

export const eventsOfRecovery = (stages: number, items: number): number => AROUND + 8 * stages + 13 * items;

/** Whether the history of one execution has room for so many. */
export const fitsHistory = (events: number): boolean => events <= LIMITS.events * SHARE_OF_EVENTS;

/** @throws PortageError SYS012 where it has not */
export function refuseCrowded(events: number, entities: number): void {
  if (fitsHistory(events)) return;
  const most = Math.floor((entities * LIMITS.events * SHARE_OF_EVENTS) / events);
  throw new PortageError('SYS012', `${entities} entities are more than one execution has room for`, {
    got: `about ${events} events of its history, of ${LIMITS.events}`,
    expected: `about ${most} entities at most`,
  });
}

/** What the estimate of one entity is in a state beside its name: ten counts of ten digits and a note, or what a rehearsal has cost. */
const ESTIMATE_BYTES = { read: 380, rehearsed: 620 } as const;
/** Rows that a rehearsal names, of all its entities; each with its reason. */
const REFUSED_ROWS = 300;
const REFUSED_BYTES = 400;
/** Of one entity. */
const MOST_REFUSED = 20;

/** Rows that a rehearsal names of one entity, where there are so many of them. */
export const refusedShown = (entities: number): number =>
  Math.min(MOST_REFUSED, Math.floor(REFUSED_ROWS / Math.max(1, entities)));

/**
 * @param bytes of the plan and the request, which stand beside the estimates
 * @throws PortageError SYS012 where the estimates of so many entities would not fit into one state
 */
export function refuseMoreEstimates(bytes: number, entities: readonly string[], rehearse: boolean): void {
  const each = rehearse ? ESTIMATE_BYTES.rehearsed : ESTIMATE_BYTES.read;
  const names = entities.reduce((sum, name) => sum + name.length, 0);
  const refused = rehearse ? Math.min(REFUSED_ROWS, entities.length * MOST_REFUSED) * REFUSED_BYTES : 0;
  refuseTooLarge(bytes + names + entities.length * each + refused, `a dry run of ${entities.length} entities`);
}

/** Lanes of each entity in a synchronization: as many as wanted, or fewer, before it is refused. */
export function lanesWithRoom(work: PlannedWork, entities: number, wanted: number): number {
  let lanes = wanted;
  while (lanes > 1 && !fitsHistory(eventsOfSynchronization(work, entities, lanes))) lanes -= 1;
  refuseCrowded(eventsOfSynchronization(work, entities, lanes), entities);
  return lanes;
}

/** @throws PortageError SYS012 where a state would be larger than the service takes */
export function refuseTooLarge(bytes: number, what: string): void {
  if (bytes <= LIMITS.payloadBytes) return;
  throw new PortageError('SYS012', `${what} is larger than a state may be`, {
    got: `${bytes} bytes`,
    expected: `at most ${LIMITS.payloadBytes} bytes`,
  });
}
