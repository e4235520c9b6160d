// Conflicts that stay open are settled later: by a strategy, by hand, and never over what has moved on since.
import { describe, expect, test } from '@jest/globals';
import type { FinishResolutionOutput, TestStrategyAnswer } from '../../shared/contracts/resolution.ts';
import type { ConflictStatusAnswer } from '../../shared/operations/conflict-resolver/status.ts';
import type { AnalyzeConflictsAnswer } from '../../shared/operations/conflict-resolver/analyze-conflicts.ts';
import type { EndedWith, Portage } from '../support/portage.ts';
import { noted, surgeryConflicts } from '../support/surgery-conflicts.ts';

let p: Portage;
const { manual, ask, notes, idOf } = surgeryConflicts((made) => (p = made));
const resolve = (strategy: string, more: Record<string, unknown> = {}): Promise<EndedWith<FinishResolutionOutput>> =>
  p.execute('resolution', {
    command: 'conflict-resolver resolve',
    entity: ['doctors'],
    strategy,
    ...more,
  });
const open = () =>
  p.rows('SELECT legacy_key, comparison_type FROM data_differentials WHERE NOT resolved ORDER BY legacy_key::integer');

describe('a resolution', () => {
  test('by source_wins writes the source over conflicts, and leaves edits that are no conflict', async () => {
    const run = await resolve('source_wins');
    expect(run.failure).toBeNull();
    expect(await notes()).toEqual([
      noted(1, 'source', '1.5'),
      noted(2, 'source', '3.0'),
      noted(3, 'source', '4.5'),
      { legacy_id: '4', note: null, fee: '9' },
      noted(5, 'target', '7.5'),
      noted(15, 'target', '22.5'),
    ]);
    expect(run.output).toMatchObject({ settled: { source_wins: 4 }, entities: { doctors: { updated: 4 } } });
    // The map reports deletions, so that one is reported; the edit of 5 was never a conflict.
    expect(await open()).toEqual([
      { legacy_key: '5', comparison_type: 'value' },
      { legacy_key: '15', comparison_type: 'deleted' },
    ]);
    const again = await p.migrate();
    expect(again.output!.entities['doctors']).toMatchObject({ updated: 0, conflicts: 1, kept: 1 });
  });

  test('by merge_fields takes disjoint columns, and says S005 of the rest', async () => {
    const run = await resolve('merge_fields');
    expect(run.output).toMatchObject({ status: 'completed_with_findings', settled: { merge_fields: 1 } });
    expect((await notes())[3]).toEqual(noted(4, 'target', '9'));
    expect(run.output!.unresolved.map(({ legacyId, code }) => [legacyId, code])).toEqual([
      ['1', 'S005'],
      ['15', 'S005'],
      ['2', 'S005'],
      ['3', 'S005'],
    ]);
  });

  test('looks again at a row that changed since its conflict was recorded, unless it is forced', async () => {
    await p.run('target', "UPDATE doctors SET note = 'later' WHERE legacy_id = 1");
    const run = await resolve('source_wins');
    expect((await notes())[0]).toEqual(noted(1, 'later', '1.5'));
    expect(run.output!.unresolved).toMatchObject([
      { legacyId: '1', reason: expect.stringContaining('changed again') },
      { legacyId: '15' },
    ]);
    await p.run('target', "UPDATE doctors SET note = 'latest' WHERE legacy_id = 1");
    await resolve('source_wins', { force: true });
    expect((await notes())[0]).toEqual(noted(1, 'source', '1.5'));
  });

  test('can be taken back', async () => {
    const before = await notes();
    const { output } = await resolve('source_wins');
    const back = await p.rollback(output!.operationId);
    expect(back.failure).toBeNull();
    expect(await notes()).toEqual(before);
  });

  test('backs up first where that is wanted', async () => {
    const run = await resolve('target_wins', { createBackup: true });
    expect(run.failure).toBeNull();
    expect(run.output!.notes).toEqual([expect.stringMatching(/^backed up to .*resolve_.*\.ndjson\.gz \(sha256 /)]);
  });

  test('settles edits of the target too where it is told to', async () => {
    await resolve('source_wins', { include: ['value'] });
    expect((await notes())[4]).toEqual({ legacy_id: '5', note: null, fee: '7.5' });
  });

  test('refuses a dry run in the machine that writes', async () => {
    expect((await resolve('source_wins', { dryRun: true })).failure).toMatchObject({ code: 'SYS002' });
  });
});

describe('by hand', () => {
  test('one conflict is settled, and no other', async () => {
    const run = await manual(await idOf(2), 'source_wins');
    expect(run.output).toMatchObject({ status: 'completed', settled: { source_wins: 1 } });
    expect((await open()).map((row) => row['legacy_key'])).toEqual(['1', '3', '4', '5', '15']);
  });

  test('with values of its own, which are an edit of the target from then on', async () => {
    const id = await idOf(2);
    const run = await manual(id, 'custom', { note: 'mine' });
    expect(run.failure).toBeNull();
    expect((await notes())[1]).toEqual(noted(2, 'mine', '3.0'));
    expect(
      await p.rows(`SELECT chosen, rule, chosen_values, old_values FROM conflict_decisions WHERE legacy_key = '2'`),
    ).toEqual([
      { chosen: 'custom', rule: 'custom', chosen_values: '{"note": "mine"}', old_values: '{"note": "target"}' },
    ]);
    expect((await p.migrate()).output!.entities['doctors']).toMatchObject({ updated: 0 });
    expect(
      await p.value("SELECT comparison_type FROM data_differentials WHERE NOT resolved AND legacy_key = '2'"),
    ).toBe('value');
    await p.rollback(run.output!.operationId);
    expect((await notes())[1]).toEqual(noted(2, 'target', '3.0'));
  });

  test('neither a sensitive column nor one that nobody maps is given a value', async () => {
    const id = await idOf(2);
    for (const values of [{ email: 'x@example.org' }, { phone: '1' }])
      expect((await manual(id, 'custom', values)).failure).toMatchObject({ code: 'SYS002' });
  });

  test('what is settled already, or was never there, is no conflict', async () => {
    const id = await idOf(2);
    await manual(id, 'target_wins');
    expect((await manual(id, 'source_wins')).failure).toMatchObject({ code: 'S005' });
    expect((await manual('00000000-0000-4000-8000-000000000000', 'source_wins')).failure).toMatchObject({
      code: 'S005',
    });
  });
});

describe('the questions', () => {
  test('status counts them by entity, kind and age, with the ids to settle them by', async () => {
    const answer = (await ask('conflict-resolver status')) as ConflictStatusAnswer;
    expect(answer.conflicts).toMatchObject([
      { entity: 'doctors', kind: 'conflict', open: 5, ages: { day: 5, week: 0, older: 0 } },
      { entity: 'doctors', kind: 'value', open: 1 },
    ]);
    expect(answer.open).toHaveLength(6);
  });

  test('test-strategy says what would become of each, column by column, and changes nothing', async () => {
    const fingerprint = () =>
      p.value("SELECT string_agg(concat_ws(' ', id, ctid, xmin, xmax), ',' ORDER BY id) FROM doctors");
    const before = [await fingerprint(), await p.rows('SELECT * FROM data_differentials ORDER BY id')];
    const answer = (await ask('conflict-resolver test-strategy', {
      entity: ['doctors'],
      strategy: 'merge_fields then source_wins',
    })) as TestStrategyAnswer;
    expect(answer.entities['doctors']).toEqual({
      open: 5,
      settled: { source_wins: 3, merge_fields: 1 },
      undecided: 1,
      moved: 0,
      gone: 0,
      unreadable: 0,
    });
    expect(answer.conflicts[0]).toMatchObject({
      legacyId: '1',
      rule: 'source_wins',
      columns: [{ column: 'note', source: 'source', target: 'target', result: 'source' }],
    });
    expect([await fingerprint(), await p.rows('SELECT * FROM data_differentials ORDER BY id')]).toEqual(before);
    expect(
      await ask('conflict-resolver resolve', {
        entity: ['doctors'],
        strategy: 'merge_fields then source_wins',
        dryRun: true,
      }),
    ).toEqual(answer);
  });

  test('analyze-conflicts names the columns, the reasons, and what each strategy would settle', async () => {
    const { entities } = (await ask('conflict-resolver analyze-conflicts', {
      entity: ['doctors'],
      lastDays: 7,
    })) as AnalyzeConflictsAnswer;
    expect(entities['doctors']).toMatchObject({
      total: 6,
      open: 6,
      byColumn: [
        { name: 'note', rows: 5 },
        { name: 'fee', rows: 1 },
      ],
      byReason: expect.arrayContaining([{ name: 'changed on both sides', rows: 4 }]),
      strategies: { source_wins: { settled: { source_wins: 4 } }, target_wins: { settled: { target_wins: 5 } } },
    });
  });
});
