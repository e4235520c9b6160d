import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { literalOrNull, qualifiedName, quoteIdentifier, quoteLiteral } from '../../shared/domain/identifiers.ts';

/** What a server reads between the quotes of an identifier or of a string literal. */
const readBack = (quoted: string, quote: string): string => quoted.slice(1, -1).replaceAll(quote + quote, quote);

test('an identifier reads back as the name that was meant', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      const quoted = quoteIdentifier(name);
      expect(readBack(quoted, '"')).toBe(name);
      expect(quoted.slice(1, -1).replaceAll('""', '')).not.toContain('"');
    }),
  );
});

test('a literal without a backslash reads back as the value that was meant', () => {
  fc.assert(
    fc.property(
      fc.string().filter((value) => !value.includes('\\')),
      (value) => expect(readBack(quoteLiteral(value), "'")).toBe(value),
    ),
  );
});

test('a backslash makes an escape string, set off from what stands before it', () => {
  expect(quoteLiteral(String.raw`C:\temp 'x'`)).toBe(String.raw` E'C:\\temp ''x'''`);
});

test('null is the word and not a text', () => {
  expect(literalOrNull(null)).toBe('NULL');
  expect(literalOrNull('NULL')).toBe("'NULL'");
});

test('a dot or a capital inside a name stays inside it', () => {
  expect(qualifiedName({ schema: 'old', name: 'Odd.Name' })).toBe('"old"."Odd.Name"');
});
