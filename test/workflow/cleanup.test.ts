// What is old is forgotten, and nothing that a rollback still needs.
import { describe, expect, test } from '@jest/globals';
import { localExecutions } from '../../cli/local/executions.ts';
import { hospitalRuns } from '../support/hospital-runs.ts';

const { p } = hospitalRuns();
const executions = localExecutions();
let count = 0;
async function command<Answer>(name: string, flags: Record<string, unknown>): Promise<Answer> {
  const execution = `cleanup-${process.pid}-${++count}`;
  await executions.start('operation', execution, { command: `migration-analyzer ${name}`, ...flags });
  const { status, output, error } = await executions.wait(execution);
  expect([status, error]).toEqual(['SUCCEEDED', null]);
  return output as Answer;
}
const ids = () =>
  p().rows(
    "SELECT operation_id AS id FROM operations WHERE operation_type = 'differential_migration' ORDER BY operation_no",
  );
const age = (days: number) =>
  p().run(
    'target',
    `UPDATE portage.operations SET started_at = started_at - interval '${days} days', ended_at = ended_at - interval '${days} days';
     UPDATE portage.migration_checkpoints SET updated_at = updated_at - interval '${days} days', created_at = created_at - interval '${days} days'`,
  );

interface Checkpoints {
  readonly removed: number;
  readonly needed: number;
  readonly notUndoable: readonly { readonly operationId: string }[];
}

describe('cleanup-checkpoints', () => {
  test('keeps what can still be taken back, unless told; afterwards it cannot, and says so before it starts', async () => {
    await age(10);
    await p().run('source', "UPDATE ward SET nm = 'Changed'");
    await p().migrate();
    const [first] = await ids();
    const kept = { removed: 0, needed: 4, notUndoable: [] };
    expect(await command<Checkpoints>('cleanup-checkpoints', { olderThanDays: 5 })).toMatchObject(kept);
    const dry = await command<Checkpoints>('cleanup-checkpoints', { olderThanDays: 5, force: true, dryRun: true });
    expect(dry).toMatchObject({
      removed: 4,
      needed: 0,
      notUndoable: [{ operationId: first!['id'], early: true, entries: 300 }],
    });
    expect(await p().value('SELECT count(*) FROM undo_inserts')).not.toBe('0');
    const done = await command<Checkpoints>('cleanup-checkpoints', { olderThanDays: 5, force: true });
    expect({ ...done, dryRun: true }).toEqual(dry);
    expect(await p().value(`SELECT count(*) FROM migration_checkpoints WHERE operation_id = '${first!['id']}'`)).toBe(
      '0',
    );
    expect((await p().rollback(first!['id']!)).failure).toMatchObject({ code: 'M017' });
    const all = { command: 'differential-migration rollback-entity', entity: ['wards'], all: true, confirm: true };
    const rest = (await p().recover({ ...all, dryRun: true })).output!;
    expect(rest.notes).toContain(`${first!['id']} cannot be taken back: its undo entries were cleaned up`);
    expect(rest).toMatchObject({ entities: { wards: { updated: 10 } } });
  });

  test('forgets undo entries past their retention, and never the newest checkpoint of an entity', async () => {
    await age(31);
    expect(await command<Checkpoints>('cleanup-checkpoints', { olderThanDays: 5 })).toMatchObject({
      removed: 0,
      notUndoable: [{ early: false }],
    });
    const [first] = await ids();
    expect((await p().rollback(first!['id']!)).failure).toMatchObject({ code: 'M017' });
  });
});

test('cleanup-stale-checkpoints makes what gave no sign of life failed and resumable', async () => {
  await p().run('source', "UPDATE ward SET nm = 'Changed'");
  await p().migrateAround({ FinishMigration: async (_input, _go, kill) => kill() });
  expect(await command('cleanup-stale-checkpoints', { olderThanHours: 2 })).toMatchObject({ operations: [] });
  await p().passTime(3 * 3600);
  const [, second] = await ids();
  const found = { operations: [{ operationId: second!['id'], after: 'failed' }] };
  expect(await command('cleanup-stale-checkpoints', { olderThanHours: 2, dryRun: true })).toMatchObject(found);
  expect(await p().value(`SELECT status FROM operations WHERE operation_id = '${second!['id']}'`)).toBe('running');
  expect(await command('cleanup-stale-checkpoints', { olderThanHours: 2 })).toMatchObject(found);
  expect(
    await p().value(`SELECT status || ' ' || error_code FROM operations WHERE operation_id = '${second!['id']}'`),
  ).toBe('failed M018');
  expect((await p().resume()).output).toMatchObject({ operationId: second!['id'], status: 'completed' });
});

test('cleanup-differentials forgets what was settled long ago, but for what a rollback opens again', async () => {
  await p().run('target', "UPDATE wards SET name = 'Mine' WHERE legacy_id IN (1, 2)");
  await p().migrate();
  await p().run('target', "UPDATE wards SET name = 'Ward 1' WHERE legacy_id = 1");
  await p().migrate({ mode: 'full' });
  await p().migrate();
  const old = "- interval '40 days'";
  expect(await p().value('SELECT count(*) FROM data_differentials WHERE resolved')).toBe('2');
  await p().run(
    'target',
    `UPDATE portage.data_differentials SET resolved_at = resolved_at ${old}; UPDATE portage.undo_log SET written_at = written_at ${old}`,
  );
  expect(await command('cleanup-differentials', { resolvedOlderThanDays: 50 })).toMatchObject({
    removed: 0,
    needed: 0,
  });
  const found = { removed: 1, needed: 1 };
  expect(await command('cleanup-differentials', { resolvedOlderThanDays: 30, dryRun: true })).toMatchObject(found);
  expect(await command('cleanup-differentials', { resolvedOlderThanDays: 30 })).toMatchObject(found);
  expect(await command('cleanup-differentials', { resolvedOlderThanDays: 30, force: true })).toMatchObject({
    removed: 1,
    needed: 0,
  });
});

test('the tables that are cleaned up are vacuumed and analysed, as the guide does each quarter; by a dry run they are not', async () => {
  const vacuumed = () =>
    p().rows(
      "SELECT relname, vacuum_count, analyze_count FROM pg_stat_user_tables WHERE schemaname = 'portage' AND relname IN ('migration_checkpoints', 'data_differentials', 'synchronization_jobs') ORDER BY 1",
    );
  const more = (rows: Awaited<ReturnType<typeof vacuumed>>) =>
    rows.map((row) => ({ ...row, vacuum_count: String(Number(row['vacuum_count']) + 1), analyze_count: String(Number(row['analyze_count']) + 1) })); // prettier-ignore
  const before = await vacuumed();
  expect(before).toHaveLength(3);
  await command('cleanup-checkpoints', { olderThanDays: 5, dryRun: true });
  await command('cleanup-differentials', { resolvedOlderThanDays: 5, dryRun: true });
  expect(await vacuumed()).toEqual(before);
  await command('cleanup-checkpoints', { olderThanDays: 5 });
  await command('cleanup-differentials', { resolvedOlderThanDays: 5 });
  expect(await vacuumed()).toEqual(more(before));
});
