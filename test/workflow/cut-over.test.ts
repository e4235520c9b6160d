// Whether the application may be switched: the real machine on two real databases, ready and in every way not ready.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { reportedHere } from '../../cli/remote/report.ts';
import type { JudgeOutput } from '../../shared/contracts/validation.ts';
import type { Executions } from '../../shared/operations/ports.ts';
import { cutOver } from '../../shared/operations/cut-over.ts';
import { validate } from '../../shared/operations/data-validator/validate.ts';
import { validationPage } from '../../shared/report/validation-page.ts';
import { under } from '../support/inspect.ts';
import { portage, type Around, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Portage;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portage-cut-over-'));
  const counted = `${SURGERY_TARGET} ALTER TABLE doctors ADD seen bigserial;`;
  p = await portage(SURGERY_SOURCE, counted, surgery);
});
afterAll(async () => {
  await p.end();
  await rm(folder, { recursive: true, force: true });
});

async function check(more = {}, around: Readonly<Record<string, Around>> = {}): Promise<JudgeOutput> {
  const { output, failure } = await p.execute<JudgeOutput>(
    'validation',
    { command: 'cut-over', check: true, ...more },
    around,
  );
  if (output === null) throw new Error(JSON.stringify(failure));
  return output;
}
/** The checks that are not well, as `check: status`, and what was found. */
const wrong = ({ cutOver: found }: JudgeOutput): Record<string, string> =>
  Object.fromEntries(
    found!.checks.filter(({ status }) => status !== 'ok').map((each) => [`${each.check}: ${each.status}`, each.detail]),
  );
const NO_BACKUP = { 'backup of the target: notice': 'none was taken' };

test('takes no other request than a check, and names what it expects', async () => {
  const { failure } = await p.execute('validation', { command: 'cut-over', check: false });
  expect(failure).toMatchObject({
    code: 'SYS002',
    got: expect.stringContaining('the switch is yours'),
  });
});

test('is not ready before anything was migrated', async () => {
  const answer = await check();
  expect(cutOver.exit(answer)).toBe(1);
  expect(wrong(answer)).toMatchObject({
    'last run: problem': 'never migrated: offices, doctors',
    'validation: problem': '22 rows differ',
  });
});

describe('of a migrated surgery', () => {
  beforeEach(async () => {
    await p.run('source', `DROP TABLE office, doctor; ${SURGERY_SOURCE}`);
    await p.empty();
    await p.migrate();
  });

  test('is ready where nobody writes and nothing differs', async () => {
    const answer = await check();
    expect(answer.cutOver!.verdict).toBe('ready');
    expect(cutOver.exit(answer)).toBe(0);
    expect(wrong(answer)).toEqual(NO_BACKUP);
    expect(answer.verdict).toBe('match');
    expect(answer.entities['doctors']!.mappings).toMatchObject({ mapped: 20 });
  });

  test('names everything that is in the way, with what to do', async () => {
    const writer = new pg.Client(p.sourceUrl);
    await writer.connect();
    try {
      await writer.query("BEGIN; UPDATE office SET office_nm = 'Elsewhere' WHERE office_no = 1");
      await p.run(
        'source',
        "INSERT INTO doctor VALUES (99, 'No office', 1, 77); UPDATE doctor SET fee = 1 WHERE doc_no = 3",
      );
      await p.run('target', "UPDATE doctors SET fee = 2 WHERE legacy_id = 3; SELECT setval('doctors_seen_seq', 2)");
      await p.migrate();
      await p.run('source', 'DELETE FROM doctor WHERE doc_no = 20');
      await p.run(
        'target',
        `UPDATE doctors SET code = 'lost' WHERE legacy_id = 4;
        INSERT INTO portage.synchronization_jobs (map_name, job_name, entities, schedule, status) VALUES ('surgery', 'nightly', '{doctors}', 'daily', 'scheduled')`,
      );
      const answer = await check();

      expect(answer.cutOver!.verdict).toBe('not_ready');
      expect(cutOver.exit(answer)).toBe(1);
      expect(wrong(answer)).toEqual({
        'sync jobs: problem': 'nightly would carry the old database into the new one after the switch',
        'open transactions of the source: problem': expect.stringMatching(/^a session of \w+ \(pid \d+\)$/),
        'validation: problem': '4 rows differ',
        'open conflicts: problem': 'doctors 1',
        'rows set aside: problem': 'doctors 1',
        'sequences of the target: problem': expect.stringMatching(
          /doctors_seen_seq gives \d+, public.doctors.seen has \d+/,
        ),
        ...NO_BACKUP,
      });
      for (const each of answer.cutOver!.checks.filter(({ status }) => status === 'problem'))
        expect(each.next).toMatch(/\w/);
    } finally {
      await writer.end();
      await p.run('target', "DELETE FROM portage.synchronization_jobs; SELECT setval('doctors_seen_seq', 1000)");
    }
  });

  test.each([
    ['an insert', "INSERT INTO doctor VALUES (500, 'Late', 1, 1)"],
    ['an update', "UPDATE doctor SET note = 'late' WHERE doc_no = 7"],
    ['a deletion', 'DELETE FROM doctor WHERE doc_no = 19'],
  ])('%s after the rows were read is seen', async (_, sql) => {
    const answer = await check(
      {},
      {
        Judge: async (_input, go) => {
          await p.run('source', sql);
          return go();
        },
      },
    );
    expect(answer.verdict).toBe('match');
    expect(wrong(answer)).toMatchObject({
      'writes to the source: problem': expect.stringMatching(/^doctors 1 row since 2/),
    });
  });

  test("an edit of the target that was kept is told, and is in nobody's way", async () => {
    await p.run('target', "UPDATE doctors SET note = 'theirs' WHERE legacy_id = 6");
    await p.migrate();
    const answer = await check();
    expect(answer.verdict).toBe('mismatch');
    expect(answer.cutOver!.verdict).toBe('ready');
    expect(wrong(answer)).toMatchObject({
      'validation: notice': expect.stringContaining('1 row differs by an edit or a decision of yours'),
    });
    expect(answer.circumstances!.decided).toEqual([{ entity: 'doctors', kind: 'value', why: 'edited', rows: 1 }]);
  });

  test('a decision stands for what it was about, and for nothing that became of the row since', async () => {
    await p.run('source', "UPDATE doctor SET note = 'ours' WHERE doc_no = 6");
    await p.run('target', "UPDATE doctors SET note = 'theirs' WHERE legacy_id = 6");
    await p.migrate();
    await p.command({ command: 'conflict-resolver resolve', entity: ['doctors'], strategy: 'target_wins' });
    const decided = async (): Promise<unknown> => (await check()).circumstances!.decided;
    expect(await decided()).toEqual([{ entity: 'doctors', kind: 'value', why: 'decided', rows: 1 }]);

    await p.run('target', "UPDATE doctors SET note = 'lost' WHERE legacy_id = 6");
    expect(await decided()).toEqual([]);
    await p.run('target', "UPDATE doctors SET note = 'theirs', code = 'lost' WHERE legacy_id = 6");
    expect(await decided()).toEqual([]);
  });

  test('what could not be read is unknown, never ready', async () => {
    const answer = await check({}, { CheckIntegrity: () => Promise.reject(new Error('gone')) });
    expect(answer.cutOver!.verdict).toBe('unknown');
    expect(cutOver.exit(answer)).toBe(3);
  });
});

describe('the report', () => {
  let html: string;
  let answer: JudgeOutput;
  beforeAll(async () => {
    await p.run('source', `DROP TABLE office, doctor; ${SURGERY_SOURCE}`);
    await p.empty();
    await p.migrate();
    await p.run(
      'target',
      "UPDATE doctors SET email = 'secret@example.org', note = 'a secret note' WHERE legacy_id IN (5, 6)",
    );
    answer = await check({ output: join(folder, 'cut-over.html') });
    html = await readFile(join(folder, 'cut-over.html'), 'utf8');
  });

  test('says verdict, checks, differences, coverage, environment and versions, and leaves room for a decision', () => {
    for (const text of [
      'Not ready.',
      'writes to the source',
      'every key of every entity was read',
      'Rows that differ',
      answer.operationId,
      answer.circumstances!.map.hash,
      'PostgreSQL 1',
      'Signature',
    ])
      expect(html.toLowerCase()).toContain(text.toLowerCase());
    expect(answer.circumstances).toMatchObject({
      environment: 'local',
      map: { name: 'surgery' },
      versions: { portage: '0.1.0' },
    });
  });

  test('has no value of a row in it, and needs nothing but itself', () => {
    for (const value of ['example.org', 'secret', 'Doctor 5']) expect(html).not.toContain(value);
    expect(html).not.toMatch(/<(script|link|img|iframe|object|embed|base|form)\b/i);
    expect(html.replaceAll(/xmlns(:\w+)?="[^"]*"/g, '')).not.toMatch(/(?:https?:)?\/\/|url\(|@import|\bon\w+=/i);
    expect(
      html.slice(html.indexOf('<body>')).match(/(?:fill|stroke)="(?!var\(|none|currentColor)[^"]*"/g) ?? [],
    ).toEqual([]);
  });

  test('names cannot break out of their place', () => {
    const evil = '<script>alert("x")</script>';
    const page = validationPage(
      {
        ...answer,
        operationId: evil,
        entities: { [evil]: answer.entities['doctors']! },
        findings: [{ entity: evil, code: evil, message: evil }],
        notes: [evil],
        cutOver: { verdict: 'unknown', checks: [{ check: evil, status: 'problem', detail: evil, next: evil }] },
        circumstances: {
          ...answer.circumstances!,
          environment: evil,
          map: { name: evil, hash: evil },
          openConflicts: { [evil]: 1 },
          setAside: [{ entity: evil, code: evil, open: 1, ignored: 0 }],
        },
        coverage: {
          ...answer.coverage,
          complete: false,
          holes: [{ entity: evil, check: 'integrity', selection: null, code: evil, message: evil }],
        },
      },
      [{ entity: evil, legacyId: evil, kind: 'value', columns: [evil], reason: evil }],
      true,
    );
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;');
  });

  test('of a plain validation is the same page without the checks, or JSON with every difference', async () => {
    for (const name of ['validation.htm', 'validation.json']) {
      const { output } = await p.execute<JudgeOutput>('validation', {
        command: 'data-validator validate',
        output: join(folder, name),
      });
      expect(validate.exit(output)).toBe(1);
    }
    expect(await readFile(join(folder, 'validation.htm'), 'utf8')).toContain('Mismatch: the two sides differ.');
    const json = JSON.parse(await readFile(join(folder, 'validation.json'), 'utf8')) as JudgeOutput;
    expect(json.differences!.map(({ legacyId }) => legacyId)).toEqual(['5', '6']);
    expect(json.circumstances!.databases.source).toMatch(/ on /);
  });

  test('of a deployed environment is written by who asked, from an answer with the differences', async () => {
    const input = { command: 'cut-over', check: true, output: join(folder, 'deployed.html') };
    const name = { AWS_LAMBDA_FUNCTION_NAME: 'portage-dev-validation-judge', PORTAGE_ENVIRONMENT: 'dev' };
    const ended = await under(name, () => p.execute<JudgeOutput>('validation', input));
    expect(ended.output).toMatchObject({ verdict: 'mismatch', circumstances: { environment: 'dev' } });
    expect(ended.output!.output).toBeUndefined();
    const port = { wait: () => Promise.resolve({ ...ended, name: 'x', error: null, cause: null }) };
    const told = await reportedHere(port as unknown as Executions, cutOver, input).wait('x');
    expect(told.output).toMatchObject({ output: input.output });
    const page = await readFile(input.output, 'utf8');
    for (const text of ['Environment dev.', 'doctors</td><td>5<', 'doctors</td><td>6<']) expect(page).toContain(text);
  });
});
