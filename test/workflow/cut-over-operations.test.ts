// An operation that has not ended stands in the way of a cut-over: at work it is waited for, its process dead it is not.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { JudgeOutput } from '../../shared/contracts/validation.ts';
import { others } from '../support/elsewhere.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Portage;
beforeAll(async () => {
  p = await portage(SURGERY_SOURCE, SURGERY_TARGET, surgery);
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.run('source', `DROP TABLE office, doctor; ${SURGERY_SOURCE}`);
  await p.empty();
  await p.migrate();
});

async function check(): Promise<JudgeOutput> {
  const { output, failure } = await p.execute<JudgeOutput>('validation', { command: 'cut-over', check: true });
  if (output === null) throw new Error(JSON.stringify(failure));
  return output;
}
/** The checks that are not well, as `check: status`, and what was found. */
const wrong = ({ cutOver: found }: JudgeOutput): Record<string, string> =>
  Object.fromEntries(
    found!.checks.filter(({ status }) => status !== 'ok').map((each) => [`${each.check}: ${each.status}`, each.detail]),
  );
const nextOf = ({ cutOver: found }: JudgeOutput, name: string): string | null | undefined =>
  found!.checks.find((each) => each.check === name)?.next;

test('an operation that is at work is waited for', async () => {
  await p.empty();
  const other = others(p);
  try {
    await other.stuck(async ({ ended }, letGo) => {
      const answer = await check();
      const operation = String(await p.value("SELECT operation_id FROM operations WHERE operation_type = 'differential_migration' ORDER BY operation_no DESC LIMIT 1")); // prettier-ignore
      expect(answer.cutOver!.verdict).toBe('not_ready');
      expect(wrong(answer)).toMatchObject({
        'operations: problem': `${operation} is still running`,
        'last run: problem': expect.stringContaining(`offices in_progress (${operation})`),
      });
      expect(nextOf(answer, 'operations')).toContain('Let them end');
      expect(nextOf(answer, 'last run')).toBe('Let it end, then check again');
      expect(answer.cutOver!.checks.map((each) => each.check)).not.toContain('abandoned operations');
      await letGo();
      expect(await ended).toMatchObject({ exit: 0 });
    });
  } finally {
    other.end();
  }
});

test('an operation whose process died is taken up, or ended where it is of another map', async () => {
  await p.run('source', "UPDATE office SET office_nm = 'Elsewhere'");
  const dead = await p.execute(
    'migration',
    { command: 'differential-migration migrate' },
    { MigrateSlice: (_input, _go, kill) => (kill(), Promise.reject(new Error('killed'))) },
  );
  expect(dead.status).toBe('FAILED');
  const operation = String(await p.value("SELECT operation_id FROM operations WHERE status = 'running'"));
  await p.passTime(600);
  const answer = await check();
  expect(answer.cutOver!.verdict).toBe('not_ready');
  expect(wrong(answer)).toMatchObject({
    'abandoned operations: problem': expect.stringMatching(
      new RegExp(`^not ended, and nobody works on it: ${operation} \\(no sign of life for 10 min\\)$`),
    ),
  });
  expect(wrong(answer)).not.toHaveProperty('operations: problem');
  expect(nextOf(answer, 'abandoned operations')).toBe('portage differential-migration resume --entity all');

  await p.run('target', `UPDATE portage.operations SET map_name = 'another' WHERE operation_id = '${operation}'`);
  expect(nextOf(await check(), 'abandoned operations')).toContain('stop-all-operations --graceful');
  await p.run('target', `UPDATE portage.operations SET map_name = 'surgery' WHERE operation_id = '${operation}'`);
  expect((await p.resume()).output).toMatchObject({ status: 'completed' });
  expect((await check()).cutOver!.verdict).toBe('ready');
});
