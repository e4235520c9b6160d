/**
 * An owner that sleeps (a paused machine, a debugger, a swapped-out process) wakes after somebody else took its entity
 * over. Whatever statement it slept at: nothing that it does then reaches the target.
 */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { workSlice } from '../../shared/database/engine/slice.ts';
import type { Session } from '../../shared/database/session.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';
import { chance, seedOf, trials } from './size.ts';
import { startOwner, type Owner } from './sleeping-owner/owner.ts';
import { MAP, ROWS, SOURCE, TARGET } from './sleeping-owner/things.ts';
import type { Point } from './statement-signal.ts';

const WHOLE = { slice: 0, from: null, to: null };
const TRIALS = trials(500, 30);
/** About as many statements as the owner needs for everything. */
const STATEMENTS = 180;
/** Cheaper than to truncate every table of the ledger, for few rows. */
const FORGET = [
  'things',
  'portage.uuid_mappings',
  'portage.undo_inserts',
  'portage.undo_log',
  'portage.migration_checkpoints',
]
  .map((table) => `DELETE FROM ${table}`)
  .join('; ');

let p: Ledgered;
let owner: Owner;
let taker: Session;
beforeAll(async () => {
  p = await ledgered(SOURCE, TARGET, MAP);
  owner = await startOwner({ source: p.sourceUrl, target: p.targetUrl });
  taker = await p.another();
  await taker.run(`SET lock_timeout = '100ms'`);
});
afterAll(async () => {
  await owner.end();
  await p.end();
});

interface Trial {
  readonly point: Point;
  /** The rows are there already, and every one has changed: the owner updates instead of inserting. */
  readonly again: boolean;
  /** The ledger knows the owner's session, so that the takeover ends it; otherwise only the fence is in the way. */
  readonly known: boolean;
  /** Batches that the new owner writes before the old one wakes. */
  readonly batches: number;
}

type Outcome = 'not asleep' | 'takeover refused' | 'shut out' | 'had ended';

const target = (sql: string): Promise<string | null> => p.value(sql);
const batchesUnder = (fence: number): Promise<string | null> =>
  target(
    `SELECT coalesce(string_agg(batch_no || ':' || rows_read, ',' ORDER BY batch_no), '') FROM migration_batches WHERE fence = ${fence}`,
  );
const contents = (): Promise<string | null> =>
  target(`SELECT string_agg(no || '=' || name, ',' ORDER BY no) FROM things`);

async function trialOf({ point, again, known, batches }: Trial): Promise<Outcome> {
  await p.run('target', FORGET);
  await p.run('source', `UPDATE thing SET name = 'first'`);
  if (again) await p.work('things');
  await p.run('source', `UPDATE thing SET name = 'stale'`);

  const operation = await p.operation();
  const checkpoint = await p.claim(operation, 'things');
  const { operationNo, operationId } = operation;
  const slept = await owner.work({
    operationNo,
    operationId,
    checkpointId: checkpoint.id,
    fence: checkpoint.fence,
    point,
  });
  if (!slept) {
    expect(await owner.outcome()).toBe('done');
    return 'not asleep';
  }
  await p.run('source', `UPDATE thing SET name = 'new ' || no`);
  if (!known) await p.run('target', 'DELETE FROM portage.workers');
  const next = await p.operation();
  const taken = await p.claim(next, 'things', { leaseSeconds: 0, on: taker }).catch((error: unknown) => {
    // Its transaction is open, and nobody knows whose session that is: until it is gone, the entity is its own.
    expect({ known, error }).toMatchObject({ known: false, error: { code: 'M010' } });
    return null;
  });
  if (taken === null) {
    owner.wake();
    expect(await owner.outcome()).toBe('done');
    expect(await target(`SELECT count(*) FROM things WHERE name IN ('stale', 'new ' || no)`)).toBe(String(ROWS));
    return 'takeover refused';
  }
  const before = await batchesUnder(checkpoint.fence);
  let left = batches;
  const worker = p.worker(next, taken, { target: taker, batchRows: 7 });
  await workSlice({ ...worker, timeIsUp: () => --left <= 0 }, WHOLE);
  const meanwhile = await contents();

  owner.wake();
  const ended = await owner.outcome();
  expect(await batchesUnder(checkpoint.fence)).toBe(before);
  expect(await contents()).toBe(meanwhile);

  expect(await workSlice(worker, WHOLE)).toMatchObject({ done: true });
  expect(await contents()).toBe(Array.from({ length: ROWS }, (_, i) => `${i + 1}=new ${i + 1}`).join(','));
  expect(await target('SELECT sum(cardinality(legacy_ids)) FROM undo_inserts')).toBe(String(ROWS));
  expect(await target('SELECT count(*) FROM uuid_mappings')).toBe(String(ROWS));
  if (ended === 'done') {
    // Every row once; where the batches divide the rows, an empty one ends the slice.
    expect((before ?? '').split(',').reduce((rows, batch) => rows + Number(batch.split(':')[1]), 0)).toBe(ROWS);
    return 'had ended';
  }
  // The fence, or its session was ended by the takeover.
  expect(['M011', 'SYS001']).toContain(ended);
  return 'shut out';
}

(existsSync('/proc/self/stat') ? test : test.skip)(
  'an owner that wakes after a takeover writes nothing',
  async () => {
    const { number, pick } = chance(seedOf('sleeping owners'));
    const outcomes: Record<Outcome, number> = { 'not asleep': 0, 'takeover refused': 0, 'shut out': 0, 'had ended': 0 };
    for (let i = 0; i < TRIALS; i++) {
      const trial: Trial = {
        point: { signal: 'SIGSTOP', when: pick(['before', 'sent', 'after']), call: 1 + number(STATEMENTS) },
        again: pick([true, false]),
        known: number(3) > 0,
        batches: 1 + number(6),
      };
      try {
        outcomes[await trialOf(trial)]++;
      } catch (error) {
        throw new Error(`trial ${i}: ${JSON.stringify(trial)}`, { cause: error });
      }
    }
    process.stderr.write(`sleeping owners: ${JSON.stringify(outcomes)}\n`);
    expect(outcomes['shut out']).toBeGreaterThan(TRIALS / 3);
  },
  TRIALS * 5_000,
);
