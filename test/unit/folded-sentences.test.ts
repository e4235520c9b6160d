// Sentences on a terminal: folded between words at its width; tables and commands stay as they are.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stripVTControlCharacters } from 'node:util';
import { processIo, type Io } from '../../cli/io.ts';
import { printAnswer } from '../../cli/output/answers.ts';
import { failureLines, toldOf } from '../../cli/output/failure.ts';
import { folded } from '../../cli/output/fold.ts';
import { foldingIo } from '../../cli/output/folding-io.ts';
import { NO_COUNTS } from '../../shared/contracts/migration.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { operationOf } from '../../shared/operations/catalogue.ts';

const plain = (_: string, text: string): string => text;
const painted = (_: string, text: string): string => `\u001b[31m${text}\u001b[39m`;
const lines = (text: string): string[] => stripVTControlCharacters(text).split('\n');

describe('a line', () => {
  test('goes on below where it is too long, and further in, so that the next one can be told from it', () => {
    expect(folded('one two three four', 10)).toBe('one two\n  three\n  four');
    expect(folded('  - one two three', 12)).toBe('  - one two\n    three');
    expect(folded('short\none two three', 10)).toBe('short\none two\n  three');
  });

  test('stays below its label', () => {
    expect(folded('  got       one two three four', 26)).toBe('  got       one two three\n            four');
    expect(lines(folded(`  ${painted('bold', 'got      ')} one two three four`, 26))).toEqual([
      '  got       one two three',
      '            four',
    ]);
  });

  test('stays as it is where it is a row of a table, or nobody looks', () => {
    const row = 'doctors  a name that is long  12,000';
    expect(folded(row, 20)).toBe(row);
    const remark = 'npx portage local status  # whether it runs';
    expect(folded(remark, 40)).toBe(remark);
    expect(folded('one two three four', undefined)).toBe('one two three four');
  });

  test('never breaks a word or a command, which goes to a line of its own', () => {
    const command = `npx portage differential-migration migrate --entities doctors --force-records '[["a b","c"]]'`;
    expect(folded(`Do this now: ${command}, or wait a little.`, 40)).toBe(
      `Do this now:\n  ${command},\n  or wait a little.`,
    );
    expect(folded(`  next      ${command}`, 40)).toBe(`  next      ${command}`);
    expect(folded('Continue with portage migration-analyzer resume-all and look', 30)).toBe(
      'Continue with\n  portage migration-analyzer resume-all\n  and look',
    );
    expect(folded(`See /a/very/long/path/that/is/one/word now`, 20)).toBe(
      'See\n  /a/very/long/path/that/is/one/word\n  now',
    );
  });
});

describe('on a terminal of 80 columns', () => {
  const before = [process.stdout, process.stderr].map(({ isTTY, columns }) => ({ isTTY, columns }));
  const be = (facts: readonly object[]): void =>
    [process.stdout, process.stderr].forEach((stream, i) => void Object.assign(stream, facts[i]));
  beforeAll(() =>
    be([
      { isTTY: true, columns: 80 },
      { isTTY: true, columns: 60 },
    ]),
  );
  afterAll(() => be(before));

  function io(paint = plain) {
    const printed = { out: '', err: '' };
    const own: Io = { ...processIo, paint, out: (text) => (printed.out += text), err: (text) => (printed.err += text) };
    return { printed, own };
  }
  const isCommand = (line: string): boolean => /^ +npx portage /.test(line);

  test.each([plain, painted])('an answer with sentences has no longer line but a command', (paint) => {
    const { printed, own } = io(paint);
    const entities = { doctors: { ...NO_COUNTS, read: 3, setAside: 2, durationMs: 10 } };
    const answer = {
      operationId: 'diff_migration_1',
      batchId: 'b',
      status: 'completed_with_findings',
      dryRun: false,
      entities,
      notes: [],
    };
    printAnswer(operationOf('differential-migration migrate')!, answer, own);
    expect(lines(printed.out).filter((line) => line.length > 80 && !isCommand(line))).toEqual([]);
    expect(lines(printed.out)).toContain(
      '  npx portage differential-migration set-aside --entity all, the rest went on.',
    );
  });

  test('a failure is folded below its labels, at the width of the other stream', () => {
    const { printed, own } = io();
    const error = new PortageError('SYS002', `${'a word '.repeat(20)}end`, { got: 'b '.repeat(60), expected: 'c' });
    foldingIo(own).err(failureLines(toldOf(error), false, plain));
    expect(lines(printed.err).filter((line) => line.length > 60)).toEqual([]);
    expect(printed.err.replaceAll(/\s+/g, ' ')).toContain(`${'a word '.repeat(20)}end`);
    expect(printed.err).toMatch(/\n {2}got {7}b b b/);
    expect(printed.err).toMatch(/\n {12}b b b/);
  });

  test('a drafted map and explained SQL are printed as they are, notes are folded', () => {
    const { printed, own } = io();
    const sql = `SELECT ${'a, '.repeat(60)}b`;
    printAnswer(
      operationOf('differential-migration init')!,
      { map: { name: 'word '.repeat(40) }, notes: ['n '.repeat(60)] },
      own,
    );
    expect(JSON.parse(printed.out)).toEqual({ name: 'word '.repeat(40) });
    expect(lines(printed.err).filter((line) => line.length > 60)).toEqual([]);
    const explained = { entities: [{ entity: 'x', statements: [{ side: 'source', purpose: 'reads', sql }] }] };
    printAnswer(operationOf('differential-migration explain')!, explained, own);
    expect(printed.out).toContain(`${sql};`);
  });
});
