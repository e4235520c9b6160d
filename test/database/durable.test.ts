// Commits that do not wait for the disk, and the end of the work, which does.
import { expect, test } from '@jest/globals';
import { openSession } from '../../shared/database/session.ts';
import { durableAtEnd } from '../../shared/database/transactions.ts';
import { createDatabase, dropDatabase, withClient } from '../support/database.ts';
import { addressOf } from '../support/sides.ts';

test('what was committed before the work returns is on disk when it has', async () => {
  const url = await createDatabase();
  // As a user's server has it; the one of the tests does not wait at all.
  await withClient(url, (client) => client.query(`ALTER DATABASE "${new URL(url).pathname.slice(1)}" SET synchronous_commit = on`)); // prettier-ignore
  const session = await openSession('target', addressOf(url), { applicationName: 'portage:test' });
  const waits = async (): Promise<unknown> => session.one('SHOW synchronous_commit');
  await session.run('CREATE TABLE public.numbers (n int)');
  let committed = '';
  await durableAtEnd(session, async () => {
    expect(await waits()).toEqual({ synchronous_commit: 'off' });
    await session.run('INSERT INTO public.numbers SELECT generate_series(1, 1000)');
    committed = (await session.one<{ lsn: string }>('SELECT pg_current_wal_insert_lsn() AS lsn')).lsn;
  });
  expect(await waits()).toEqual({ synchronous_commit: 'on' });
  expect(await session.one('SELECT (pg_current_wal_flush_lsn() >= $1::pg_lsn)::text AS durable', [committed])).toEqual({
    durable: 'true',
  });
  await session.end();
  await dropDatabase(url);
});
