// Rows of a circle of NOT NULL references that are gone from the target come back as they went: together (SEMANTICS 14 and 22).
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { portage, type Portage } from '../support/portage.ts';

const half = (own: string, other: string): EntityMap['entities'][string] => ({
  source: { table: `public.${own}`, key: ['no'] },
  target: { table: `public.${own}`, key: ['id'], identity: ['legacy_id'] },
  columns: { legacy_id: 'no', v: 'v', [other]: { ref: other, from: [other] } },
  deletes: 'propagate',
});
const MAP: EntityMap = {
  name: 'circle',
  entities: { wife: half('wife', 'husband'), husband: half('husband', 'wife') },
};
const table = (own: string, other: string): string =>
  `CREATE TABLE ${own} (id uuid PRIMARY KEY, legacy_id integer UNIQUE, v text, ${other} uuid NOT NULL)`;
const key = (own: string, other: string): string =>
  `ALTER TABLE ${own} ADD FOREIGN KEY (${other}) REFERENCES ${other} DEFERRABLE INITIALLY DEFERRED`;

let p: Portage;
beforeAll(async () => {
  p = await portage(
    'CREATE TABLE wife (no integer PRIMARY KEY, v text, husband integer); CREATE TABLE husband (no integer PRIMARY KEY, v text, wife integer)',
    `${table('wife', 'husband')}; ${table('husband', 'wife')}; ${key('wife', 'husband')}; ${key('husband', 'wife')}`,
    MAP,
  );
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.run(
    'source',
    "TRUNCATE wife, husband; INSERT INTO wife SELECT n, 'w' || n, 1 + n % 8 FROM generate_series(1, 8) n; INSERT INTO husband SELECT n, 'h' || n, 1 + n % 8 FROM generate_series(1, 8) n",
  );
  await p.empty();
  await p.migrate();
});

const some = (sql: string) => `DELETE FROM wife WHERE ${sql}; DELETE FROM husband WHERE ${sql}`;
const couples = () =>
  p.value(
    'SELECT count(*) FROM wife w JOIN husband h ON h.id = w.husband JOIN wife o ON o.id = h.wife WHERE h.legacy_id = 1 + w.legacy_id % 8 AND o.legacy_id = 1 + h.legacy_id % 8',
  );
const written = async (request: Record<string, unknown>) => {
  const { failure, output } = await p.migrate({ batchSize: 3, ...request });
  expect(failure).toBeNull();
  const { wife, husband } = output!.entities;
  return { setAside: wife!.setAside + husband!.setAside, operationId: output!.operationId };
};

test.each(['full', 'missing-only'])('what somebody deleted in the target: %s', async (mode) => {
  await p.run('target', `BEGIN; ${some('true')}; COMMIT`);
  expect(await written({})).toMatchObject({ setAside: 0 });
  expect(await couples()).toBe('0');
  const { setAside, operationId } = await written({ mode });
  expect(setAside).toBe(0);
  expect(await couples()).toBe('8');
  expect((await p.rollback(operationId)).output).toMatchObject({ status: 'completed' });
  expect(await p.value('SELECT count(*) FROM wife')).toBe('0');
});

test('what the source had lost and has again', async () => {
  await p.run('source', `CREATE TABLE w AS TABLE wife; CREATE TABLE h AS TABLE husband; ${some('true')}`);
  await written({ allowDeletes: '100%' });
  expect(await couples()).toBe('0');
  await p.run('source', 'INSERT INTO wife TABLE w; INSERT INTO husband TABLE h; DROP TABLE w, h');
  expect(await written({})).toMatchObject({ setAside: 0 });
  expect(await couples()).toBe('0');
  expect(await written({ mode: 'full' })).toMatchObject({ setAside: 0 });
  expect(await couples()).toBe('8');
});
