import { describe, expect, test } from '@jest/globals';
import { hashOfRow, rowHash, type HashedForm } from '../../shared/domain/row-hash.ts';

const forms: readonly HashedForm[] = [
  { sql: 'a', as: 'int4' },
  { sql: 'b COLLATE "C"', as: 'text' },
  { sql: 'c', as: 'text' },
  { sql: 'd', as: 'date' },
];

describe('the hash of a row', () => {
  test('mixes that of each value under its own seed, NULL too, and is wrapped', () => {
    expect(rowHash(forms, 180000)).toBe(
      'hashint8extended(0, coalesce(hashint4extended(a, 1), -1) # coalesce(hashtextextended(b COLLATE "C", 2), -2)' +
        ' # coalesce(hashtextextended((c) COLLATE "C", 3), -3) # coalesce(hashdateextended(d, 4), -4))',
    );
  });

  test('goes by the hash of a row of one where a server before 18 lacks the function of a type', () => {
    expect(rowHash(forms.slice(3), 170000)).toBe(
      'hashint8extended(0, coalesce(CASE WHEN d IS NOT NULL THEN hash_record_extended(row(d), 1) END, -1))',
    );
  });

  test('is that of its text on a server before 14', () => {
    expect(rowHash(forms.slice(0, 2), 130099)).toBe('hashtextextended(row(a, b COLLATE "C")::text COLLATE "C", 0)');
  });

  test('of nothing is a number', () => expect(hashOfRow([], 'record', 180000)).toBe('hashint8extended(0, 0)'));
});
