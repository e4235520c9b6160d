/** What our interpreter does where the library does otherwise than AWS, and the expressions of the subset. */
import { describe, expect, test } from '@jest/globals';
import type { Json, StateMachine } from '../../cli/local/asl/definition.ts';
import { Aborted } from '../../cli/local/asl/errors.ts';
import { interpret } from '../../cli/local/asl/interpret.ts';
import { fail, ours, task, type Handler } from './judge.ts';

describe('where the judge is wrong', () => {
  const lanes = (count: number): StateMachine => ({
    StartAt: 'Each',
    States: {
      Each: {
        Type: 'Map',
        MaxConcurrency: count,
        ItemProcessor: { StartAt: 'Item', States: { Item: task({ End: true }) } },
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Record' }],
        End: true,
      },
      Record: task({ End: true }),
    },
  });

  test('no item begins once its Map has failed', async () => {
    const { calls } = await ours(lanes(1), [1, 2, 3], (state, payload) =>
      state === 'Item' && payload === 1 ? fail('M012') : {},
    );
    expect(calls).toEqual(['Item 1', expect.stringMatching(/^Record/)]);
  });

  test('no item begins after a stop, and nothing catches a stop', async () => {
    const stop = new AbortController();
    const calls: Json[] = [];
    const run = interpret(
      {
        machine: lanes(2),
        context: {},
        signal: stop.signal,
        call: async (_, payload) => {
          calls.push(payload);
          if (calls.length === 2) stop.abort();
          return {};
        },
      },
      [1, 2, 3, 4, 5],
    );
    await expect(run).rejects.toThrow(Aborted);
    expect(calls).toEqual([1, 2]);
  });

  test('the results of a Map together are measured', async () => {
    const handler: Handler = (state) => (state === 'Item' ? 'x'.repeat(100_000) : {});
    expect((await ours(lanes(3), [1, 2, 3], handler)).end).toMatchObject({ failed: 'States.DataLimitExceeded' });
  });

  test('lanes are kept full and never exceeded', async () => {
    let now = 0;
    let most = 0;
    await interpret(
      {
        machine: lanes(3),
        context: {},
        signal: new AbortController().signal,
        call: async () => {
          most = Math.max(most, ++now);
          await new Promise((done) => setTimeout(done, 1));
          now--;
          return {};
        },
      },
      Array.from({ length: 20 }, (_, i) => i),
    );
    expect(most).toBe(3);
  });
});

test.each([
  ['$.a[0].b', { a: [{ b: 5 }] }, 5],
  ["$['a key']", { 'a key': 1 }, 1],
  ["States.Format('{}/{} \\{\\}', $.a, 'it\\'s')", { a: 1 }, "1/it's {}"],
  ['States.ArrayLength($.a)', { a: [1, 2] }, 2],
  ['States.MathAdd($.a, -1)', { a: 3 }, 2],
])('%s is evaluated', async (expression, input, expected) => {
  const machine: StateMachine = {
    StartAt: 'P',
    States: { P: { Type: 'Pass', Parameters: { 'x.$': expression }, End: true } },
  };
  expect((await ours(machine, input, () => ({}))).end).toEqual({ x: expected });
});

test.each(['$.absent', '$..a', '$.a[*]', "States.Hash($.a, 'MD5')"])(
  '%s ends the execution: it is absent, or outside the subset',
  async (expression) => {
    const machine: StateMachine = {
      StartAt: 'P',
      States: { P: { Type: 'Pass', Parameters: { 'x.$': expression }, End: true } },
    };
    expect((await ours(machine, { a: [1] }, () => ({}))).end).toMatchObject({ failed: 'States.Runtime' });
  },
);
