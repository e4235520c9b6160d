// What is printed on a terminal of 80 columns: no line goes beyond it, and nothing is lost.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { processIo, type Io } from '../../cli/io.ts';
import { printAnswer } from '../../cli/output/answers.ts';
import { commandLine, sentence } from '../../cli/output/fit.ts';
import { table } from '../../cli/output/table.ts';
import { operationOf } from '../../shared/operations/catalogue.ts';

const COLUMNS = 80;
const terminal = { isTTY: process.stdout.isTTY, columns: process.stdout.columns };
const be = (facts: object): void => void Object.assign(process.stdout, facts);
beforeAll(() => be({ isTTY: true, columns: COLUMNS }));
afterAll(() => be(terminal));

const plain = (_: string, text: string): string => text;
const painted = (_: string, text: string): string => `\u001b[31m${text}\u001b[39m`;

function printed(command: string, answer: unknown, paint = plain): string {
  let out = '';
  const io: Io = { ...processIo, paint, out: (text) => (out += text) };
  printAnswer(operationOf(command)!, answer, io);
  return out;
}

const LONG = 'treatment_plan_procedure_line_items';
const PARENT = 'healthcare_practitioner_registrations';
const COLUMN = 'referring_practitioner_registration_id';
const UUID = '5f0c3c2e-8a52-4f6e-9a53-0a4b1f6f2a11';
const OPERATION = 'diff_migration_20231201_123456_retry';
const OWNER = 'migrate-20231201-123456-c1f705 on ip-10-0-112-23.eu-central-1.compute.internal';

const checkpoint = {
  id: UUID,
  entity: LONG,
  operationId: OPERATION,
  operationType: 'differential_migration',
  status: 'completed_unverified',
  rowsDone: 123_456_789,
  rowsTotal: 987_654_321,
  rowsPerSecond: 12_345,
  etaSeconds: 69_999,
  heartbeatAgeSeconds: 12_400,
  owner: OWNER,
  undoable: false,
};
const rate = { rowsPerSecond: 12_345, basis: 'measured on other entities' };
const side = { table: `public.${LONG}`, rows: 123_456_789, bytes: 987_654_321_000 };
const example = {
  legacyId: UUID,
  kind: 'wrong_parent',
  is: UUID,
  shouldBe: UUID,
  parentLegacyId: '4711',
  reason: 'refers to another parent than the source says',
};
const reference = {
  entity: LONG,
  column: COLUMN,
  parent: PARENT,
  constraint: 'not_valid',
  rows: 123_456_789,
  set: 123_456_788,
  waiting: 1_234_567,
  orphan: 12_345,
  wrongParent: 2_345,
  lost: 345,
  mapping: 45,
  unmappedOrphans: 0,
  repairable: 1_234,
  examples: [example],
};

const ANSWERS: readonly (readonly [string, unknown, readonly string[]])[] = [
  [
    'migration-analyzer checkpoint-status',
    {
      checkpoints: [checkpoint, { ...checkpoint, entity: 'doctors', owner: null, undoable: true }],
      operations: [{ operationId: OPERATION, rowsDone: 123_456_789, rowsTotal: 987_654_321, etaSeconds: 69_999 }],
      validations: [
        { operationId: OPERATION, entity: LONG, status: 'in_progress', rowsDone: 123_456_789, rowsTotal: 987_654_321 },
      ],
    },
    [LONG, 'completed_unverified, not undoable', '987,654,321', '19 h 26 min', '3 h 26 min ago', OWNER, OPERATION],
  ],
  [
    'differential-migration analyze',
    {
      map: 'clinic',
      generatedAt: '2023-12-01T12:34:56Z',
      entities: [
        {
          ...{ entity: LONG, wave: 12, source: side, target: side, mapped: 123_456_789, seconds: 69_999, rate },
          estimate: {
            ...{ new: 1_234_567, adopted: 1, changed: 2_345_678, deleted: 345_678, unchanged: 45_678_901 },
            ...{ targetEdited: 1, setAside: 56_789, basis: 'sampled', rowsRead: 123_456 },
          },
        },
      ],
      waves: [[LONG]],
      seconds: 69_999,
      problems: [
        {
          severity: 'warning',
          path: `entities.${LONG}.columns.ref`,
          message: 'the reference has no index in the target: deleting or undoing a row of the parent reads it all',
          got: `no index of public.${LONG} that begins with ${COLUMN}`,
          expected: `CREATE INDEX ON public.${LONG} (${COLUMN})`,
        },
      ],
      notes: [`${LONG}: the rows that would be removed were not counted, since the role may not read the ledger.`],
      output: '/var/reports/analysis/of-the-clinic/pre-migration-analysis.json',
    },
    [
      LONG,
      '123,456,789',
      '919.8 GB',
      '~1,234,568',
      '~45,678,902',
      '~56,789',
      '19 h 26 min',
      '12,345/s measured on other entities',
    ],
  ],
  [
    'data-validator analyze-size',
    {
      map: 'clinic',
      entities: [
        {
          ...{ entity: LONG, sourceRows: 123_456_789, sourceBytes: 987_654_321_000, targetRows: 123_456_780 },
          ...{ targetBytes: 887_654_321_000, mapped: 123_456_781, seconds: 69_999, ...rate },
        },
      ],
      estimate: {
        ...{ seconds: 69_999, secondsUnchanged: 3_999, lanes: 16, invocations: 123_456, gbSeconds: 1_234_567 },
        transitions: 1_234_567,
        usd: { lambda: 20.5, requests: 0.02, stepFunctions: 30.86, total: 51.38 },
      },
      notes: ['List prices of us-east-1: check them before quoting. The databases cost whether it runs or not.'],
    },
    [LONG, '123,456,789', '919.8 GB', '123,456,780', '826.7 GB', '123,456,781', '~12,345', '19 h 26 min', '$51.38'],
  ],
  [
    'migration-analyzer analyze-relationships',
    {
      broken: 14_690,
      relationships: [reference, { ...reference, entity: 'orders', column: 'doctor_id', constraint: 'valid' }],
      unreadable: { [LONG]: { rows: 2, keys: [UUID, UUID] } },
      notes: ['Rows that wait for a parent are linked by the next run that includes the parent, whichever it is.'],
    },
    [
      `${LONG}.${COLUMN}`,
      PARENT,
      'not valid',
      '123,456,788',
      '1,234,567',
      '12,345',
      '2,345',
      '345',
      '45',
      '1,234',
      UUID,
    ],
  ],
];

test.each(ANSWERS)('%s has no longer line, and everything in it', (command, answer, facts) => {
  const out = printed(command, answer);
  expect(out.split('\n').filter((line) => line.length > COLUMNS)).toEqual([]);
  // Cells are folded between words, and after the dots of a name.
  for (const fact of facts.flatMap((text) => text.split(/ |(?<=\.)/))) expect(out).toContain(fact);
});

test.each(ANSWERS)('%s is as wide in colour', (command, answer) => {
  const bare = printed(command, answer, painted).replaceAll(/\u001b\[\d+m/g, '');
  expect(bare.split('\n').filter((line) => line.length > COLUMNS)).toEqual([]);
});

type Row = Readonly<Record<string, string>>;
const column = (head: string, more: object = {}): { head: string; text: (row: Row) => string } => ({
  head,
  text: (row) => row[head] ?? '',
  ...more,
});

test('columns that do not fit go below, with what names the row', () => {
  const columns = [
    column('No', { align: 'right' }),
    column('Name'),
    column('Rows read', { align: 'right' }),
    column('Owner'),
  ];
  const rows = [
    { No: '1', Name: 'doctors', 'Rows read': '12,000', Owner: 'worker-2' },
    { No: '12', Name: 'offices', 'Rows read': '30', Owner: '-' },
  ];
  expect(table(columns, rows, plain, 21)).toBe(
    [
      'No  Name       Rows',
      '               read',
      ' 1  doctors  12,000',
      '12  offices      30',
      '',
      'Name     Owner',
      'doctors  worker-2',
      'offices  -',
      '',
    ].join('\n'),
  );
});

test('what names the row may be several columns', () => {
  const columns = [column('Side', { key: true }), column('Pid', { key: true }), column('State'), column('Waits for')];
  const rows = [{ Side: 'source', Pid: '4711', State: 'active', 'Waits for': 'transactionid' }];
  expect(table(columns, rows, plain, 28)).toBe(
    'Side    Pid   State\nsource  4711  active\n\nSide    Pid   Waits for\nsource  4711  transactionid\n',
  );
});

test('a command stays whole, and is on a line of its own where it would be folded', () => {
  expect(commandLine('Do:', 'npx portage x', 80)).toBe('Do: npx portage x\n');
  expect(commandLine('Do:', 'npx portage x', 15)).toBe('Do:\n  npx portage x\n');
});

test('a sentence is folded between words, and as it is where nobody looks at it', () => {
  expect(sentence('  one two three', '    ', 10)).toBe('  one two\n    three\n');
  be({ isTTY: false });
  expect(sentence('word '.repeat(40).trim())).toBe(`${'word '.repeat(40).trim()}\n`);
  be({ isTTY: true });
});
