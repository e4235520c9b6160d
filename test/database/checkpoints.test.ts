// Who owns an entity: claimed by one, refused to a second while the first lives, taken over when it is dead.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { runBatch } from '../../shared/database/engine/batch.ts';
import { loadMap } from '../../shared/database/engine/load-entities.ts';
import { beat, checkpointById, endCheckpoint } from '../../shared/database/ledger/checkpoints.ts';
import type { Session } from '../../shared/database/session.ts';
import { transaction } from '../../shared/database/transactions.ts';
import { createScratch } from '../../shared/database/sql/scratch.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(SURGERY_SOURCE, SURGERY_TARGET, surgery);
});
afterAll(() => p.end());
beforeEach(() => p.reset());

const age = (checkpointId: string, seconds: number) =>
  p.target.run(
    `UPDATE portage.workers SET heartbeat_at = heartbeat_at - interval '${seconds} s' WHERE checkpoint_id = '${checkpointId}';
     UPDATE portage.migration_checkpoints SET updated_at = updated_at - interval '${seconds} s' WHERE id = '${checkpointId}'`,
  );
/** The backend of a session, as the server sees it. */
const isThere = async (session: Session): Promise<boolean> =>
  (await p.value(`SELECT count(*) FROM pg_stat_activity WHERE pid = ${session.pid}`)) === '1';

test('a claim is in progress, with a number that rises with every claim', async () => {
  const first = await p.claim(await p.operation(), 'offices');
  expect(first).toMatchObject({ entity: 'offices', status: 'in_progress', fence: 1, errorCode: null });
  await endCheckpoint(p.target, first.id, first.fence, 'completed', null);
  const second = await p.claim(await p.operation(), 'offices');
  expect(second.fence).toBe(2);
  expect(second.id).not.toBe(first.id);
});

test("a live owner's entity is refused in the guide's words, with owner, age and next step", async () => {
  const operation = await p.operation();
  await p.claim(operation, 'offices');
  await expect(p.claim(await p.operation(), 'offices')).rejects.toMatchObject({
    code: 'M001',
    message: expect.stringContaining('Active checkpoint already exists for entity'),
    facts: {
      got: expect.stringMatching(
        new RegExp(`^${operation.operationId} by ${operation.execution} on .*, last heartbeat 0 s ago`),
      ),
      next: expect.stringContaining('resume --entity offices'),
    },
  });
  expect(await p.value('SELECT fence FROM fences JOIN entities USING (entity_id) WHERE entity = $$offices$$')).toBe(
    '1',
  );
});

test('of two that claim at the same moment, one gets the entity', async () => {
  const [a, b] = [await p.operation(), await p.operation()];
  const claims = await Promise.allSettled([
    p.claim(a, 'offices', { on: await p.another() }),
    p.claim(b, 'offices', { on: await p.another() }),
  ]);
  expect(claims.map((claim) => claim.status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(claims.find((claim) => claim.status === 'rejected')).toMatchObject({ reason: { code: 'M001' } });
});

test("a dead owner's checkpoint is superseded", async () => {
  const dead = await p.claim(await p.operation(), 'offices');
  await age(dead.id, 100);
  const taken = await p.claim(await p.operation(), 'offices');
  expect(taken).toMatchObject({ status: 'in_progress', fence: 2 });
  expect((await checkpointById(p.target, dead.id)).status).toBe('superseded');
});

test('an operation that claims its own checkpoint again goes on with it, plan and all', async () => {
  const operation = await p.operation();
  const first = await p.claim(operation, 'offices');
  await endCheckpoint(p.target, first.id, first.fence, 'failed', { code: 'M003', message: 'x' });
  const again = await p.claim(operation, 'offices');
  expect(again).toMatchObject({ id: first.id, fence: 2, status: 'in_progress', errorCode: null });
});

test('a checkpoint ends only by the hand of its owner', async () => {
  const operation = await p.operation();
  const first = await p.claim(operation, 'offices');
  await p.claim(operation, 'offices');
  expect(await endCheckpoint(p.target, first.id, first.fence, 'failed', { code: 'M003', message: 'late' })).toBe(0);
  expect((await checkpointById(p.target, first.id)).status).toBe('in_progress');
});

test('two maps may share a target, each with owners of its own', async () => {
  const other = { ...surgery, name: 'other' };
  const loaded = await loadMap(p.source, p.target, other, 'register');
  expect(loaded.entities.get('offices')!.leaf).not.toBe(p.entity('offices').leaf);
  await p.claim(await p.operation(), 'offices');
  expect(await p.value('SELECT count(*) FROM fences')).toBe('4');
});

test("a takeover ends the dead owner's backend, which lives on in the middle of a transaction", async () => {
  const theirs = await p.another();
  const operation = await p.operation();
  const dead = await p.claim(operation, 'offices', { on: theirs });
  await theirs.run('BEGIN');
  await theirs.run('SELECT fence FROM portage.fences FOR KEY SHARE');
  await age(dead.id, 100);
  const taken = await p.claim(await p.operation(), 'offices');
  expect(taken.fence).toBe(2);
  await expect(theirs.run('COMMIT')).rejects.toMatchObject({ code: 'SYS001' });
  // The process is a moment on its way after its last word.
  for (let looks = 0; looks < 100 && (await isThere(theirs)); looks++) await sleep(20);
  expect(await isThere(theirs)).toBe(false);
});

test('a takeover leaves alone a backend that merely has the number of a dead one', async () => {
  const bystander = await p.another();
  const dead = await p.claim(await p.operation(), 'offices');
  await p.target.run(
    `UPDATE portage.workers SET pid = ${bystander.pid}, backend_start = backend_start - interval '1 hour' WHERE checkpoint_id = '${dead.id}'`,
  );
  await age(dead.id, 100);
  await p.claim(await p.operation(), 'offices');
  expect(await isThere(bystander)).toBe(true);
});

test('a live worker keeps the entity though its checkpoint is old', async () => {
  const operation = await p.operation();
  const checkpoint = await p.claim(operation, 'offices');
  await age(checkpoint.id, 100);
  await beat(p.target, checkpoint.id, 3, 'host');
  await expect(p.claim(await p.operation(), 'offices')).rejects.toMatchObject({ code: 'M001' });
});

test('a batch is a sign of life', async () => {
  const operation = await p.operation();
  const checkpoint = await p.claim(operation, 'offices');
  await p.target.run(createScratch(p.entity('offices')));
  await age(checkpoint.id, 100);
  await runBatch(p.worker(operation, checkpoint), { from: null, to: null }, { readMs: 0 });
  expect((await checkpointById(p.target, checkpoint.id)).heartbeatAge).toBeLessThan(10);
});

test('a takeover waits for a batch that holds the fence, and then finds what it wrote', async () => {
  const operation = await p.operation();
  const checkpoint = await p.claim(operation, 'offices');
  const theirs = await p.another();
  let claimed = false;
  const next = await p.operation();
  const claim = await transaction(theirs, async () => {
    await theirs.run('SELECT fence FROM portage.fences FOR KEY SHARE');
    await age(checkpoint.id, 100);
    const claiming = p.claim(next, 'offices', { on: p.target }).then((taken) => {
      claimed = true;
      return taken;
    });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(claimed).toBe(false);
    return { claiming };
  });
  expect((await claim.claiming).fence).toBe(2);
});
