/** Our interpreter against aws-local-stepfunctions: the same definitions, the same calls in the same order, the same end. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json, JsonObject, State, StateMachine } from '../../cli/local/asl/definition.ts';
import { expectSame, fail, RETRY, task, type Handler } from './judge.ts';

/** The machine itself, with steps that do nothing but what the contracts say; one lane, so that the order is certain. */
const MIGRATION = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../infra/state-machines/definitions/migration.asl.json'), 'utf8'),
) as StateMachine;
const PLAN = {
  operationId: 'o1',
  dryRun: false,
  connectionRetries: 0,
  entityLanes: 1,
  deletes: [],
  notices: [],
  entities: ['offices', 'doctors'],
  waves: [
    { groups: [{ entities: ['offices'], cycle: false }], entityLanes: 1, sliceLanes: 1 },
    {
      groups: [
        { entities: ['doctors'], cycle: false },
        { entities: ['a', 'b'], cycle: true },
      ],
      entityLanes: 1,
      sliceLanes: 1,
    },
  ],
};
const STEPS: Readonly<Record<string, (given: JsonObject, call: number) => Json>> = {
  PlanMigration: () => PLAN,
  PrepareEntity: ({ operationId, entity, sliceLanes }) => ({
    ...({ operationId, entity, sliceLanes, checkpointId: 'c', fence: 1 } as JsonObject),
    slices: [0, 1].map((slice) => ({ slice, from: null, to: null })),
  }),
  EstimateEntity: (given, call) => ({ ...given, counts: {}, rehearsal: null, notes: [], done: call % 2 === 0 }),
  FinishMigration: ({ operationId }) => ({ operationId: operationId!, status: 'completed' }),
  FailMigration: ({ error }) => error!,
};
/** What a test wishes otherwise; undefined leaves the step as it is. */
type Special = (state: string, given: JsonObject, call: number) => Json | undefined;
const stepsWith =
  (special: Special): Handler =>
  (state, payload, call) => {
    const given = payload as JsonObject;
    // Every other call of a step in a loop says that it is done.
    const looping = (): Json => ({ ...given, done: call % 2 === 0 });
    return special(state, given, call) ?? STEPS[state]?.(given, call) ?? looping();
  };

describe('the migration machine ends as the judge says', () => {
  test.each<[string, Special]>([
    ['when all goes well', () => undefined],
    ['when it is a dry run', (state) => (state === 'PlanMigration' ? { ...PLAN, dryRun: true } : undefined)],
    ['when there is nothing to do', (state) => (state === 'PlanMigration' ? { ...PLAN, waves: [] } : undefined)],
    ['when a slice fails for good', (state) => (state === 'MigrateSlice' ? fail('M012') : undefined)],
    ['when an entity cannot be prepared', (state) => (state === 'PrepareEntity' ? fail('M001') : undefined)],
    ['when a cycle cannot be loaded', (state) => (state === 'MigrateCycle' ? fail('M007') : undefined)],
    [
      'when a transient error passes',
      (state, _, call) => (state === 'MigrateSlice' && call < 5 ? fail('SYS001') : undefined),
    ],
    ['when a transient error stays', (state) => (state === 'MigrateSlice' ? fail('SYS003') : undefined)],
    [
      'when Lambda throttles',
      (_state, _given, call) => (call < 4 ? fail('Lambda.TooManyRequestsException') : undefined),
    ],
    ['when the plan fails', (state) => (state === 'PlanMigration' ? fail('M001') : undefined)],
    [
      'when an estimate fails',
      (state) =>
        state === 'PlanMigration' ? { ...PLAN, dryRun: true } : state === 'EstimateEntity' ? fail('SYS007') : undefined,
    ],
    ['when the gate fails', (state) => (state === 'FinishMigration' ? fail('M013') : undefined)],
    [
      'when the failure cannot be recorded',
      (state) => (state.startsWith('Fi') || state.startsWith('FailM') ? fail('SYS007') : undefined),
    ],
    [
      'when the failure of an entity cannot be recorded',
      (state) => (state.startsWith('Fail') || state === 'LinkReferences' ? fail('SYS007') : undefined),
    ],
  ])('%s', async (_, special) => {
    const { calls } = await expectSame(MIGRATION, { command: 'differential-migration migrate' }, stepsWith(special));
    expect(calls.length).toBeGreaterThan(0);
  });
});

test('random machines of the subset end as the judge says', async () => {
  const result: fc.Arbitrary<Json> = fc.oneof(
    fc.record({ done: fc.boolean(), n: fc.integer({ min: 0, max: 3 }), text: fc.string({ maxLength: 3 }) }),
    fc.record({ n: fc.integer(), list: fc.array(fc.record({ n: fc.nat() }), { maxLength: 3 }) }),
  );
  const outcomes = fc.array(fc.oneof(result, fc.constantFrom('!SYS001', '!M012', '!States.Timeout')), {
    minLength: 1,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }).chain(chainOfStates), outcomes, async (machine, planned) => {
      const handler: Handler = (_state, _payload, call) => {
        const next = planned[(call - 1) % planned.length]!;
        return typeof next === 'string' && next.startsWith('!') ? fail(next.slice(1)) : next;
      };
      await expectSame(machine, { n: 1, done: false, list: [{ n: 1 }, { n: 2 }] }, handler);
    }),
    { numRuns: 300 },
  );
});

/** States in a row, each going to the next; catches and choices lead forward, so that every machine ends. */
function chainOfStates(length: number): fc.Arbitrary<StateMachine> {
  return fc.tuple(...Array.from({ length }, (_, i) => oneState(i, length, 1))).map((states) => ({
    StartAt: 'S0',
    States: Object.fromEntries([
      ...states.map((state, i) => [`S${i}`, state]),
      [`S${length}`, { Type: 'Succeed' }],
    ]) as Record<string, State>,
  }));
}

function oneState(i: number, length: number, depth: number, contained = false): fc.Arbitrary<State> {
  const Next = `S${i + 1}`;
  const later = fc.integer({ min: i + 1, max: length }).map((n) => `S${n}`);
  const guards = fc.record({
    Retry: fc.constantFrom(
      RETRY,
      [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 1, JitterStrategy: 'FULL' }],
      [],
    ),
    // An item of a Map must not fail: where one does, the judge goes on with the others (below).
    Catch: contained
      ? later.map((next) => [{ ErrorEquals: ['States.ALL'], Next: next }])
      : fc.oneof(
          fc.constant([]),
          later.map((next) => [{ ErrorEquals: ['M012'], ResultPath: '$.error', Next: next }]),
          later.map((next) => [{ ErrorEquals: ['States.ALL'], ResultPath: '$.a.b', Next: next }]),
        ),
    ResultPath: fc.constantFrom('$.result', null, '$.deep.er'),
  });
  const tasks = guards.map((guard) => task({ ...guard, Next }));
  const parameters = guards.map((guard) =>
    task({ ...guard, Parameters: { 'all.$': '$', fixed: [1, { two: 2 }] }, Next }),
  );
  const passes = fc
    .constantFrom(
      { Result: { x: 1 }, ResultPath: '$.passed' },
      { Parameters: { 'in.$': '$', 'text.$': "States.Format('<{}>', 'a,b')" } },
    )
    .map((more): State => {
      const state = { Type: 'Pass', ...more, Next };
      return state as State;
    });
  const choices = fc
    .tuple(
      later,
      fc.constantFrom(
        { Variable: '$.result.done', BooleanEquals: true },
        { Variable: '$.n', NumericGreaterThan: 1 },
        { Variable: '$.result.text', StringEquals: 'a' },
      ),
    )
    .map(
      ([next, rule]) =>
        ({
          Type: 'Choice',
          Choices: [{ And: [{ Variable: rule.Variable, IsPresent: true }, rule], Next: next }],
          Default: Next,
        }) as unknown as State,
    );
  if (depth === 0) return fc.oneof(tasks, parameters, passes, choices);
  const maps = fc.tuple(guards, chainInside()).map(
    ([guard, inside]) =>
      ({
        Type: 'Map',
        // In a state that lost the list, a Map fails alike on both sides only in its name: give it one of its own.
        ItemsPath: '$$.Execution.Input.list',
        MaxConcurrency: 1,
        ItemSelector: { 'n.$': '$$.Map.Item.Value.n', 'at.$': '$$.Map.Item.Index', 'from.$': '$' },
        ItemProcessor: inside,
        Catch: guard.Catch,
        ResultPath: guard.ResultPath,
        Next,
      }) as unknown as State,
  );
  return fc.oneof(tasks, parameters, passes, choices, maps);
}

const chainInside = (): fc.Arbitrary<StateMachine> =>
  fc.tuple(oneState(0, 2, 0, true), oneState(1, 2, 0, true)).map(([first, second]) => ({
    StartAt: 'S0',
    States: { S0: first, S1: second, S2: { Type: 'Succeed' } },
  }));
