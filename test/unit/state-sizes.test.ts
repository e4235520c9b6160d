// What a state holds at most is 256 KiB, and more ends an execution beyond every Catch. The largest states there are, computed:
// ten billion rows, a thousand tables, every check, names as long as PostgreSQL takes them.
import { describe, expect, test } from '@jest/globals';
import { chosen, MOST_OPERATIONS } from '../../functions/recovery/plan/choose-operations.ts';
import {
  finishMigrationInput,
  NO_COUNTS,
  planMigrationOutput,
  prepareEntityOutput,
} from '../../shared/contracts/migration.ts';
import { refusedShown, refuseMoreEstimates } from '../../shared/domain/execution-room.ts';
import { planRecoveryOutput } from '../../shared/contracts/recovery.ts';
import { planValidationOutput } from '../../shared/contracts/validation.ts';
import { MOST_ITEMS, pieceItems } from '../../shared/domain/piece-items.ts';
import { foreseenSlices } from '../../shared/domain/run-cost.ts';
import { LIMITS } from '../../shared/domain/scale.ts';

const ROWS = 10_000_000_000;
/** As PlanValidation cuts them: by ranges where an index serves, else a power of two of parts. */
const PIECE_ROWS = 4_000_000;
const PIECES = 2 ** Math.ceil(Math.log2(ROWS / PIECE_ROWS));
const CHECKS = ['integrity', 'relationships', 'completeness', 'performance'] as const;
const longName = (i: number): string => `e${i}`.padEnd(63, '_');
const EXECUTION = 'x'.repeat(80);
const OPERATION = 'diff_migration_20231201_123456_99';

/** Beside a plan stand the request, in which every entity is named, and the names of execution and operation. */
const bytesOf = (state: object, entities: readonly string[]): number =>
  Buffer.byteLength(
    JSON.stringify({ ...state, execution: EXECUTION, request: { command: 'differential-migration rollback-entity', entities } }), // prettier-ignore
  );

/** Of each entity so many pieces for each check. */
function plannedPieces(piecesOf: readonly number[]) {
  return CHECKS.flatMap((check) =>
    piecesOf.flatMap((count, i) => Array.from({ length: count }, () => ({ entity: longName(i), check }))),
  ).map((piece, number) => ({ ...piece, piece: number }));
}

describe('the plan of a validation', () => {
  test.each([
    ['one table of ten billion rows', [PIECES]],
    ['a hundred tables, one of them of ten billion rows', [PIECES, ...Array<number>(99).fill(1)]],
    ['a hundred tables of a hundred million rows', Array<number>(100).fill(32)],
    ['a thousand tables', Array<number>(1000).fill(1)],
  ])('of %s fits into a state, and every piece is in it once, in order', (_, counts) => {
    const pieces = plannedPieces(counts);
    const items = [...pieceItems(pieces)];
    const plan = planValidationOutput.parse({ operationId: OPERATION, lanes: 2, pieces: items, notices: [] });
    const state = { operationId: OPERATION, plan };

    expect(bytesOf(state, counts.map((__, i) => longName(i)))).toBeLessThan(LIMITS.payloadBytes * 0.85); // prettier-ignore
    expect(items.length).toBeLessThanOrEqual(MOST_ITEMS);
    const read = items.flatMap(({ piece, last }) =>
      Array.from({ length: last - piece + 1 }, (__, i) => pieces[piece + i]),
    );
    expect(read).toEqual(pieces);
    for (const { piece, entity, check } of items) expect(pieces[piece]).toEqual({ piece, entity, check });
    // A loop is nine events of an item's own history.
    const longest = Math.max(...items.map(({ piece, last }) => last - piece + 1));
    expect(longest * 9 * 10).toBeLessThan(LIMITS.events);
  });

  test('without the bound would not', () => {
    const plan = { operationId: OPERATION, lanes: 2, pieces: plannedPieces([PIECES]), notices: [] };
    expect(bytesOf({ plan }, [])).toBeGreaterThan(LIMITS.payloadBytes);
  });

  test('of ordinary tables is an item a piece, so that lanes have something to share', () => {
    const pieces = plannedPieces([3, 1]);
    expect(pieceItems(pieces)).toEqual(pieces.map((piece) => ({ ...piece, last: piece.piece })));
  });
});

test('the slices of ten billion rows fit into a state', () => {
  const key = '9223372036854775807';
  const slices = Array.from({ length: foreseenSlices(ROWS, 32) }, (_, slice) => ({ slice, from: key, to: key }));
  const output = prepareEntityOutput.parse({ operationId: OPERATION, entity: longName(0), checkpointId: key, fence: 1_000_000, sliceLanes: 32, slices }); // prettier-ignore

  expect(slices).toHaveLength(1000);
  expect(bytesOf(output, [longName(0)])).toBeLessThan(LIMITS.payloadBytes / 2);
});

describe('a migration', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => longName(i));
  const group = (entity: string) => ({ entities: [entity], cycle: false });
  const lanes = { entityLanes: 8, sliceLanes: 8 };
  const planOf = (waves: readonly (readonly string[])[]) =>
    planMigrationOutput.parse({
      ...{ operationId: OPERATION, dryRun: false, connectionRetries: 3, entityLanes: 8, entities: [], notices: [] },
      waves: waves.map((entities) => ({ groups: entities.map(group), ...lanes })),
      deletes: waves.flat().map((entity) => ({ entities: [entity] })),
    });

  test.each([
    ['side by side', [names(1000)]],
    ['one after the other', names(1000).map((name) => [name])],
  ])('of a thousand tables %s has a plan that fits into a state', (_, waves) => {
    expect(bytesOf({ plan: planOf(waves) }, [])).toBeLessThan(LIMITS.payloadBytes * 0.9);
  });

  const most = 9_999_999_999;
  const counts = Object.fromEntries(Object.keys(NO_COUNTS).map((name) => [name, most]));
  const rehearsal = (refused: number) => ({
    ...{ batches: most, walBytes: most, deadRows: most, longestMs: most },
    sequences: { [longName(1)]: most },
    refused: Array.from({ length: refused }, () => ({ entity: longName(1), legacyId: '1'.repeat(40), code: 'M003', reason: 'r'.repeat(200) })), // prettier-ignore
  });
  /** The state behind a dry run, where each entity has the most to tell. */
  const dryRun = (entities: readonly string[], rehearse: boolean): number => {
    const plan = { ...planOf([]), dryRun: true, entities: [...entities] };
    const notes = [`M006 ${'n'.repeat(80)}`];
    const refused = rehearse ? refusedShown(entities.length) : 0;
    const estimates = entities.map((entity) => ({ entity, counts, rehearsal: rehearse ? rehearsal(refused) : null, notes })); // prettier-ignore
    const state = finishMigrationInput.parse({
      operationId: OPERATION,
      execution: EXECUTION,
      request: {},
      plan,
      estimates,
    });
    return bytesOf(state, []);
  };
  const room = (entities: readonly string[], rehearse: boolean): boolean => {
    try {
      refuseMoreEstimates(bytesOf({ plan: { ...planOf([]), entities } }, []), entities, rehearse);
      return true;
    } catch {
      return false;
    }
  };

  test.each([
    [400, false],
    [1000, false],
    [14, true],
    [150, true],
    [320, true],
  ])(
    'that is tried without writing, of %d tables, rehearsed: %s, is refused where its estimates would not fit',
    (count, rehearse) => {
      const entities = names(count);
      const fits = dryRun(entities, rehearse) <= LIMITS.payloadBytes;
      if (room(entities, rehearse)) expect(fits).toBe(true);
      else expect(count).toBeGreaterThan(rehearse ? 150 : 400);
    },
  );

  test('that is tried without writing has room for hundreds of tables', () => {
    expect(room(names(400), false)).toBe(true);
    expect(room(names(150), true)).toBe(true);
    expect(room(names(1000), false)).toBe(false);
  });
});

describe('a rollback', () => {
  const operation = (i: number) => ({
    ...{ operationNo: i, operationId: `${OPERATION}_${i}`, operationType: 'synchronization', status: 'completed' },
    ...{ mapName: 'm', mapHash: 'h', entities: [longName(0)], cleanedUp: i % 2 === 1, takenBackBy: [] },
  });

  test('of more operations than a state has names for takes the newest, and says what is left', () => {
    const { operations, notices } = chosen(
      Array.from({ length: 10_000 }, (_, i) => operation(i)),
      null,
      false,
    );
    expect(operations.map(({ operationNo }) => operationNo).slice(0, 2)).toEqual([0, 2]);
    expect(operations).toHaveLength(MOST_OPERATIONS);
    expect(notices.at(-1)).toBe('one rollback takes back 2000 operations: the 3000 before them are left, ask again for those'); // prettier-ignore
    const items = [{ slice: 0, entities: [longName(0)] }];
    const plan = planRecoveryOutput.parse({
      ...{ operationId: OPERATION, kind: 'rollback', dryRun: true, lanes: 1, stages: [{ items }], items },
      ...{ operations: operations.map(({ operationId }) => operationId), notices },
    });
    expect(bytesOf(plan, [])).toBeLessThan(LIMITS.payloadBytes / 2);
  });
});
