// A job over entities that refer to each other in a circle of NOT NULL references, and over keys that move: both sides stay in step.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CLUBS_ROWS, CLUBS_SOURCE, CLUBS_TARGET, clubs } from '../support/clubs.ts';
import { jobs, type Jobs } from '../support/jobs.ts';
import { portage, type Portage } from '../support/portage.ts';

let p: Portage;
let j: Jobs;
beforeAll(async () => {
  p = await portage(`${CLUBS_SOURCE} ${CLUBS_ROWS}`, CLUBS_TARGET, clubs);
  j = jobs(p, 'clubs');
  await j.job('nightly', { conflict_resolution: 'source_wins' });
});
afterAll(() => p.end());

/** Pairs of the circle by legacy keys. */
const pairs = async (): Promise<unknown> => ({
  left: await p.rows('SELECT l.legacy_id AS no, r.legacy_id AS other FROM lefts l JOIN rights r ON r.id = l.other ORDER BY l.legacy_id'), // prettier-ignore
  right: await p.rows('SELECT r.legacy_id AS no, l.legacy_id AS other FROM rights r JOIN lefts l ON l.id = r.other ORDER BY r.legacy_id'), // prettier-ignore
});
const source = async (): Promise<unknown> => ({
  left: await p.source.rows('SELECT no, other FROM public.l ORDER BY no'),
  right: await p.source.rows('SELECT no, other FROM public.r ORDER BY no'),
});

test('what changes in a circle is carried together, and settled as anywhere else', async () => {
  const first = await j.run('nightly');
  expect(first).toMatchObject({
    failure: null,
    output: { entities: { left: { inserted: 3 }, right: { inserted: 3 } } },
  });
  expect(await pairs()).toEqual(await source());
  // New rows that only exist with each other, and references that turn round; one of them was turned in the target as well.
  await p.run('source', 'INSERT INTO l VALUES (4, 5), (5, 4); INSERT INTO r VALUES (4, 4), (5, 5); UPDATE l SET other = 4 WHERE no = 1; UPDATE r SET other = 5 WHERE no IN (2, 3)'); // prettier-ignore
  await p.run('target', 'UPDATE rights SET other = (SELECT id FROM lefts WHERE legacy_id = 1) WHERE legacy_id = 3; UPDATE lefts SET other = (SELECT id FROM rights WHERE legacy_id = 2) WHERE legacy_id = 3'); // prettier-ignore
  const run = await j.run('nightly');
  expect(run).toMatchObject({
    failure: null,
    output: {
      status: 'completed',
      settled: { source_wins: 1 },
      entities: { left: { inserted: 2, updated: 1, kept: 1 }, right: { inserted: 2, updated: 2 } },
      detection: { left: { path: 'full' }, right: { path: 'full' } },
    },
  });
  expect(await pairs()).toEqual({ ...(await source() as object), left: expect.arrayContaining([{ no: '3', other: '2' }, { no: '4', other: '5' }]) }); // prettier-ignore
  expect((await j.run('nightly')).output).toMatchObject({ settled: {}, entities: { left: { inserted: 0, updated: 0 }, right: { inserted: 0, updated: 0 } } }); // prettier-ignore
});

test('keys and unique values that go round are carried by the horizon as well', async () => {
  await p.run('source', "UPDATE rate SET code = CASE code WHEN 'C1' THEN 'C2' WHEN 'C2' THEN 'C1' ELSE code END, day = '2024-01-02' WHERE no IN (1, 2); UPDATE club SET seat = 's' || (1 + no % 5)"); // prettier-ignore
  const run = await j.run('nightly');
  expect(run).toMatchObject({ failure: null, output: { status: 'completed', detection: { rates: { path: 'horizon' } }, entities: { rates: { updated: 2 }, clubs: { updated: 5 } } } }); // prettier-ignore
  expect(await p.rows('SELECT code, day, amount FROM rates ORDER BY amount LIMIT 2')).toEqual(await p.source.rows('SELECT code, day, amount FROM public.rate ORDER BY no LIMIT 2')); // prettier-ignore
  expect(await p.rows('SELECT legacy_id AS no, seat FROM clubs ORDER BY 1')).toEqual(await p.source.rows('SELECT no, seat FROM public.club ORDER BY 1')); // prettier-ignore
  expect((await j.run('nightly')).output).toMatchObject({ entities: { rates: { updated: 0 }, clubs: { updated: 0 } } });
});
