import { describe, expect, test } from '@jest/globals';
import {
  CATALOGUE,
  codeOf,
  ERROR_CODES,
  isErrorCode,
  PortageError,
  TRANSIENT_CODES,
} from '../../shared/domain/errors.ts';
import { DataError, translated } from '../../shared/database/pg-errors.ts';

/** The table of SEMANTICS 37, where a code has one exit. */
const EXITS = {
  1: ['V001', 'V002', 'V003', 'V005', 'S005'],
  2: ['SYS002', 'S001', 'S004'],
  3: ['M001', 'M002', 'M005', 'S002', 'S003', 'SYS001', 'SYS003', 'SYS004', 'SYS005'],
} as const;

describe('the catalogue', () => {
  test.each(Object.entries(EXITS).flatMap(([exit, codes]) => codes.map((code) => [code, Number(exit)] as const)))(
    '%s ends the command with %i',
    (code, exit) => expect(new PortageError(code, '').exit).toBe(exit),
  );

  test('has the codes of the guide and a next step for each', () => {
    const guide = [...[1, 2, 3, 4, 5].flatMap((n) => [`M00${n}`, `S00${n}`, `V00${n}`, `SYS00${n}`])];
    expect(ERROR_CODES).toEqual(expect.arrayContaining(guide));
    for (const code of ERROR_CODES) expect(CATALOGUE[code].next).toMatch(/\w.*\w/);
  });

  test('retries what another try can cure, and nothing else', () => {
    expect(TRANSIENT_CODES).toEqual(['M002', 'M010', 'SYS001', 'SYS003', 'SYS011']);
  });

  test('knows its codes and no other name, not even of Object', () => {
    expect(isErrorCode('M001')).toBe(true);
    expect(['m001', 'M999', 'toString', 'constructor', ''].some(isErrorCode)).toBe(false);
  });
});

describe('an error', () => {
  test('has its code as name, which is what a state machine matches on', () => {
    const error = new PortageError('M005', 'damaged', { next: 'start anew' });
    expect(error).toMatchObject({ name: 'M005', code: 'M005', next: 'start anew', exit: 3 });
    expect(String(error)).toBe('M005: damaged');
    expect(new PortageError('M005', 'damaged').next).toBe(CATALOGUE.M005.next);
  });

  test('of somebody else is an internal one', () => {
    expect([codeOf(new TypeError('x')), codeOf(null), codeOf(new PortageError('M003', 'x'))]).toEqual([
      'SYS008',
      'SYS008',
      'M003',
    ]);
  });
});

describe('what a SQLSTATE means', () => {
  const thrown = (code: string, more: object = {}): Error =>
    Object.assign(new Error('server says so'), { code, ...more });

  test.each([
    ['40P01', 'M010'],
    ['40001', 'M010'],
    ['55P03', 'M010'],
    ['57014', 'M002'],
    ['53300', 'SYS003'],
    ['57P01', 'SYS001'],
    ['08006', 'SYS001'],
    ['ECONNREFUSED', 'SYS001'],
    ['42P01', 'SYS007'],
  ])('%s is %s', (state, code) => {
    const error = translated(thrown(state), 'target');
    expect(error).toMatchObject({ code });
    expect(error).not.toBeInstanceOf(DataError);
  });

  test.each([
    ['23503', 'M003'],
    ['23505', 'M012'],
    ['22P02', 'M012'],
    ['22023', 'M012'],
    ['P0001', 'M012'],
  ])('%s is the fault of a row, %s', (state, code) => {
    const error = translated(thrown(state, { table: 'doctors', constraint: 'one_name' }), 'target');
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ code, facts: { where: 'target doctors one_name' }, fault: { sqlstate: state } });
  });

  test('0A000 is the fault of a row where a number is converted, and of the statement elsewhere', () => {
    expect(translated(thrown('0A000', { file: 'numeric.c' }), 'source')).toBeInstanceOf(DataError);
    expect(translated(thrown('0A000', { file: 'rewriteHandler.c' }), 'target').code).toBe('SYS007');
  });

  test('a connection that ends without a code is a lost connection, anything else a defect', () => {
    expect(translated(new Error('Connection terminated unexpectedly'), 'source').code).toBe('SYS001');
    expect(translated(new Error('x is not a function'), 'source').code).toBe('SYS008');
    const own = new PortageError('M011', 'x');
    expect(translated(own, 'source')).toBe(own);
  });
});
