// Expressions of a mapping, judged by the source itself: wrong ones, and ones whose value changes though the row does not.
import { describe, expect, test } from '@jest/globals';
import type { ColumnSource, EntityMap } from '../../shared/domain/entity-map.ts';
import { checker, doctors, withColumns } from '../support/map-check.ts';

const { check, lines, only, sides } = checker();

describe('expressions', () => {
  test.each<[string, string, string]>([
    [
      'a column that is not there',
      's.feee + 1',
      'column s.feee does not exist. Perhaps you meant to reference the column "s.fee".',
    ],
    ['a syntax error', 's.fee +', 'syntax error at or near ")"'],
    ['a type that cannot cast', 's.hired', 'cannot cast type date to integer'],
    [
      'a function that is not there',
      'fees(s.fee)',
      'function fees(numeric) does not exist. No function matches the given name and argument types. You might need to add explicit type casts.',
    ],
    ['an aggregate', 'count(s.fee)', 'aggregate functions are not allowed in a mapping'],
    ['a window function', 'row_number() OVER ()', 'window functions are not allowed in a mapping'],
    ['a set', 'generate_series(1, 3)', 'set-returning functions are not allowed in a mapping'],
    ['a second statement', 's.fee; DELETE FROM doctor_mst', 'more than one statement: a semicolon outside of a string'],
    ['a second expression', 's.fee, s.doc_no', 'several expressions: a comma outside of parentheses'],
    ['a parenthesis too many', 's.fee) + (1', 'a parenthesis that closes and was never opened'],
    ['a parenthesis too few', '(s.fee', 'a parenthesis that opens and is never closed'],
    ['a comment that swallows the rest', 's.fee -- euros', 'a comment to the end of the line'],
    ['a comment without an end', 's.fee /* /* */', 'a comment that does not end'],
    ['a string without an end', "s.fee || 'x", 'a string that does not end'],
    ['a parameter', 's.fee + $1', 'a parameter ($1), which nothing fills'],
    ['nothing', ' /* nothing */ ', 'an empty expression'],
  ])('%s', async (_what, sql, message) => {
    expect(await only(withColumns({ fee: { sql } }))).toBe(`fault entities.doctors.columns.fee.sql: ${message}`);
  });

  test.each<[string, string]>([
    ['semicolons in strings', "length(';' || E'\\';' || $x$;'$x$)"],
    [
      'commas in calls, arrays and queries',
      '(ARRAY[1, 2])[1] + (SELECT max(v.pat_no) FROM visit v WHERE v.vis_no = s.doc_no GROUP BY 1 = 1, v.note LIMIT 1)',
    ],
    ['a query of its own', 'SELECT v.pat_no FROM visit v WHERE v.vis_no = s.doc_no ORDER BY v.pat_no, v.note LIMIT 1'],
    ['comments', 's.fee /* ; , ( */ -- and\n + 1'],
  ])('%s are fine', async (_what, sql) => {
    expect(await lines(withColumns({ fee: { sql } }))).toEqual([]);
  });

  test('a filter that is no condition', async () => {
    expect(await only(withColumns({}, { source: { ...doctors.source, where: 's.spec' } }))).toBe(
      'fault entities.doctors.source.where: argument of WHERE must be type boolean, not type text',
    );
  });

  test('a cast that only the target can refuse', async () => {
    expect(await lines(withColumns({ mood: { sql: "'ugly'" }, tags: { sql: 's.doc_nm' } }))).toEqual([]);
    // Which text is one of them, only the rows say.
    expect(await lines(withColumns({ tags: 'doc_nm', spec: 'doc_nm' }))).toEqual([
      'warning entities.doctors.columns.tags: a text is read as text[]: rows whose text is none are set aside',
    ]);
    expect(await only(withColumns({ hired: 'fee' }))).toBe(
      'fault entities.doctors.columns.hired: cannot cast type numeric to date',
    );
  });

  test('a name that only the schema of its own table has', async () => {
    const map: EntityMap = {
      name: 'test',
      entities: {
        odd: {
          source: { table: 'old.Odd.Name', key: ['the key'] },
          target: { table: 'odd', key: ['id'] },
          columns: { id: 'the key', code: { sql: '(SELECT max(note) FROM visit)' } },
        },
      },
    };
    expect(await only(map)).toBe('fault entities.odd.columns.code.sql: relation "visit" does not exist');
    expect((await sides().source.one<{ path: string }>("SELECT current_setting('search_path') AS path")).path).toBe(
      'pg_catalog',
    );
  });
});

describe('values that change though the row does not', () => {
  test.each<[string, string]>([
    ['random() * 10', 'random()'],
    ['extract(epoch FROM now())', 'now()'],
    ['extract(epoch FROM current_timestamp)', 'CURRENT_TIMESTAMP'],
    ['extract(epoch FROM CURRENT_DATE)', 'CURRENT_DATE'],
    ['extract(epoch FROM clock_timestamp())', 'clock_timestamp()'],
    ['extract(year FROM age(s.hired))', 'CURRENT_DATE'],
    ["extract(epoch FROM 'today'::date)", "'today'"],
    ["extract(epoch FROM timestamptz 'now')", "'now'"],
    ["nextval('ticket')", 'nextval()'],
    ['s.fee + "dice"()', 'dice()'],
    ['(SELECT max(v.pat_no) FROM visit v WHERE random() < 0.5)', 'random()'],
    ['CASE WHEN s.doc_no <~> 1 THEN 1 END', 'a volatile function or operator'],
    ['(txid_current() % 1000)::int', 'txid_current()'],
  ])('%s', async (sql, name) => {
    expect(await only(withColumns({ fee: { sql } }))).toBe(
      `fault entities.doctors.columns.fee.sql: the value changes though the row does not: ${name}`,
    );
    expect(await lines(withColumns({ fee: { sql, onInsertOnly: true } }))).toEqual([]);
  });

  test.each([
    "length('now() random()')",
    'length("now()") + 0',
    'length($$current_date$$)',
    "CASE WHEN s.spec = 'now' THEN 1 END",
    's.fee /* random() */',
  ])('%s only looks so', async (sql) => {
    await sides().run('source', 'ALTER TABLE doctor_mst ADD IF NOT EXISTS "now()" text');
    expect(await lines(withColumns({ fee: { sql } }))).toEqual([]);
  });

  test('in a filter and in a reference there is no onInsertOnly to save it', async () => {
    const [found] = await check(withColumns({}, { source: { ...doctors.source, where: 's.hired > now()' } }));
    expect(found).toMatchObject({ path: 'entities.doctors.source.where', expected: 'an expression of the row alone' });
  });

  test('a column of a view is looked into, its own filter is not', async () => {
    const over = (columns: Record<string, ColumnSource>) =>
      lines(withColumns(columns, { source: { table: 'recent', key: ['doc_no'] } }));
    expect((await over({ name: 'doc_nm' })).filter((line) => line.startsWith('fault'))).toEqual([]);
    expect(await over({ updated_at: 'seen' })).toContain(
      'fault entities.doctors.columns.updated_at: the value changes though the row does not: now()',
    );
  });
});
