// A worker that wakes late finds itself shut out, and workers side by side never wait for each other in a circle.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { setAsideRow } from '../../shared/database/engine/batch.ts';
import { workSlice } from '../../shared/database/engine/slice.ts';
import type { Worker } from '../../shared/database/engine/worker.ts';
import { requestStop } from '../../shared/database/ledger/operations.ts';
import { slicesFrom } from '../../shared/domain/slice.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';

const WHOLE = { slice: 0, from: null, to: null };

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(
    'CREATE TABLE thing (no integer PRIMARY KEY, name text); INSERT INTO thing SELECT n, n::text FROM generate_series(1, 300) n',
    'CREATE TABLE things (id uuid PRIMARY KEY, no integer UNIQUE, name text)',
    {
      name: 'm',
      entities: {
        things: {
          source: { table: 'thing', key: ['no'] },
          target: { table: 'things', key: ['id'], identity: ['no'] },
          columns: { no: 'no', name: 'name' },
        },
      },
    },
  );
});
afterAll(() => p.end());
beforeEach(() => p.reset());

const written = () => p.value('SELECT (SELECT count(*) FROM things) + (SELECT count(*) FROM migration_batches)');
const raiseFence = () => p.target.run('UPDATE portage.fences SET fence = fence + 1');
/** The worker, on sessions of its own. */
const alongside = async (worker: Worker): Promise<Worker> => ({
  ...worker,
  source: await p.another('source'),
  target: await p.another(),
});

test('a worker with an old number writes nothing, not even the row that it would set aside', async () => {
  const operation = await p.operation();
  const worker = p.worker(operation, await p.claim(operation, 'things'));
  await raiseFence();
  const outcome = workSlice(worker, WHOLE);
  await expect(outcome).rejects.toMatchObject({
    code: 'M011',
    facts: { got: 'fence 1', expected: 'fence 2', where: 'things' },
  });
  const aside = setAsideRow(worker, { from: null, to: '1' }, '1', { code: 'M012', column: null, text: 'x' });
  await expect(aside).rejects.toMatchObject({ code: 'M011' });
  expect(await written()).toBe('0');
  expect(await p.value('SELECT count(*) FROM set_aside_rows')).toBe('0');
});

test('a worker that is overtaken between two batches keeps the first and writes no second', async () => {
  const operation = await p.operation();
  const checkpoint = await p.claim(operation, 'things');
  const worker = p.worker(operation, checkpoint, { batchRows: 10 });
  let batches = 0;
  const overtaken = workSlice({ ...worker, timeIsUp: () => ++batches > 0 }, WHOLE);
  expect(await overtaken).toEqual({ rows: 10, done: false, stopped: false });
  await raiseFence();
  await expect(workSlice(worker, WHOLE)).rejects.toMatchObject({ code: 'M011' });
  expect(await p.value('SELECT count(*) FROM things')).toBe('10');
});

test('a worker whose backend a takeover ended has written nothing of its batch', async () => {
  const operation = await p.operation();
  const theirs = await p.another();
  const checkpoint = await p.claim(operation, 'things', { on: theirs });
  const holder = await p.another();
  // The row that the batch will insert is being inserted by somebody else: the batch stands still in its transaction.
  await holder.run(`BEGIN; INSERT INTO public.things VALUES (gen_random_uuid(), 5, 'theirs')`);
  const stuck = workSlice({ ...p.worker(operation, checkpoint), target: theirs }, WHOLE);
  const failed = expect(stuck).rejects.toMatchObject({ code: 'SYS001' });
  await expectSoon(
    async () => (await p.value(`SELECT wait_event_type FROM pg_stat_activity WHERE pid = ${theirs.pid}`)) === 'Lock',
  );
  await p.target.run(
    `UPDATE portage.workers SET heartbeat_at = heartbeat_at - interval '100 s';
     UPDATE portage.migration_checkpoints SET updated_at = updated_at - interval '100 s'`,
  );
  const next = await p.operation();
  const taken = await p.claim(next, 'things');
  await failed;
  await holder.run('ROLLBACK');
  expect(await written()).toBe('0');
  expect((await workSlice(p.worker(next, taken), WHOLE)).rows).toBe(300);
  expect(await p.value('SELECT count(*) FROM things')).toBe('300');
});

test('slices that take the fence side by side do not wait for each other in a circle', async () => {
  const operation = await p.operation();
  const checkpoint = await p.claim(operation, 'things');
  const slices = slicesFrom(['75', '150', '225']);
  const workers = await Promise.all(
    slices.map(({ slice }) => alongside(p.worker(operation, checkpoint, { slice, batchRows: 5 }))),
  );
  const progress = await Promise.all(slices.map((slice, i) => workSlice(workers[i]!, slice)));
  expect(progress.map(({ rows, done }) => [rows, done])).toEqual(slices.map(() => [75, true]));
  expect(await p.value('SELECT count(DISTINCT no) FROM things')).toBe('300');
  expect(await p.value('SELECT sum(inserted) FROM migration_batches')).toBe('300');
});

test('two workers on one slice have one result: every row once, every batch once', async () => {
  const operation = await p.operation();
  const worker = p.worker(operation, await p.claim(operation, 'things'), { batchRows: 7 });
  const both = [await alongside(worker), await alongside(worker), await alongside(worker)];
  const progress = await Promise.all(both.map((each) => workSlice(each, WHOLE)));
  expect(progress.every(({ done }) => done)).toBe(true);
  expect(await p.rows('SELECT count(*) AS rows, count(DISTINCT no) AS numbers FROM things')).toEqual([
    { rows: '300', numbers: '300' },
  ]);
  const sums = 'SELECT sum(inserted) AS inserted, sum(rows_read) AS read, count(*) AS batches FROM migration_batches';
  expect(await p.rows(sums)).toEqual([{ inserted: '300', read: '300', batches: String(Math.ceil(300 / 7)) }]);
  expect(await p.value('SELECT sum(cardinality(legacy_ids)) FROM undo_inserts')).toBe('300');
});

test('a stop that is asked for takes effect at the border of a batch', async () => {
  const operation = await p.operation();
  const worker = p.worker(operation, await p.claim(operation, 'things'), { batchRows: 50 });
  let batches = 0;
  const progress = await workSlice(
    {
      ...worker,
      onBatch: () => {
        batches++;
      },
      timeIsUp: () => batches >= 2,
    },
    WHOLE,
  );
  expect(progress).toEqual({ rows: 100, done: false, stopped: false });
  await requestStop(p.target, operation.execution);
  expect(await workSlice(worker, WHOLE)).toEqual({ rows: 0, done: false, stopped: true });
  expect(await p.value('SELECT count(*) FROM things')).toBe('100');
});

async function expectSoon(condition: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 5000;
  while (!(await condition())) {
    if (Date.now() > until) throw new Error('it did not come to that within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
