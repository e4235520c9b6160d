// What a state holds at most is 256 KiB, and more ends an execution beyond every Catch. The largest states there are, computed:
// ten billion rows, every check, names as long as PostgreSQL takes them.
import { describe, expect, test } from '@jest/globals';
import { chosen, MOST_OPERATIONS } from '../../functions/recovery/plan/choose-operations.ts';
import { planMigrationOutput, prepareEntityOutput } from '../../shared/contracts/migration.ts';
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
    ['two hundred and fifty tables', Array<number>(250).fill(1)],
  ])('of %s fits into a state, and every piece is in it once, in order', (_, counts) => {
    const pieces = plannedPieces(counts);
    const items = [...pieceItems(pieces)];
    const plan = planValidationOutput.parse({ operationId: OPERATION, lanes: 2, pieces: items, notices: [] });
    const state = { operationId: OPERATION, plan };

    expect(bytesOf(state, counts.map((__, i) => longName(i)))).toBeLessThan(LIMITS.payloadBytes * 0.75); // prettier-ignore
    expect(items.length).toBeLessThanOrEqual(MOST_ITEMS + counts.length * CHECKS.length);
    const read = items.flatMap(({ piece, last, entity, check }) =>
      Array.from({ length: last - piece + 1 }, (__, i) => ({ entity, check, piece: piece + i })),
    );
    expect(read).toEqual(pieces);
    // A loop is seven events of an item's own history.
    const longest = Math.max(...items.map(({ piece, last }) => last - piece + 1));
    expect(longest * 7 * 10).toBeLessThan(LIMITS.events);
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

test('the plan of a migration of five hundred tables fits into a state', () => {
  const entities = Array.from({ length: 500 }, (_, i) => longName(i));
  const plan = planMigrationOutput.parse({
    ...{ operationId: OPERATION, dryRun: false, connectionRetries: 3, entityLanes: 8, entities },
    waves: entities.map((entity) => ({ groups: [{ entities: [entity], cycle: false }], entityLanes: 8, sliceLanes: 8 })), // prettier-ignore
    deletes: entities.map((entity) => ({ entities: [entity] })),
    notices: [],
  });
  expect(bytesOf(plan, entities)).toBeLessThan(LIMITS.payloadBytes * 0.9);
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
