// Random sequences of migrations, edits on both sides, rollbacks (of rollbacks too), backups, restores and deaths, against a model:
// after each step the target is what the model says, and so every edit by others survives.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { portage, type Portage, type Row } from '../support/portage.ts';
import { rollbackOf, rolledBack } from '../support/rolled-back.ts';
import { backups } from '../support/backups.ts';
import { RollbackModel, type Backup } from './rollback/model.ts';
import { seedOf, trials } from './size.ts';

const map: EntityMap = {
  name: 'model',
  entities: {
    items: {
      source: { table: 'public.item', key: ['no'] },
      target: { table: 'public.items', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'no', a: 'a', b: 'b' },
      deletes: 'propagate',
    },
  },
};
const TARGET = `CREATE TABLE items (id uuid PRIMARY KEY, legacy_id integer UNIQUE, a integer, b integer, note text DEFAULT 'n')`;

let p: Portage;
const { take } = backups(() => p);
beforeAll(async () => {
  p = await portage('CREATE TABLE item (no integer PRIMARY KEY, a integer, b integer)', TARGET, map);
  await p.migrate();
});
afterAll(() => p.end());

const key = fc.integer({ min: 1, max: 6 });
const value = fc.integer({ min: 0, max: 2 });
const death = fc.constantFrom('none', 'before', 'after');
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('source' as const), key, a: value, b: value }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), key }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('edit' as const), key, column: fc.constantFrom('a', 'b', 'note'), value }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), key }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('migrate' as const), death }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('backup' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('restore' as const), death }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('rollback' as const), back: fc.nat({ max: 3 }), death }) },
  ),
  { minLength: 4, maxLength: 14 },
);

const rows = (): Promise<Row[]> => p.rows('SELECT legacy_id AS no, a, b, note FROM items ORDER BY legacy_id');
const mapped = (): Promise<Row[]> => p.rows('SELECT legacy_key AS no, closed FROM mappings ORDER BY legacy_key');

/** Dies around a state, as it was drawn, and is begun again. */
async function dying(state: string, input: Record<string, unknown>, when: string): Promise<void> {
  if (when === 'none') return;
  await p.recover(input, {
    [state]: async (_input, go, kill) => {
      if (when === 'after') await go();
      kill();
      throw new Error('killed');
    },
  });
  await p.passTime(120);
}

test(
  'the target is what the model says after every step',
  async () => {
    const run = fc.asyncProperty(steps, async (sequence) => {
      await p.run('source', 'TRUNCATE item');
      await p.empty();
      const model = new RollbackModel();
      const operations: string[] = [];
      let kept: { readonly file: string; readonly rows: Backup } | null = null;
      for (const step of sequence) {
        switch (step.do) {
          case 'source':
            await p.run(
              'source',
              `INSERT INTO item VALUES (${step.key}, ${step.a}, ${step.b}) ON CONFLICT (no) DO UPDATE SET a = excluded.a, b = excluded.b`,
            );
            model.source(step.key, step.a, step.b);
            break;
          case 'leave':
            await p.run('source', `DELETE FROM item WHERE no = ${step.key}`);
            model.leave(step.key);
            break;
          case 'edit': {
            const text = step.column === 'note' ? `'v${step.value}'` : String(step.value);
            await p.run('target', `UPDATE items SET ${step.column} = ${text} WHERE legacy_id = ${step.key}`);
            model.edit(step.key, step.column, step.column === 'note' ? `v${step.value}` : step.value);
            break;
          }
          case 'remove':
            await p.run('target', `DELETE FROM items WHERE legacy_id = ${step.key}`);
            model.remove(step.key);
            break;
          case 'migrate': {
            const input = { command: 'differential-migration migrate', allowDeletes: '100%' };
            await dying('MigrateSlice', input, step.death);
            const { output } = await p.migrate({ allowDeletes: '100%' });
            operations.push(output!.operationId);
            model.migrate(output!.operationId);
            break;
          }
          case 'backup':
            if (operations.length > 0) kept = { file: await take(), rows: model.backup() };
            break;
          case 'restore': {
            if (kept === null) break;
            const input = { command: 'migration-analyzer restore-from-backup', backupFile: kept.file };
            await dying('RestoreSlice', input, step.death);
            const { output } = await p.recover(input);
            operations.push(output!.operationId);
            model.restore(kept.rows, output!.operationId);
            break;
          }
          case 'rollback': {
            const operationId = operations.at(-1 - step.back);
            if (operationId === undefined || !model.mayTakeBack(operationId)) break;
            await dying('RollbackSlice', rollbackOf(operationId), step.death);
            const ended =
              step.death === 'none' ? await rolledBack(p, rollbackOf(operationId)) : await p.rollback(operationId);
            const stayed = ended.output!.kept.map((row) => Number(row.legacyId)).sort();
            expect(stayed).toEqual(model.rollback(operationId, ended.output!.operationId));
            operations.push(ended.output!.operationId);
            break;
          }
        }
        expect(await rows()).toEqual(model.rows());
        expect(await mapped()).toEqual(model.mapped());
      }
    });
    await fc.assert(run, {
      seed: seedOf('rollback model'),
      numRuns: trials(300, 8),
      endOnFailure: !process.env['PORTAGE_LONG'],
    });
  },
  trials(3_600_000, 60_000),
);
