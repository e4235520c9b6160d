// What is believed of a row that is written to on both sides while it is looked at.
import { expect, test } from '@jest/globals';
import {
  areAlike,
  divergenceOf,
  movingRow,
  observe,
  type Divergence,
  type Image,
} from '../../shared/domain/moving-row.ts';

const WINDOW = 1_000;
const row = (...parts: readonly string[]): Image => ['present', ...parts];
const absent: Image = ['absent'];

/** Looks at both sides, one in each quarter of the window. */
function after(...looks: readonly (readonly [source: Image, target: Image])[]): Divergence | null {
  const seen = movingRow();
  looks.forEach(([source, target], i) => {
    observe(seen, source, target, i * (WINDOW / 4));
  });
  return divergenceOf(seen, WINDOW, WINDOW);
}

test.each([
  ['that stands still on both sides differs', [[row('a'), row('b')]], { presence: false, parts: [1] }],
  ['that the source lost, and the target has', [[absent, row('a')]], { presence: true, parts: [] }],
  [
    'of which the source stood still for half of the window, whatever the target does',
    [
      [row('a'), row('x')],
      [row('b'), row('y')],
      [row('b'), row('z')],
    ],
    { presence: false, parts: [1] },
  ],
  [
    'that the target does not follow while the source moves on',
    [
      [row('a'), row('x')],
      [row('b'), row('x')],
      [row('c'), row('x')],
      [row('d'), row('x')],
    ],
    { presence: false, parts: [1] },
  ],
  [
    'that moves as the source does, and never shows what it showed',
    [
      [row('1'), row('10')],
      [row('2'), row('20')],
      [row('3'), row('30')],
      [row('4'), row('40')],
    ],
    { presence: false, parts: [1] },
  ],
  [
    'that was alike, and was spoiled then',
    [
      [row('a'), row('b')],
      [row('b'), row('b')],
      [row('b'), row('c')],
      [row('b'), row('c')],
    ],
    { presence: false, parts: [1] },
  ],
  [
    'that never rests, but for what stands still in it',
    [
      [row('a', 'still'), row('z', 'spoiled')],
      [row('b', 'still'), row('a', 'spoiled')],
      [row('c', 'still'), row('b', 'spoiled')],
      [row('d', 'still'), row('c', 'spoiled')],
    ],
    { presence: false, parts: [2] },
  ],
] as const satisfies readonly (readonly [string, readonly (readonly [Image, Image])[], Divergence])[])(
  'a row %s is a difference',
  (_, looks, divergence) => {
    expect(after(...looks)).toEqual(divergence);
  },
);

test.each([
  [
    'that shows what the source showed just now',
    [
      [row('a'), row('a0')],
      [row('a'), row('a')],
      [row('a'), row('a')],
      [row('b'), row('a')],
    ],
  ],
  [
    'that moves behind the source',
    [
      [row('a'), row('x')],
      [row('b'), row('y')],
      [row('c'), row('b')],
      [row('d'), row('between two looks')],
    ],
  ],
  [
    'that came a moment ago, and has not arrived',
    [
      [absent, absent],
      [absent, absent],
      [absent, absent],
      [row('a'), absent],
    ],
  ],
] as const satisfies readonly (readonly [string, readonly (readonly [Image, Image])[]])[])(
  'a row %s is none',
  (_, looks) => {
    expect(after(...looks)).toBeNull();
  },
);

test('two images are alike where all of their parts are', () => {
  expect(areAlike(row('a', 'b'), row('a', 'b'))).toBe(true);
  expect(areAlike(row('a'), row('b'))).toBe(false);
  expect(areAlike(row('a'), absent)).toBe(false);
  expect(areAlike(row('a'), row('a', 'b'))).toBe(false);
});
