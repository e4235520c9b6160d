import { describe, expect, test } from '@jest/globals';
import { parse } from '../../cli/parse.ts';
import { UsageError } from '../../cli/usage-error.ts';
import { CATALOGUE_OF_OPERATIONS } from '../../shared/operations/catalogue.ts';
import { commandOf, fieldOf } from '../../shared/operations/operation.ts';

/** As a shell takes a line apart: quotes hold words together. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain ?? '');
const read = (line: string) => parse(wordsOf(line), '1.2.3');
function inputOf(line: string): unknown {
  const parsed = read(line);
  if (parsed.kind !== 'operation') throw new Error(`${line} is no operation`);
  return parsed.input;
}
function usageOf(line: string): UsageError {
  try {
    read(line);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`${line} was accepted`);
}

describe('the catalogue', () => {
  test.each(CATALOGUE_OF_OPERATIONS.map((op) => [commandOf(op), op] as const))(
    '%s: every example is a command line that is accepted',
    (_, op) => {
      expect(op.examples.length).toBeGreaterThanOrEqual(2);
      for (const example of op.examples)
        expect(inputOf(example.replace(/ >.*/, ''))).toMatchObject({ command: commandOf(op) });
    },
  );

  test.each(CATALOGUE_OF_OPERATIONS.map((op) => [commandOf(op), op] as const))('%s: help names every flag', (_, op) => {
    const parsed = read(`${commandOf(op)} --help`);
    if (parsed.kind !== 'help') throw new Error('no help');
    for (const flag of op.flags) expect(parsed.text).toContain(`--${flag.name}`);
    expect(parsed.text.replace(/\s+/g, ' ')).toContain(op.purpose);
  });

  test.each(CATALOGUE_OF_OPERATIONS.map((op) => [commandOf(op), op] as const))(
    '%s: every field of the input has a flag',
    (_, op) => {
      const fields = Object.keys((op.input as unknown as { shape: object }).shape).filter(
        (field) => field !== 'command',
      );
      expect(new Set(op.flags.filter((flag) => flag.cliOnly !== true).map(fieldOf))).toEqual(new Set(fields));
    },
  );
});

/** What no flag was said of. */
const NO_FLAGS = {
  dependencyOrder: false,
  memoryMonitoring: false,
  optimizeBatching: false,
  optimizeConnections: false,
  rehearse: false,
  streamingMode: false,
};

describe('migrate', () => {
  test('without flags is all entities, differential, side by side, with checkpoints', () => {
    expect(inputOf('differential-migration migrate')).toEqual({
      command: 'differential-migration migrate',
      entities: 'all',
      mode: 'differential',
      dryRun: false,
      parallel: false,
      sequential: false,
      ...NO_FLAGS,
      enableCheckpointing: true,
      enableHeartbeat: true,
    });
  });

  test('reads every flag into the execution input', () => {
    const line =
      'differential-migration migrate --entities doctors,offices,doctors --mode full --dry-run --sequential --batch-size 200 --batch-id spring --no-enable-checkpointing --no-enable-heartbeat';
    expect(inputOf(line)).toEqual({
      command: 'differential-migration migrate',
      entities: ['doctors', 'offices'],
      mode: 'full',
      dryRun: true,
      parallel: false,
      sequential: true,
      ...NO_FLAGS,
      batchSize: 200,
      batchId: 'spring',
      enableCheckpointing: false,
      enableHeartbeat: false,
    });
  });

  test('--no-wait is for the command line alone', () => {
    const parsed = read('differential-migration migrate --no-wait');
    expect(parsed).toMatchObject({ wait: false });
    expect(parsed).not.toHaveProperty('input.noWait');
  });

  test('global flags are read on every command', () => {
    expect(read('differential-migration migrate --map m.json --json --verbose')).toMatchObject({
      options: { map: 'm.json', env: null, json: true, verbose: true },
    });
  });
});

describe('what cannot be meant', () => {
  test.each([
    ['difrential-migration migrate', /differential-migration/],
    ['migration-analyzer checkpoint-satus', /checkpoint-status/],
    ['differential-migration migrate --entites all', /--entities/],
    ['differential-migration migrate --mode missing', /missing-only/],
    ['migration-analyzer checkpoint-status --status in_progres', /in_progress/],
    ['local stat', /start|status/],
    ['nonsense', /differential-migration.*migration-analyzer/],
    ['differential-migration', /migrate, resume/],
  ])('%s names the nearest valid names', (line, expected) => {
    expect(usageOf(line).facts.expected).toMatch(expected);
  });

  test.each([
    'differential-migration migrate --parallel --sequential',
    'differential-migration migrate --enable-checkpointing --no-enable-checkpointing',
    'differential-migration migrate --batch-size 5 --batch-size 6',
    'migration-analyzer checkpoint-status --all --entity orders',
    'differential-migration migrate --env dev --map m.json',
    'differential-migration migrate --dry-run --no-wait',
  ])('%s contradicts itself', (line) => {
    expect(usageOf(line).message).toMatch(/contradict/);
  });

  test.each([
    'differential-migration migrate --batch-size 0',
    'differential-migration migrate --batch-size ten',
    'differential-migration migrate --batch-size',
    'differential-migration migrate --batch-id a/b',
    'differential-migration migrate --entities ,',
    'differential-migration migrate --entities all,doctors',
    'differential-migration migrate doctors',
    'differential-migration migrate --dry-run=true',
    'differential-migration resume',
  ])('%s is refused', (line) => {
    expect(usageOf(line).message).not.toBe('');
  });

  test('the same flag twice with the same value is no contradiction', () => {
    expect(inputOf('differential-migration migrate --batch-size 5 --batch-size 5')).toMatchObject({ batchSize: 5 });
  });
});

describe('legacy keys', () => {
  const keysOf = (text: string) =>
    inputOf(`differential-migration migrate --entities rates --force-records ${text}`) as { forceRecords: unknown };
  const refusalOf = (rest: string) => usageOf(`differential-migration ${rest}`).message;

  test('are a comma list, or a JSON array that holds texts, numbers or the parts of a key', () => {
    expect(keysOf('1,2,,2').forceRecords).toEqual(['1', '2']);
    expect(keysOf('"a b,c"').forceRecords).toEqual(['a b', 'c']);
    expect(keysOf(`'["a,b", 3]'`).forceRecords).toEqual(['a,b', 3]);
    expect(keysOf(`'[["a", 1], ["b", 2]]'`).forceRecords).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  test('that JSON would change, that are none, or that name no one entity are refused', () => {
    const line = 'migrate --entities rates --force-records';
    expect(refusalOf(`${line} '[9007199254740993]'`)).toBe('--force-records does not take this value');
    expect(refusalOf(`${line} '[1, 2'`)).toBe('--force-records is no JSON array');
    expect(refusalOf(`${line} ,`)).toBe('--force-records takes legacy keys');
    expect(refusalOf('migrate --force-records 1')).toMatch(/name exactly one in --entities/);
    expect(refusalOf('migrate --entities a,b --force-records 1')).toMatch(/name exactly one in --entities/);
    expect(refusalOf(`${line} 1 --mode full`)).toMatch(/contradict/);
    expect(refusalOf('set-aside --entity a --ignore 1')).toMatch(/needs a --reason/);
    expect(refusalOf('set-aside --entity a --reason x')).toMatch(/name them in --ignore/);
    expect(refusalOf('set-aside --entity a --retry --ignore 1 --reason x')).toMatch(/contradict/);
  });
});
