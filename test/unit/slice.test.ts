import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { slicesFrom } from '../../shared/domain/slice.ts';
import { allOf, inRange, keyLiteral } from '../../shared/database/sql/range.ts';

const bounds = fc.uniqueArray(fc.integer({ min: -50, max: 50 })).map((list) => list.sort((a, b) => a - b));
const holds = (from: string | null, to: string | null, key: number): boolean =>
  (from === null || key > Number(from)) && (to === null || key <= Number(to));

test('slices cover the line: every key is in exactly one', () => {
  fc.assert(
    fc.property(bounds, fc.integer({ min: -60, max: 60 }), (list, key) => {
      const slices = slicesFrom(list.map(String));
      expect(slices.filter(({ from, to }) => holds(from, to, key))).toHaveLength(1);
    }),
  );
});

test('each bound ends one slice and begins the next, and both ends are open', () => {
  expect(slicesFrom([])).toEqual([{ slice: 0, from: null, to: null }]);
  expect(slicesFrom(['3', '9'])).toEqual([
    { slice: 0, from: null, to: '3' },
    { slice: 1, from: '3', to: '9' },
    { slice: 2, from: '9', to: null },
  ]);
});

test('a text key is quoted, whatever it contains, and compared by bytes', () => {
  expect(keyLiteral('text', "O'Neill")).toBe(`'O''Neill' COLLATE "C"`);
  expect(keyLiteral('text', String.raw`a\b`)).toBe(String.raw` E'a\\b' COLLATE "C"`);
});

test.each(['1; drop table x', '1.5', '', ' 1', '0x1', '12345678901234567890', '--1', 'NaN'])(
  'an integer key is never anything but digits: %p is refused',
  (key) => {
    expect(() => keyLiteral('integer', key)).toThrow(expect.objectContaining({ name: 'SYS002' }));
  },
);

test('a range is open below its first key and closed at its last', () => {
  expect(inRange('integer', 'k', { from: '1', to: '5' })).toEqual([`k > '1'::bigint`, `k <= '5'::bigint`]);
  expect(allOf(inRange('text', 'k', { from: null, to: null }))).toBe('true');
});
