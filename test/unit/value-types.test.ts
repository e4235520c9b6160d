// How a value of each type travels, and the form in which equality is exact (SEMANTICS 2 and 3).
import { describe, expect, test } from '@jest/globals';
import { exactForm, finalCast, isInteger, keyPart, wireType } from '../../shared/domain/value-types.ts';
import { arrayOf, column, domainOver, typeOf } from '../support/relations.ts';

const int4 = typeOf('int4');
const text = typeOf('text');
const citext = typeOf('citext', { schema: 'public', builtin: false });
const mood = typeOf('mood', { schema: 'public', builtin: false, kind: 'enum' });
const has = () => true;

describe('on the wire', () => {
  test.each([
    ['a built-in type is itself', int4, 'pg_catalog."int4"'],
    ['a domain is what it is made of', domainOver(int4), 'pg_catalog."int4"'],
    ['an enum is text', mood, 'pg_catalog."text"'],
    ['a type of an extension is text', citext, 'pg_catalog."text"'],
    ['a composite is text', typeOf('address', { kind: 'composite', builtin: false }), 'pg_catalog."text"'],
    ['a range is itself', typeOf('int4range', { kind: 'range', element: int4 }), 'pg_catalog."int4range"'],
    ['an array of a built-in type is itself', arrayOf(int4), 'pg_catalog."_int4"'],
    ['an array of a domain is an array of what it is made of', arrayOf(domainOver(int4)), 'pg_catalog."_int4"'],
    ['an array of an enum is an array of texts', arrayOf(mood), 'pg_catalog."_text"'],
    ['an oid names something of one server, so it is text', typeOf('oid'), 'pg_catalog."text"'],
    ['and so is a regclass', typeOf('regclass'), 'pg_catalog."text"'],
  ])('%s', (_, type, expected) => {
    expect(wireType(type, has)).toBe(expected);
  });

  test('what an older source lacks is text', () => {
    expect(wireType(typeOf('int4multirange', { kind: 'multirange' }), (name) => name !== 'int4multirange')).toBe(
      'pg_catalog."text"',
    );
    expect(wireType(arrayOf(typeOf('xid8')), has)).toBe('pg_catalog."_text"');
  });
});

describe('the exact form', () => {
  test.each(['int2', 'int4', 'uuid', 'bool', 'date', 'timestamp', 'timestamptz', 'bytea'])(
    'of %s is the value itself',
    (name) => expect(exactForm(typeOf(name), 't.x')).toBe('(t.x)'),
  );

  test.each([
    'numeric',
    'float8',
    'bpchar',
    'interval',
    'json',
    'jsonb',
    'xml',
    'point',
    'inet',
    'money',
    'time',
    'timetz',
  ])('of %s is its text, because = calls different values equal or is not there', (name) =>
    expect(exactForm(typeOf(name), 't.x')).toBe('(t.x)::text COLLATE "C"'),
  );

  test('of a text has the bytes decide, whatever collation its column has', () => {
    expect(exactForm(text, 't.x')).toBe('(t.x) COLLATE "C"');
    expect(exactForm(typeOf('varchar'), 't.x')).toBe('(t.x) COLLATE "C"');
  });

  test('of a domain is that of its base, so that both sides hash alike', () => {
    expect(exactForm(domainOver(int4), 't.x')).toBe('(t.x)::pg_catalog."int4"');
    expect(exactForm(domainOver(text), 't.x')).toBe('(t.x)::pg_catalog."text" COLLATE "C"');
  });

  test('of a type that is not built in, of an array and of an enum is its text', () => {
    for (const type of [citext, mood, arrayOf(int4)]) expect(exactForm(type, 't.x')).toBe('(t.x)::text COLLATE "C"');
  });
});

describe('the last cast', () => {
  test.each(['varchar', 'bpchar', 'bit', 'varbit'])(
    'to %s is left to the assignment, which refuses what a cast would cut',
    (name) => {
      const type = typeOf(name);
      expect(finalCast(column('c', type, { type: `${name}(5)` }), 'g.c0')).toBe('g.c0');
      expect(finalCast(column('c', domainOver(type)), 'g.c0')).toBe('g.c0');
      expect(finalCast(column('c', arrayOf(type)), 'g.c0')).toBe('g.c0');
    },
  );

  test('to any other type is explicit, with its modifier', () => {
    const numeric = column('c', typeOf('numeric'), { type: 'numeric(6,2)' });
    expect(finalCast(numeric, 'g.c0')).toBe('g.c0::numeric(6,2)');
  });
});

describe('keys', () => {
  test.each([
    ['int2', true],
    ['int8', true],
    ['numeric', false],
    ['text', false],
  ])('%s is on the number line: %p', (name, expected) => {
    expect(isInteger(typeOf(name))).toBe(expected);
    expect(isInteger(domainOver(typeOf(name)))).toBe(expected);
  });

  test("a child's value is cast to what its parent's key is", () => {
    expect(keyPart(column('k', int4), 's.ref')).toBe('(s.ref)::pg_catalog."int4"');
    expect(keyPart(column('k', citext), 's.ref')).toBe('(s.ref)::public.citext');
  });

  test('a padded key loses its padding on its way to text', () => {
    expect(keyPart(column('k', typeOf('bpchar')), 's.ref')).toBe('((s.ref)::pg_catalog."bpchar")::text');
  });
});
