import { describe, expect, test } from '@jest/globals';
import { processIo, type Io } from '../../cli/io.ts';
import { printAnswer } from '../../cli/output/answers.ts';
import { failureJson, failureLines, told, toldOf } from '../../cli/output/failure.ts';
import { progressView, rateMeter } from '../../cli/output/progress-bar.ts';
import { duration, table } from '../../cli/output/table.ts';
import { unknownName } from '../../cli/usage-error.ts';
import { NO_COUNTS } from '../../shared/contracts/migration.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { etaMeter } from '../../shared/domain/eta.ts';
import { operationOf } from '../../shared/operations/catalogue.ts';
import { failureOf, failureText } from '../../shared/operations/failure.ts';

const plain = (_: string, text: string): string => text;

function printed(command: string, answer: unknown): { out: string; err: string } {
  const said = { out: '', err: '' };
  const io: Io = {
    ...processIo,
    paint: plain,
    paintError: plain,
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
  };
  printAnswer(operationOf(command)!, answer, io);
  return said;
}

const answer = {
  operationId: 'diff_migration_20231201_123456',
  batchId: 'batch_20231201',
  dryRun: false,
  status: 'completed_with_findings',
  entities: {
    doctors: { ...NO_COUNTS, read: 12_000, inserted: 11_998, setAside: 2, durationMs: 4_000 },
    offices: { ...NO_COUNTS, read: 30, unchanged: 30, durationMs: 100 },
  },
  notes: ['A note.'],
};

describe('the end of a migration', () => {
  test('is a table of what became of the rows, with rates', () => {
    expect(printed('differential-migration migrate', answer).out).toBe(
      [
        'diff_migration_20231201_123456 (batch_20231201): completed with findings',
        '',
        'Entity     Read  Inserted  Updated  Unchanged  Kept  Conflicts  Set aside   Time  Rows/s',
        'doctors  12,000    11,998        0          0     0          0          2  4.0 s   3,000',
        'offices      30         0        0         30     0          0          0  0.1 s     300',
        '',
        'A note.',
        '',
        '2 rows were set aside: what cannot be written is listed by npx portage differential-migration set-aside --entity all, the rest went on.',
        '',
      ].join('\n'),
    );
  });

  test('of a dry run promises no rates', () => {
    const { out } = printed('differential-migration migrate', { ...answer, dryRun: true });
    expect(out).toMatch(/^Dry run: nothing was written/);
    expect(out).not.toMatch(/Rows\/s/);
  });

  test('shows adopted, deleted and parked rows where there are any', () => {
    const adopted = { ...answer, entities: { doctors: { ...NO_COUNTS, adopted: 3, durationMs: 1 } } };
    expect(printed('differential-migration migrate', adopted).out).toMatch(/Adopted/);
  });

  test.each([
    [{ setAside: 1 }, 'completed', 1],
    [{ conflicts: 1 }, 'completed_with_findings', 1],
    [{ kept: 5, deleted: 2 }, 'completed', 0],
    [{}, 'stopped', 3],
    [{}, 'failed', 3],
  ])('%j and %s is exit %i', (counts, status, exit) => {
    const operation = operationOf('differential-migration resume')!;
    expect(
      operation.exit({ ...answer, status, entities: { doctors: { ...NO_COUNTS, ...counts, durationMs: 1 } } }),
    ).toBe(exit);
  });
});

describe('other answers', () => {
  test('connections show what is missing', () => {
    const side = {
      address: 'h:5432/d',
      reachable: true,
      tls: 'TLSv1.3',
      version: '18.4',
      latencyMs: 1.2,
      rightsMissing: [],
      error: null,
    };
    const both = {
      connections: [
        { side: 'source', ...side, rightsMissing: ['SELECT on public.x'] },
        {
          side: 'target',
          ...side,
          reachable: false,
          version: null,
          tls: null,
          latencyMs: null,
          error: { code: 'SYS001', message: 'refused' },
        },
      ],
    };
    const { out } = printed('migration-analyzer test-connections', both);
    expect(out).toMatch(/source .*yes .*1 missing/);
    expect(out).toMatch(/target: SYS001 refused/);
    expect(out).toMatch(/source: missing SELECT on public.x/);
    expect(operationOf('migration-analyzer test-connections')!.exit(both)).toBe(3);
  });

  test('a drafted map can be redirected into a file: notes go to stderr', () => {
    const { out, err } = printed('differential-migration init', {
      map: { name: 'x', entities: {} },
      notes: ['guessed: a'],
    });
    expect(JSON.parse(out)).toEqual({ name: 'x', entities: {} });
    expect(err).toBe('guessed: a\n');
  });

  test('explained SQL can be pasted', () => {
    const explained = {
      entities: [{ entity: 'doctors', statements: [{ purpose: 'read the slice', side: 'source', sql: 'select 1' }] }],
    };
    expect(printed('differential-migration explain', explained).out).toBe(
      '-- doctors, source: read the slice\nselect 1;\n',
    );
  });
});

describe('an error', () => {
  const error = new PortageError('M008', 'orders needs patients', {
    got: 'orders',
    expected: 'patients too',
    where: 'orders.patient_id',
  });

  test('crosses a state machine as text and comes back whole', () => {
    const cause = JSON.stringify({
      errorType: 'M008',
      errorMessage: failureText(error),
      trace: ['M008: ...', 'at x.ts:1'],
    });
    expect(failureOf('M008', cause)).toEqual({
      code: 'M008',
      message: 'orders needs patients',
      got: 'orders',
      expected: 'patients too',
      where: 'orders.patient_id',
      next: error.next,
      trace: ['M008: ...', 'at x.ts:1'],
    });
  });

  test('is told with its code, what was got, expected, where, and what to do', () => {
    expect(failureLines(toldOf(error), false, plain).split('\n')).toEqual([
      'M008 A referenced entity is not part of the run and has no rows yet: orders needs patients',
      '  got       orders',
      '  expected  patients too',
      '  where     orders.patient_id',
      '  next      Add --dependency-order, name its parents in --entities too, or migrate all.',
      '',
    ]);
    expect(toldOf(error).exit).toBe(2);
  });

  test('has no stack trace unless it is asked for', () => {
    const thrown = new TypeError('x is undefined');
    expect(failureLines(toldOf(thrown), false, plain)).not.toMatch(/at .*cli-output/);
    expect(failureLines(toldOf(thrown), true, plain)).toMatch(/at .*cli-output/);
    expect(toldOf(thrown)).toMatchObject({ code: 'SYS008', exit: 3 });
  });

  test('is one JSON document of code, message, detail and next', () => {
    expect(failureJson(toldOf(unknownName('flag', '--jsn', ['--json'])), false)).toEqual({
      error: {
        code: 'USAGE',
        message: 'Unknown flag: --jsn',
        detail: { got: '--jsn', expected: 'did you mean --json?' },
        next: 'npx portage --help',
      },
    });
  });

  test('shows no password, wherever it came from', () => {
    const leaking = new PortageError('SYS001', 'connect postgres://u:hunter2@h/d failed', { got: 'password=hunter2' });
    expect(failureLines(toldOf(leaking), true, plain)).not.toContain('hunter2');
    expect(JSON.stringify(failureJson(toldOf(leaking), true))).not.toContain('hunter2');
  });

  test.each([
    ['States.Timeout', 'late', 'M002'],
    ['States.DataLimitExceeded', 'too much', 'SYS008'],
    ['TypeError', 'x', 'SYS008'],
  ])('%s is told as our own code', (name, cause, code) => {
    expect(told(failureOf(name, cause))).toMatchObject({ code, message: `${name}: ${cause}` });
  });
});

describe('the progress bar', () => {
  const entity = { entity: 'doctors', status: 'in_progress', rowsDone: 500, rowsTotal: 1_000 };

  test('gives rate and remaining time over the last measurements', () => {
    const times = [0, 1_000];
    const measure = rateMeter(() => times[0]!);
    const remaining = etaMeter(() => times.shift()!);
    progressView([{ ...entity, rowsDone: 250 }], measure, remaining);
    expect(progressView([entity], measure, remaining)).toEqual({
      done: 500,
      total: 1_000,
      texts: {
        share: '50 %',
        rows: '500 of 1,000 rows',
        rate: '250 rows/s | ',
        remaining: '2.0 s',
        doing: ' | doctors',
      },
    });
  });

  test.each([
    [Infinity, ' | appointments, invoices, prescriptions and 1 more'],
    [101, ' | appointments and 3 more'],
    [90, ' | 4 at work'],
    [80, ''],
  ])('names what is at work as far as %d columns go', (columns, doing) => {
    const names = ['appointments', 'invoices', 'prescriptions', 'doctors'];
    const entities = names.map((name) => ({ ...entity, entity: name, rowsDone: 500_000, rowsTotal: 1_000_000 }));
    expect(progressView(entities, () => 74_000, etaMeter(), 'rows', columns).texts.doing).toBe(doing);
  });

  test('promises nothing while nobody has counted', () => {
    const view = progressView([{ ...entity, rowsTotal: null }], () => 100, etaMeter());
    expect(view.texts).toMatchObject({ rows: '500 rows', remaining: '-' });
  });

  test.each([
    [400, '0.4 s'],
    [59_400, '59 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
  ])('%i ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe('a table on a narrow terminal', () => {
  const rows = [{ name: 'a check', found: 'complete for every entity; the oldest began at nine', count: '1,234' }];
  const columns = [
    { head: 'Check', text: (row: (typeof rows)[0]) => row.name },
    { head: 'Found', text: (row: (typeof rows)[0]) => row.found },
    { head: 'Rows', align: 'right' as const, text: (row: (typeof rows)[0]) => row.count },
  ];

  test('folds its widest texts, words whole, and leaves numbers', () => {
    const drawn = table(columns, rows, plain, 40).split('\n');
    expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(drawn).toEqual([
      'Check    Found                      Rows',
      'a check  complete for every        1,234',
      '         entity; the oldest began',
      '         at nine',
      '',
    ]);
  });

  test('is as wide as it likes where there is no terminal', () => {
    expect(table(columns, rows, plain, undefined)).toContain('the oldest began at nine  1,234');
  });
});
