/** The checker of the subset is itself checked: a definition that is right, and one planted fault for each of its rules. */
import { describe, expect, test } from '@jest/globals';
import { SUBSET_RULES, subsetFaults, type SubsetRule } from '../../shared/domain/definition-subset.ts';

type Fields = Record<string, unknown>;

const task = (more: Fields = {}): Fields => ({
  Type: 'Task',
  Resource: 'arn:aws:lambda:local:000000000000:function:Work',
  TimeoutSeconds: 90,
  Retry: [{ ErrorEquals: ['SYS001'] }],
  Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Ended' }],
  Next: 'Ended',
  ...more,
});
const ended: Fields = { Type: 'Pass', Result: {}, End: true };
const choice = (more: Fields = {}): Fields => ({
  Type: 'Choice',
  Choices: [{ Variable: '$.done', BooleanEquals: true, Next: 'Ended' }],
  Default: 'Ended',
  ...more,
});
const map = (more: Fields = {}): Fields => ({
  Type: 'Map',
  ItemsPath: '$.items',
  ItemSelector: { item: 1, 'name.$': '$$.Execution.Name', 'value.$': '$$.Map.Item.Value' },
  MaxConcurrency: 2,
  ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, StartAt: 'Inner', States: inner() },
  ResultPath: null,
  Next: 'Ended',
  ...more,
});
const inner = (states: Fields = {}): Fields => ({
  Inner: task({ Next: 'InnerEnded' }),
  InnerEnded: ended,
  ...states,
});
const distributed = (config: Fields, more: Fields = {}): Fields =>
  map({ ...more, ItemProcessor: { ProcessorConfig: config, StartAt: 'Inner', States: inner() } });
const itemOf = (states: Fields): Fields =>
  map({ ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, StartAt: 'Inner', States: inner(states) } });
const machine = (states: Fields, more: Fields = {}): Fields => ({
  StartAt: 'Work',
  States: { Ended: ended, ...states },
  ...more,
});
const condition = (...conditions: readonly Fields[]): Fields =>
  machine({ Ask: choice({ Choices: conditions.map((one) => ({ ...one, Next: 'Ended' })) }) });

const RIGHT: readonly (readonly [string, Fields])[] = [
  ['a task, a choice and a map', machine({ Work: task(), Ask: choice(), Each: map() })],
  ['absence as the negation of presence', condition({ Not: { Variable: '$.name', IsPresent: true } })],
  [
    'intrinsics that both sides know',
    machine({
      Work: task({
        Parameters: {
          'text.$': "States.Format('States.UUID() {} [*]', $.a)",
          'n.$': 'States.MathAdd($.n, States.ArrayLength($.list))',
        },
      }),
    }),
  ],
  [
    'a distributed map',
    machine({ Each: distributed({ Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, { MaxConcurrency: 500 }) }),
  ],
  ['a bound from the state', machine({ Each: map({ MaxConcurrency: undefined, MaxConcurrencyPath: '$.lanes' }) })],
  ['results that are the answer', machine({ EachEstimate: map({ ResultPath: '$.estimates' }) })],
  ['a wait', machine({ Pause: { Type: 'Wait', Seconds: 5, Next: 'Ended' } })],
  [
    'a failure with a code from the state',
    machine({ Bad: { Type: 'Fail', ErrorPath: '$.Error', CausePath: '$.Cause' } }),
  ],
];

const PLANTED: readonly (readonly [SubsetRule, string, Fields])[] = [
  ['query-language', 'JSONata for the machine', machine({}, { QueryLanguage: 'JSONata' })],
  ['query-language', 'JSONata for one state', machine({ Work: task({ QueryLanguage: 'JSONata' }) })],
  ['state-type', 'Parallel', machine({ Both: { Type: 'Parallel', Branches: [], End: true } })],
  ['unknown-field', 'InputPath', machine({ Work: task({ InputPath: '$.a' }) })],
  ['unknown-field', 'a heartbeat', machine({ Work: task({ HeartbeatSeconds: 5 }) })],
  ['unknown-field', 'variables', machine({ Ended: { ...ended, Assign: { a: 1 } } })],
  ['unknown-field', 'batches of items', machine({ Each: map({ ItemBatcher: { MaxItemsPerBatch: 5 } }) })],
  ['unknown-field', 'tolerated failures', machine({ Each: map({ ToleratedFailurePercentage: 10 }) })],
  ['unknown-field', 'items from the bucket', machine({ Each: map({ ItemReader: {} }) })],
  ['unknown-field', 'a map of the old form', machine({ Each: map({ Iterator: { States: {} } }) })],
  ['unique-names', 'one name in and outside a map', machine({ Inner: task(), Each: map() })],
  ['task-name', 'a name that is no file', machine({ 'Do work': task() })],
  [
    'task-resource',
    'the answer wrapped by an integration',
    machine({ Work: task({ Resource: 'arn:aws:states:::lambda:invoke' }) }),
  ],
  ['task-timeout', 'none', machine({ Work: task({ TimeoutSeconds: undefined }) })],
  ['task-timeout', 'longer than a timer holds', machine({ Work: task({ TimeoutSeconds: 2_147_484 }) })],
  ['task-retry', 'none', machine({ Work: task({ Retry: undefined }) })],
  ['task-retry', 'an empty one', machine({ Work: task({ Retry: [] }) })],
  ['catch-all', 'none', machine({ Work: task({ Catch: undefined }) })],
  ['catch-all', 'one code', machine({ Work: task({ Catch: [{ ErrorEquals: ['M001'], Next: 'Ended' }] }) })],
  [
    'catch-all',
    'two',
    machine({
      Work: task({
        Catch: [
          { ErrorEquals: ['States.ALL'], Next: 'Ended' },
          { ErrorEquals: ['States.ALL'], Next: 'Ended' },
        ],
      }),
    }),
  ],
  [
    'catch-all',
    'a map that catches one code',
    machine({ Each: map({ Catch: [{ ErrorEquals: ['M001'], Next: 'Ended' }] }) }),
  ],
  ['choice-default', 'none', machine({ Ask: choice({ Default: undefined }) })],
  ['choice-condition', 'no choices', machine({ Ask: choice({ Choices: [] }) })],
  ['choice-condition', 'absence as presence that is false', condition({ Variable: '$.a', IsPresent: false })],
  ['choice-condition', 'an operator that is not decided alike', condition({ Variable: '$.a', StringMatches: 'a*' })],
  ['choice-condition', 'a comparison with another field', condition({ Variable: '$.a', NumericEqualsPath: '$.b' })],
  ['choice-condition', 'the context', condition({ Variable: '$$.Execution.Name', StringEquals: 'a' })],
  [
    'choice-condition',
    'one field as two types',
    condition({ Variable: '$.a', StringEquals: '1' }, { Variable: '$.a', NumericEquals: 1 }),
  ],
  ['choice-condition', 'a constant of another type', condition({ Variable: '$.a', BooleanEquals: 'true' })],
  [
    'choice-condition',
    'a fault deep inside',
    condition({ Or: [{ And: [{ Not: { Variable: '$.a', IsNull: true } }] }] }),
  ],
  ['result-path', 'the whole state', machine({ Work: task({ ResultPath: '$' }) })],
  [
    'result-path',
    'the whole state, of a Catch',
    machine({ Work: task({ Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$', Next: 'Ended' }] }) }),
  ],
  ['result-path', 'an element of a list', machine({ Work: task({ ResultPath: '$.list[0]' }) })],
  ['pass-result', 'zero', machine({ Ended: { Type: 'Pass', Result: 0, End: true } })],
  ['pass-result', 'null', machine({ Ended: { Type: 'Pass', Result: null, End: true } })],
  ['intrinsic', 'a random id', machine({ Work: task({ Parameters: { 'id.$': 'States.UUID()' } }) })],
  [
    'intrinsic',
    'one nested in another',
    machine({ Work: task({ Parameters: { a: { 'n.$': 'States.ArrayLength(States.Array($.a))' } } }) }),
  ],
  ['path', 'a wildcard', machine({ Work: task({ Parameters: { 'all.$': '$.items[*].id' } }) })],
  [
    'path',
    'a wildcard inside a call',
    machine({ Work: task({ Parameters: { 'n.$': 'States.ArrayLength($.items[*])' } }) }),
  ],
  ['path', 'a descent', machine({ Work: task({ ResultSelector: { 'all.$': '$..id' } }) })],
  ['path', 'a filter, in a list', machine({ Work: task({ Parameters: { list: [{ 'a.$': '$.items[?(@.ok)]' }] } }) })],
  ['context', 'when it started', machine({ Work: task({ Parameters: { 'at.$': '$$.Execution.StartTime' } }) })],
  [
    'context',
    'the execution, inside an item',
    machine({ Each: itemOf({ Inner: task({ Next: 'InnerEnded', Parameters: { 'name.$': '$$.Execution.Name' } }) }) }),
  ],
  [
    'context',
    'the item, inside an item',
    machine({ Each: itemOf({ Inner: task({ Next: 'InnerEnded', Parameters: { 'a.$': '$$.Map.Item.Value' } }) }) }),
  ],
  [
    'context',
    'the execution, in the selector of a map inside an item',
    machine({
      Each: itemOf({
        Deep: map({
          ItemSelector: { 'a.$': '$$.Execution.Input' },
          ItemProcessor: { States: { DeepEnded: ended } },
          Next: 'InnerEnded',
        }),
      }),
    }),
  ],
  ['wait', 'for a moment in time', machine({ Pause: { Type: 'Wait', Seconds: 0, Next: 'Ended' } })],
  ['fail', 'no code', machine({ Bad: { Type: 'Fail', Cause: 'because' } })],
  [
    'fail',
    'a call for a cause',
    machine({ Bad: { Type: 'Fail', Error: 'M001', CausePath: "States.Format('{}', $.a)" } }),
  ],
  ['map-fields', 'no items', machine({ Each: map({ ItemsPath: undefined }) })],
  ['map-fields', 'no selector', machine({ Each: map({ ItemSelector: undefined }) })],
  ['map-concurrency', 'not said', machine({ Each: map({ MaxConcurrency: undefined }) })],
  ['map-concurrency', 'without bound', machine({ Each: map({ MaxConcurrency: 0 }) })],
  ['map-concurrency', 'more than AWS runs inline', machine({ Each: map({ MaxConcurrency: 41 }) })],
  ['map-result', 'kept', machine({ Each: map({ ResultPath: '$.results' }) })],
  ['map-result', 'in place of the state', machine({ Each: map({ ResultPath: undefined }) })],
  [
    'distributed',
    'express executions',
    machine({ Each: distributed({ Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' }) }),
  ],
  ['item-end', 'with the result of a task', machine({ Each: itemOf({ Inner: task({ Next: undefined, End: true }) }) })],
  ['item-end', 'with its whole state', machine({ Each: itemOf({ InnerEnded: { Type: 'Succeed' } }) })],
  [
    'item-end',
    'with a failure',
    machine({ EachEstimate: itemOf({ Bad: { Type: 'Fail', Error: 'M001', Cause: 'c' } }) }),
  ],
];

describe('the subset', () => {
  test.each(RIGHT)('has %s', (_, definition) => {
    expect(subsetFaults(definition)).toEqual([]);
  });

  test.each(PLANTED)('refuses by %s: %s', (rule, _, definition) => {
    expect(subsetFaults(definition).map((fault) => fault.rule)).toContain(rule);
  });

  test('has a planted fault for each of its rules', () => {
    expect(new Set(PLANTED.map(([rule]) => rule))).toEqual(new Set(SUBSET_RULES));
  });

  test('says every fault, and in which state', () => {
    const faults = subsetFaults(
      machine({ Work: task({ TimeoutSeconds: 0, Retry: [] }), Ask: choice({ Default: undefined }) }),
    );

    expect(faults.map(({ rule, state }) => [rule, state])).toEqual([
      ['task-timeout', 'Work'],
      ['task-retry', 'Work'],
      ['choice-default', 'Ask'],
    ]);
  });

  test.each([[null], ['text'], [{}], [{ States: { Odd: null } }]])('takes %p for no machine without failing', (odd) => {
    expect(() => subsetFaults(odd)).not.toThrow();
  });
});
