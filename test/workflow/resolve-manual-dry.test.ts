// A decision of one conflict, tried: what it would write is said, and nothing is written.
import { describe, expect, test } from '@jest/globals';
import type { TestStrategyAnswer } from '../../shared/contracts/resolution.ts';
import type { Portage } from '../support/portage.ts';
import { noted, surgeryConflicts } from '../support/surgery-conflicts.ts';

let p: Portage;
const { manual, ask, notes, idOf } = surgeryConflicts((made) => (p = made));

describe('resolve-manual as a dry run', () => {
  const everything = async () =>
    JSON.stringify([
      await p.rows('SELECT *, ctid, xmin FROM doctors ORDER BY id'),
      await p.rows('SELECT *, xmin FROM data_differentials ORDER BY id'),
      await p.rows('SELECT * FROM operations ORDER BY operation_no'),
      await p.rows('SELECT * FROM conflict_decisions'),
    ]);
  const dry = async (no: number, action: string, values?: Record<string, unknown>): Promise<TestStrategyAnswer> =>
    (await ask('conflict-resolver resolve-manual', {
      conflictId: await idOf(no),
      action,
      ...(values && { values }),
      dryRun: true,
    })) as TestStrategyAnswer;
  const column = (name: string, source: string | null, target: string | null, result: string | null) => ({
    ...{ column: name, source, target, result },
  });

  test('says what a strategy would make of that conflict, and of no other; nothing is written', async () => {
    const before = await everything();
    const answer = await dry(2, 'source_wins');
    expect(answer).toMatchObject({
      dryRun: true,
      strategy: 'source_wins',
      entities: { doctors: { open: 1, settled: { source_wins: 1 }, undecided: 0 } },
      conflicts: [{ legacyId: '2', rule: 'source_wins', columns: [column('note', 'source', 'target', 'source')] }],
    });
    expect(answer.conflicts).toHaveLength(1);
    expect((await dry(2, 'merge_fields')).entities['doctors']).toMatchObject({ settled: {}, undecided: 1 });
    expect(await everything()).toBe(before);
  });

  test('shows values of its own as the columns hold them, and what the run then writes', async () => {
    const before = await everything();
    const values = { note: 'mine', fee: '07.50' };
    const answer = await dry(2, 'custom', values);
    expect(answer).toMatchObject({
      strategy: 'custom',
      entities: { doctors: { open: 1, settled: { custom: 1 } } },
      conflicts: [
        {
          rule: 'custom',
          action: 'update',
          columns: [column('note', 'source', 'target', 'mine'), column('fee', '3.0', '3.0', '7.50')],
        },
      ],
    });
    expect(await everything()).toBe(before);
    await manual(await idOf(2), 'custom', values);
    expect((await notes())[1]).toEqual(noted(2, 'mine', '7.50'));
  });

  test('says of a value that its column cannot hold that the conflict would stay open, as the run does', async () => {
    const values = { fee: 'much' };
    expect((await dry(2, 'custom', values)).entities['doctors']).toMatchObject({ settled: {}, undecided: 1 });
    expect((await manual(await idOf(2), 'custom', values)).output!.unresolved).toMatchObject([{ legacyId: '2' }]);
  });

  test('refuses what the run refuses, and is refused by the machine that writes', async () => {
    const id = await idOf(2);
    const refused = async (more: Record<string, unknown>): Promise<unknown> =>
      ask('conflict-resolver resolve-manual', { conflictId: id, action: 'custom', dryRun: true, ...more });
    await expect(refused({ values: { email: 'x@example.org' } })).rejects.toThrow(/email cannot be given a value/);
    await manual(id, 'target_wins');
    await expect(refused({ action: 'source_wins' })).rejects.toThrow(/settled already/);
    const { failure } = await p.execute('resolution', {
      ...{ command: 'conflict-resolver resolve-manual', conflictId: id, action: 'source_wins', dryRun: true },
    });
    expect(failure).toMatchObject({ code: 'SYS002', where: 'dryRun' });
  });
});
