// Rows on their way from one server to the other: how many of them this process holds at a time, and when they are too many.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { copyRows, type Copied, TooWide } from '../../shared/database/engine/copy-rows.ts';
import { stageRows } from '../../shared/database/engine/stage-rows.ts';
import { createScratch } from '../../shared/database/sql/scratch.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(SURGERY_SOURCE, SURGERY_TARGET, surgery);
  await p.target.run(`CREATE TEMP TABLE slow (t text);
    CREATE FUNCTION pg_temp.wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END $$`);
  await takesNothingAtFirst('slow');
  await p.run('source', 'INSERT INTO office SELECT n, repeat(md5(n::text), 100) FROM generate_series(100, 8000) n');
});
afterAll(() => p.end());

/** Whoever fills the table waits until all that is between the servers is full. */
const takesNothingAtFirst = (table: string): Promise<unknown> =>
  p.target.run(`CREATE TRIGGER wait BEFORE INSERT ON pg_temp.${table} EXECUTE FUNCTION pg_temp.wait()`);

const OUT = "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 20000)) TO STDOUT";
const IN = 'COPY slow FROM STDIN';
/** More than one piece of what a socket gives at once. */
const A_PIECE = 2 * 64 * 1024;

describe('--streaming-mode', () => {
  test('holds one piece at a time, where node would fill its buffers', async () => {
    const streamed = await copyRows(p.source, OUT, p.target, IN, { streaming: true });
    const plain = await copyRows(p.source, OUT, p.target, IN);
    expect([plain.rows, streamed.rows]).toEqual([20_000, 20_000]);
    expect(streamed.bytes).toBe(plain.bytes);
    expect(streamed.bufferedBytes).toBeLessThanOrEqual(A_PIECE);
    expect(streamed.bufferedBytes).toBeLessThan(plain.bufferedBytes);
  });

  test('is how a worker that is told so stages its rows', async () => {
    const offices = p.entity('offices');
    await p.target.run(createScratch(offices));
    await takesNothingAtFirst(`stage_${offices.entityId}`);
    const read = (streaming: boolean): Promise<Copied> =>
      stageRows(
        { source: p.source, target: p.target, entity: offices, reading: { pace: null, streaming } },
        { range: { from: null, to: null } },
      );
    const streamed = await read(true);
    const plain = await read(false);
    expect(streamed.rows).toBe(plain.rows);
    expect(streamed.bufferedBytes).toBeLessThan(plain.bufferedBytes);
  });
});

test('rows that weigh too much by far are let go, nothing of them is staged, and both sessions go on', async () => {
  await p.target.run('TRUNCATE slow');
  await expect(copyRows(p.source, OUT, p.target, IN, { mostBytes: 1_000_000 })).rejects.toBeInstanceOf(TooWide);
  expect(await p.value('SELECT count(*) FROM slow')).toBe('0');
  expect((await copyRows(p.source, OUT, p.target, IN, { mostBytes: 100_000_000 })).rows).toBe(20_000);
});
