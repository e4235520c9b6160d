// A row of a backup on its way to the database: byte by byte, and the server reads what stood in the file.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { copyFields, keyOf, mostBytes, type FieldForm, type RowText } from '../../shared/database/backup/row-text.ts';
import { trials } from '../campaign/size.ts';

type KeptRow = readonly (string | null)[];
const ODD = ['', 'a,b', '["x"]', 'line\nend', '"quoted"', 'ä€😀', '\\N', '\u2028', '],"end":{', 'null'];

describe('a row on its way to the database', () => {
  const forms = Array.from({ length: 11 }, () => ({}));
  const textOf = (line: string): RowText => ({ bytes: Buffer.from(line), from: 0, to: Buffer.byteLength(line) });
  const copied = (line: string, of: readonly FieldForm[] = forms): string => {
    const text = textOf(line);
    const out = Buffer.alloc(mostBytes(text));
    return out.toString('utf8', 0, copyFields(text, 11, of, out, 0));
  };
  const ESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '\\': '\\' };
  /** As the server reads it. */
  const received = (line: string): KeptRow =>
    line
      .split('\t')
      .map((field) =>
        field === '\\N'
          ? null
          : field.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, one: string) =>
              hex === undefined ? (ESCAPED[one] ?? one) : String.fromCharCode(parseInt(hex, 16)),
            ),
      );

  test('has the values that stand in the file', () => {
    const value = fc.option(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom(...ODD)));
    fc.assert(
      fc.property(fc.array(value, { minLength: 8, maxLength: 8 }), (values) => {
        const wanted = ['key', values[0] ?? null, 'i', ...values.map((each) => each?.replaceAll('\0', '') ?? null)];
        expect(received(copied(JSON.stringify(wanted)))).toEqual(wanted);
        expect(keyOf(textOf(JSON.stringify([values[1] ?? 'k', ...wanted.slice(1)])))).toBe(values[1] ?? 'k');
      }),
      { numRuns: trials(300, 20_000) },
    );
    expect(received(copied('["\\u0041\\u00e4\\ud83d\\ude00\\/\\u0009\\u005c",null,"i",null,null,null,null,null,null,null,null]'))[0]).toBe('Aä😀/\t\\'); // prettier-ignore
  });

  test('is left without bases that mean nothing today, and has bytes as bytes', () => {
    const line = '["1",null,"a",null,"5","6","ff00",null,null,"",null]';
    const some = forms.map((form, i) => (i === 4 ? { omitted: true } : i === 6 || i === 7 ? { hex: true } : form));
    expect(copied(line, some)).toBe(['1', '\\N', 'a', '\\N', '\\N', '6', '\\\\xff00', '\\N', '\\N', '', '\\N'].join('\t')); // prettier-ignore
  });

  test.each([
    '',
    '[]',
    '["1",null,"i",null,null,null,null,null,null,null]',
    '["1",null,"i",null,null,null,null,null,null,null,null,null]',
    '["1",null,"i",null,null,null,null,null,null,null,null] ',
    '["1",null,"i",null,null,null,null,null,null,null,1]',
    '["1",null,"i",null,null,null,null,null,null,null,nul]',
    '["1",null,"i",null,null,null,null,null,null,null,"open]',
    '["1",null,"i",null,null,null,null,null,null,null,"\\q"]',
    '["1",null,"i",null,null,null,null,null,null,null,"\\u12g4"]',
    '["1",null,"i",null,null,null,null,null,null,null,"\\ud83d"]',
    '["1",null,"i",null,null,null,null,null,null,null,"a\tb"]',
    '[null,null,"i",null,null,null,null,null,null,null,null]',
    '["1",null,null,null,null,null,null,null,null,null,null]',
    '["1",null,"x",null,null,null,null,null,null,null,null]',
    '["1",null,"ia",null,null,null,null,null,null,null,null]',
  ])('is refused as %s', (line) => {
    expect(() => copied(line)).toThrow(/a row/);
  });
});
