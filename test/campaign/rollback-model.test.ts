// Random sequences of migrations, synchronizations, resolutions, edits on both sides, rollbacks (of rollbacks too), backups, restores,
// stops and deaths, against a model: after each step the target is what the model says, and so every edit by others survives.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import type { FinishResolutionOutput } from '../../shared/contracts/resolution.ts';
import { jobs } from '../support/jobs.ts';
import { portage, type Around, type EndedWith, type Portage, type Recovered, type Row } from '../support/portage.ts';
import { rollbackOf, rolledBack } from '../support/rolled-back.ts';
import { backups } from '../support/backups.ts';
import type { Backup, Difference, Winner } from './rollback/facts.ts';
import { RollbackModel } from './rollback/model.ts';
import { KEYS, steps, type Change } from './rollback/steps.ts';
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

const rows = (): Promise<Row[]> => p.rows('SELECT legacy_id AS no, a, b, note FROM items ORDER BY legacy_id');
const mapped = (): Promise<Row[]> => p.rows('SELECT legacy_key AS no, closed FROM mappings ORDER BY legacy_key');

const open = async (): Promise<[number, Difference][]> =>
  (await p.rows('SELECT legacy_key AS no, comparison_type AS type FROM data_differentials WHERE NOT resolved')).map(
    ({ no, type }) => [Number(no), type as Difference],
  );
const latest = async (): Promise<string> =>
  (await p.value('SELECT operation_id FROM operations ORDER BY operation_no DESC LIMIT 1'))!;

/** What an operation has to say that ended by itself. */
function done<Output>({ output, failure }: Pick<EndedWith<Output>, 'output' | 'failure'>): Output {
  expect(failure).toBeNull();
  return output!;
}

/** Lanes side by side ask one after the other: they share the owner's session. */
let asked = Promise.resolve();
const askToStop = (): Promise<void> =>
  (asked = asked.then(() =>
    p.run('target', "UPDATE portage.operations SET stop_requested_at = now() WHERE status = 'running'"),
  ));
/** Lets a state work off one batch, and then asks the operation to stop. */
function afterOneBatch(): Around {
  let calls = 0;
  return async (_input, go) => {
    if (calls++ === 0) return go(true);
    await askToStop();
    return go();
  };
}
const dies =
  (when: string): Around =>
  async (_input, go, kill) => {
    if (when === 'after') await go();
    kill();
    throw new Error('killed');
  };

/**
 * Dies around a state, or stops there, as it was drawn.
 * @returns how it ended where it was at its end before it was asked to stop; null: it is to be begun again
 */
async function interrupted(state: string, input: Record<string, unknown>, when: string): Promise<Recovered | null> {
  if (when === 'none') return null;
  const ended = await p.recover(input, { [state]: when === 'stop' ? afterOneBatch() : dies(when) });
  if (when !== 'stop') await p.passTime(120);
  return ended.output === null || ended.output.status === 'stopped' ? null : ended;
}

/** The last key that an operation has come to: where a stop left it is not for the model to say. */
async function border(operationId: string): Promise<number> {
  const [last] = await p.rows(
    `SELECT b.upper_bound AS key FROM migration_batches b JOIN migration_checkpoints c ON c.id = b.checkpoint_id
     WHERE c.operation_id = '${operationId}' AND b.slice >= 0 ORDER BY b.batch_no DESC LIMIT 1`,
  );
  if (last === undefined) return 0;
  return last['key'] === null ? Infinity : Number(last['key']);
}

const MIGRATE = { command: 'differential-migration migrate', allowDeletes: '100%' };
const IN_SMALL_BATCHES = { allowDeletes: '100%', batchSize: 2 };

/** One sequence, beside the model of it. */
class Trial {
  readonly model = new RollbackModel();
  readonly operations: string[] = [];
  kept: { readonly file: string; readonly rows: Backup } | null = null;

  async change(step: Change): Promise<void> {
    switch (step.do) {
      case 'source':
        await p.run(
          'source',
          `INSERT INTO item VALUES (${step.key}, ${step.a}, ${step.b}) ON CONFLICT (no) DO UPDATE SET a = excluded.a, b = excluded.b`,
        );
        this.model.source(step.key, step.a, step.b);
        break;
      case 'leave':
        await p.run('source', `DELETE FROM item WHERE no = ${step.key}`);
        this.model.leave(step.key);
        break;
      case 'edit': {
        const text = step.column === 'note' ? `'v${step.value}'` : String(step.value);
        await p.run('target', `UPDATE items SET ${step.column} = ${text} WHERE legacy_id = ${step.key}`);
        this.model.edit(step.key, step.column, step.column === 'note' ? `v${step.value}` : step.value);
        break;
      }
      case 'remove':
        await p.run('target', `DELETE FROM items WHERE legacy_id = ${step.key}`);
        this.model.remove(step.key);
        break;
      case 'plant':
        if (!this.model.mayPlant(step.key)) return;
        await p.run(
          'target',
          `INSERT INTO items (id, legacy_id, a, b) VALUES (gen_random_uuid(), ${step.key}, ${step.a}, ${step.b})`,
        );
        this.model.plant(step.key, step.a, step.b);
        break;
    }
  }

  async migrate(death: string): Promise<void> {
    const ended = (await interrupted('MigrateSlice', MIGRATE, death)) ?? (await p.migrate({ allowDeletes: '100%' }));
    const { operationId } = done(ended);
    this.operations.push(operationId);
    this.model.migrate(operationId);
  }

  /** A run that dies or stops before it has written anything is followed by another one. */
  async sync(winner: Winner, death: string): Promise<void> {
    await job(winner, null);
    if (death === 'before') await jobs(p, 'model').run('nightly', { ApplyChanges: dies('before') });
    if (death === 'before') await p.passTime(120);
    if (death === 'stop') await jobs(p, 'model').run('nightly', { ApplyChanges: stopsFirst });
    const { operationId } = done(await jobs(p, 'model').run('nightly'));
    this.operations.push(operationId);
    this.model.sync(operationId, winner);
  }

  async resolve(winner: Winner, include: readonly Difference[], forced: boolean, death: string): Promise<void> {
    const force = forced || !this.model.knowsRecorded();
    const more = include.length === 0 ? {} : { include };
    const input = { command: 'conflict-resolver resolve', entity: ['items'], strategy: winner, force, ...more };
    if (death === 'before') await p.execute('resolution', input, { ResolveBatch: dies('before') });
    if (death === 'before') await p.passTime(120);
    if (death === 'stop') await p.execute('resolution', input, { ResolveBatch: stopsFirst });
    const { operationId } = done(await p.execute<FinishResolutionOutput>('resolution', input));
    this.operations.push(operationId);
    this.model.resolve(operationId, winner, include, force);
  }

  /** Stops after its first batch; others go on working; then it is taken up again where it was. */
  async stoppedMigration(by: 'resume' | 'migrate', meanwhile: readonly Change[]): Promise<void> {
    await p.migrateAround({ MigrateSlice: afterOneBatch() }, IN_SMALL_BATCHES);
    const operationId = await latest();
    this.operations.push(operationId);
    const reached = await this.#stoppedAt(operationId, null);
    if (reached === null) return;
    for (const step of meanwhile) await this.change(step);
    expect(done(await (by === 'resume' ? p.resume() : p.migrate(IN_SMALL_BATCHES)))).toMatchObject({ operationId });
    this.model.look(operationId, null, reached);
    this.model.end(operationId);
  }

  /** Stops after its first batch; the next run, by another strategy perhaps, has to do with what it left. */
  async stoppedSync(winner: Winner, meanwhile: readonly Change[]): Promise<void> {
    await job(winner, 2);
    await jobs(p, 'model').run('nightly', { ApplyChanges: afterOneBatch() });
    const operationId = await latest();
    this.operations.push(operationId);
    if ((await this.#stoppedAt(operationId, winner)) === null) return;
    for (const step of meanwhile) await this.change(step);
    await this.sync(winner, 'none');
  }

  /** @returns how far it came; null: it was at its end before it could be stopped */
  async #stoppedAt(operationId: string, winner: Winner): Promise<number | null> {
    const stopped =
      (await p.value(`SELECT status FROM operations WHERE operation_id = '${operationId}'`)) === 'stopped';
    const reached = await border(operationId);
    this.model.look(operationId, winner, 0, stopped ? reached : Infinity);
    if (!stopped) this.model.end(operationId);
    await this.compare();
    return stopped ? reached : null;
  }

  async restore(death: string): Promise<void> {
    if (this.kept === null) return;
    const input = { command: 'migration-analyzer restore-from-backup', backupFile: this.kept.file };
    const { operationId } = done((await interrupted('RestoreSlice', input, death)) ?? (await p.recover(input)));
    this.operations.push(operationId);
    this.model.restore(this.kept.rows, operationId);
    this.model.told(await open());
  }

  async rollback(back: number, death: string): Promise<void> {
    const operationId = this.operations.at(-1 - back);
    if (operationId === undefined || !this.model.mayTakeBack(operationId)) return;
    const ended =
      death === 'none'
        ? await rolledBack(p, rollbackOf(operationId))
        : ((await interrupted('RollbackSlice', rollbackOf(operationId), death)) ?? (await p.rollback(operationId)));
    const { kept, operationId: rollbackId } = done(ended);
    expect(kept.map((row) => Number(row.legacyId)).sort()).toEqual(this.model.rollback(operationId, rollbackId));
    this.operations.push(rollbackId);
    this.model.told(await open());
  }

  async compare(): Promise<void> {
    expect(await rows()).toEqual(this.model.rows());
    expect(await mapped()).toEqual(this.model.mapped());
  }
}

const stopsFirst: Around = async (_input, go) => {
  await askToStop();
  return go();
};
/** Every run looks at all rows: what it says of a row is the table of SEMANTICS 14. */
const job = (winner: Winner, batchSize: number | null): Promise<void> =>
  jobs(p, 'model').job('nightly', { conflict_resolution: winner, batch_size: batchSize, full_every: '0' });

test(
  'the target is what the model says after every step',
  async () => {
    const run = fc.asyncProperty(steps, async (sequence) => {
      await p.run('source', 'TRUNCATE item');
      await p.empty();
      const trial = new Trial();
      for (let key = 1; key < KEYS; key++) await trial.change({ do: 'source', key, a: 0, b: key % 3 });
      await trial.migrate('none');
      for (const { before, then: step } of sequence) {
        for (const change of before) await trial.change(change);
        switch (step.do) {
          case 'migrate':
            await trial.migrate(step.death);
            break;
          case 'sync':
            await trial.sync(step.winner, step.death);
            break;
          case 'resolve':
            await trial.resolve(step.winner, step.include, step.force, step.death);
            break;
          case 'stop':
            await (step.of === 'migrate'
              ? trial.stoppedMigration(step.by, step.meanwhile)
              : trial.stoppedSync(step.winner, step.meanwhile));
            break;
          case 'backup':
            trial.kept = { file: await take(), rows: trial.model.backup() };
            break;
          case 'restore':
            await trial.restore(step.death);
            break;
          case 'rollback':
            await trial.rollback(step.back, step.death);
            break;
        }
        await trial.compare();
        expect((await open()).map(([key, type]) => `${key} ${type}`).sort()).toEqual(trial.model.open());
      }
    });
    await fc.assert(run, {
      seed: seedOf('rollback model'),
      numRuns: trials(300, 8),
      endOnFailure: !process.env['PORTAGE_LONG'],
    });
  },
  trials(3_600_000, 120_000),
);
