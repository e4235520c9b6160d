// The arithmetic of what one execution has room for, against the definitions themselves: the events of the longest way through
// each machine that calls nothing twice.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  eventsOfEstimates,
  eventsOfMigration,
  eventsOfRecovery,
  eventsOfResolution,
  eventsOfSynchronization,
  fitsHistory,
  lanesWithRoom,
  refuseCrowded,
  refuseTooLarge,
} from '../../shared/domain/execution-room.ts';
import { LONGEST_WAIT_SECONDS } from '../../shared/database/ledger/run-turns.ts';
import { LIMITS } from '../../shared/domain/scale.ts';

interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Seconds?: number;
  readonly Choices?: readonly { readonly Next: string }[];
  readonly ItemProcessor?: States & { readonly ProcessorConfig?: { readonly Mode: string } };
}
interface States {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}
/** How many items each Map has. */
type Items = Readonly<Record<string, number>>;

const EVENTS: Readonly<Record<string, number>> = { Task: 5, Choice: 2, Pass: 2, Wait: 2, Succeed: 2, Fail: 1 };

const definition = (area: string): States =>
  JSON.parse(
    readFileSync(join(import.meta.dirname, `../../infra/state-machines/definitions/${area}.asl.json`), 'utf8'),
  ) as States;

/** Of a distributed Map only its own: each of its items has a history of its own. */
function eventsOf(name: string, { Type: type, ItemProcessor: items }: State, counts: Items): number {
  if (items === undefined) return EVENTS[type]!;
  const inline = items.ProcessorConfig?.Mode !== 'DISTRIBUTED';
  return 4 + (inline ? (counts[name] ?? 0) * (2 + longest(items, items.StartAt, counts, [])) : 0);
}

function longest({ States: states, StartAt }: States, at: string, counts: Items, seen: readonly string[]): number {
  const state = states[at]!;
  const next = [state.Next, state.Default, ...(state.Choices ?? []).map((choice) => choice.Next)].filter(
    (name) => name !== undefined && !seen.includes(name) && name !== at,
  );
  const rest = next.map((name) => longest({ States: states, StartAt }, name!, counts, [...seen, at]));
  return eventsOf(at, state, counts) + Math.max(0, ...rest);
}

/** Start and end of the execution, and everything between. */
const counted = (area: string, counts: Items): number => {
  const machine = definition(area);
  return 2 + longest(machine, machine.StartAt, counts, []);
};

/** The formulas give what stands around the Maps generously, and each item exactly. */
function expectForeseen(foreseen: number, area: string, counts: Items, nothing: number): void {
  expect(foreseen - nothing).toBe(counted(area, counts) - counted(area, {}));
  expect(foreseen).toBeGreaterThanOrEqual(counted(area, counts));
}

describe('the history of an execution', () => {
  const none = { waves: 0, groups: 0, deletions: 0 };

  test('has so many events for each entity of a migration', () => {
    const [waves, groups, deletions] = [3, 15, 4];
    const items = { EachWave: waves, EachGroup: groups / waves, EachDeletion: deletions };
    expectForeseen(eventsOfMigration({ waves, groups, deletions }), 'migration', items, eventsOfMigration(none));
  });

  test('of a dry run', () => {
    const [few, many] = [20, 40].map((entities) => counted('migration', { EachEstimate: entities }));
    expect(eventsOfEstimates(40) - eventsOfEstimates(20)).toBe(many! - few!);
    expect(eventsOfEstimates(40)).toBeGreaterThanOrEqual(many!);
  });

  test.each([1, 4])('of a synchronization with %d lanes', (lanes) => {
    const work = { waves: 2, groups: 8, deletions: 3 };
    const items = { EachDetection: 9, EachWave: 2, EachGroup: 4, EachLane: lanes, EachDeletion: 3, EachTouched: 9 };
    expectForeseen(eventsOfSynchronization(work, 9, lanes), 'synchronization', items, eventsOfSynchronization(none, 0, lanes)); // prettier-ignore
  });

  test('of a resolution', () => {
    expectForeseen(eventsOfResolution(7, 2), 'resolution', { EachEntity: 7, EachDeletion: 2 }, eventsOfResolution(0, 0)); // prettier-ignore
  });

  test('of a recovery', () => {
    expectForeseen(eventsOfRecovery(5, 15), 'recovery', { EachStage: 5, EachItem: 3 }, eventsOfRecovery(0, 0));
  });

  test('has room for every look of a run that waits for its turn', () => {
    const { States: states } = definition('synchronization');
    const turn = ['BeginRun', 'Begun?', 'WaitForTurn'].map((name) => eventsOf(name, states[name]!, {}));
    const looks = LONGEST_WAIT_SECONDS / states['WaitForTurn']!.Seconds!;
    expect(looks * turn.reduce((sum, events) => sum + events, 0)).toBeLessThan(LIMITS.events * 0.8);
  });

  test('of a validation stays small, whatever it reads: its items have histories of their own', () => {
    expect(counted('validation', { EachPiece: 1_000 })).toBeLessThan(100);
  });
});

describe('entities', () => {
  const migration = (groups: number): number => eventsOfMigration({ waves: 20, groups, deletions: groups });
  const events = (entities: number): number => eventsOfSynchronization({ waves: 20, groups: entities, deletions: 0 }, entities, 1); // prettier-ignore

  test('go by the hundreds into one execution', () => {
    expect(fitsHistory(migration(500))).toBe(true);
    expect(fitsHistory(events(350))).toBe(true);
  });

  test('by the thousand are refused, with how many have room', () => {
    expect(() => refuseCrowded(migration(1_000), 1_000)).toThrow(
      '1000 entities are more than one execution has room for',
    );
    const refused = (() => {
      try {
        refuseCrowded(migration(1_000), 1_000);
        return null;
      } catch (error) {
        return error as { code: string; facts: { got: string; expected: string }; next: string };
      }
    })();
    expect(refused).toMatchObject({ code: 'SYS012', next: expect.stringContaining('--entities') });
    const most = Number(/about (\d+) entities/.exec(refused!.facts.expected)![1]);
    expect(migration(most)).toBeLessThan(LIMITS.events);
    expect(most).toBeGreaterThan(450);
  });

  test('of a synchronization get fewer lanes before they are refused', () => {
    const work = (groups: number) => ({ waves: 10, groups, deletions: 0 });
    expect(lanesWithRoom(work(100), 100, 8)).toBe(8);
    expect(lanesWithRoom(work(200), 200, 8)).toBeLessThan(8);
    expect(lanesWithRoom(work(350), 350, 8)).toBe(1);
    expect(() => lanesWithRoom(work(1_000), 1_000, 8)).toThrow(expect.objectContaining({ code: 'SYS012' }));
  });
});

test('a state is refused one byte above its limit', () => {
  refuseTooLarge(LIMITS.payloadBytes, 'it');
  expect(() => refuseTooLarge(LIMITS.payloadBytes + 1, 'it')).toThrow(expect.objectContaining({ code: 'SYS012' }));
});
