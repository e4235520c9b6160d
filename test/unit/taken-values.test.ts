// Who gets a value that several rows want (SEMANTICS 25).
import { describe, expect, test } from '@jest/globals';
import { refusedRows } from '../../shared/domain/taken-values.ts';

const claim = (key: string, holder: string | null, by: string | null = holder) => ({ key, name: 'code', holder, by });
const refused = (...given: Parameters<typeof refusedRows>) =>
  Object.fromEntries([...refusedRows(...given)].map(([key, { by }]) => [key, by]));

describe('a row is refused', () => {
  test('for a value of a row that keeps it, and so is whoever waits for that row', () => {
    expect(refused(['1', '2', '3'], [claim('1', null, '9'), claim('2', '1'), claim('3', '2')], [])).toEqual({
      1: '9',
      2: '1',
      3: '2',
    });
  });

  test('where an earlier one wants the same, unless that is refused itself', () => {
    const rivals = [{ name: 'code', keys: ['1', '2', '3'] }];
    expect(refused(['1', '2', '3'], [], rivals)).toEqual({ 2: '1', 3: '1' });
    expect(refused(['1', '2', '3'], [claim('1', null)], rivals)).toEqual({ 1: null, 3: '2' });
  });

  test('where it is in the way of one that is written, though not of one that is not', () => {
    const pairs = [
      ['1', '2'],
      ['2', '3'],
      ['3', '4'],
    ].map((keys) => ({ name: 'stay', keys }));
    expect(refused(['1', '2', '3', '4'], [], pairs)).toEqual({ 2: '1', 4: '3' });
  });
});

test('rows that give each other their values, in a ring or a chain with a free end, are not refused', () => {
  expect(refused(['1', '2', '3'], [claim('1', '2'), claim('2', '3'), claim('3', '1')], [])).toEqual({});
  expect(refused(['1', '2'], [claim('1', '2')], [])).toEqual({});
});
