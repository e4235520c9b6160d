// The first load in one statement: the keys that the source derives, and parents that are joined instead of looked up.
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { newUuid } from '../../shared/database/sql/new-key.ts';
import { isDerivedBySource } from '../../shared/database/sql/source.ts';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';

const MAP = {
  name: 'übernahme',
  entities: {
    offices: {
      source: { table: 'public.office', key: ['office_no'] },
      target: { table: 'public.offices', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'office_no', name: 'office_nm' },
    },
    doctors: {
      source: { table: 'public.doctor', key: ['doc_no'] },
      target: { table: 'public.doctors', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'doc_no', name: 'doc_nm', office_id: { ref: 'offices', from: ['office_no'] } },
    },
  },
} satisfies EntityMap;

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(
    `CREATE TABLE office (office_no integer PRIMARY KEY, office_nm text NOT NULL);
     CREATE TABLE doctor (doc_no smallint PRIMARY KEY, doc_nm text NOT NULL, office_no integer);
     INSERT INTO office SELECT n, 'Office ' || n FROM generate_series(-1, 2) n;
     INSERT INTO doctor SELECT n, 'Doctor ' || n, nullif(n % 5, 4) - 1 FROM generate_series(0, 60) n;
     INSERT INTO doctor VALUES (61, 'Of an office that is not there', 99);`,
    `CREATE TABLE offices (id uuid PRIMARY KEY, legacy_id integer UNIQUE, name text NOT NULL);
     CREATE TABLE doctors (id uuid PRIMARY KEY, legacy_id smallint UNIQUE, name text NOT NULL, office_id uuid REFERENCES offices);`,
    MAP,
  );
});
afterEach(() => p.reset());
afterAll(() => p.end());

/** What a load leaves, with everything that tells one from another; and whether it joined the parents. */
async function loaded(batchRows: number) {
  await p.work('offices');
  const plans: string[] = [];
  const run = p.target.one.bind(p.target);
  p.target.one = (sql, values) => {
    if (sql.startsWith('WITH rows AS MATERIALIZED'))
      plans.push(sql.includes('LEFT JOIN portage.uuid_mappings') ? 'joined' : 'looked up');
    return run(sql, values);
  };
  await p.work('doctors', { batchRows, fresh: true }).finally(() => {
    p.target.one = run;
  });
  return {
    plans: [...new Set(plans)],
    doctors: await p.rows(
      'SELECT d.*, o.name AS office FROM doctors d LEFT JOIN offices o ON o.id = d.office_id ORDER BY d.legacy_id',
    ),
    mappings: await p.rows(
      `SELECT legacy_id, target_uuid, source_hash, target_hash, source_columns FROM portage.uuid_mappings ORDER BY entity_id, legacy_id`,
    ),
    parked: await p.rows('SELECT legacy_key FROM portage.parked_rows'),
  };
}

test('a row gets the same key whether the source derives it or the target', async () => {
  expect(isDerivedBySource(p.entity('doctors'))).toBe(true);
  await loaded(25);
  const others = await p.rows(
    `SELECT m.legacy_id FROM portage.uuid_mappings m, LATERAL (SELECT m.legacy_id AS k) g
     WHERE m.entity_id = ${p.entity('doctors').entityId} AND m.target_uuid IS DISTINCT FROM ${newUuid(p.entity('doctors'), MAP.name)}`,
  );
  expect(others).toEqual([]);
  expect(await p.value('SELECT count(*) FROM doctors WHERE id IS NOT NULL')).toBe('61');
});

test('parents of few rows are joined, and it comes to the same', async () => {
  const joined = await loaded(25);
  await p.reset();
  const lookedUp = await loaded(5);
  expect(joined.plans).toEqual(['joined']);
  expect(lookedUp.plans).toEqual(['looked up']);
  expect(joined.parked).toEqual([{ legacy_key: '61' }]);
  expect(joined.doctors.filter(({ office }) => office === null)).toHaveLength(12);
  expect({ ...joined, plans: [] }).toEqual({ ...lookedUp, plans: [] });
});

test('a row that somebody inserted since the entity was planned is found by its identity', async () => {
  await p.target.run(
    "INSERT INTO offices VALUES (gen_random_uuid(), 1, 'Office 1'), (gen_random_uuid(), 2, 'Another office')",
  );
  const { done } = await p.work('offices', { fresh: true });
  expect(done).toBe(true);
  expect(
    await p.rows('SELECT legacy_id, origin, target_hash IS NOT NULL AS based FROM portage.uuid_mappings ORDER BY 1'),
  ).toEqual([
    { legacy_id: '-1', origin: 'i', based: 't' },
    { legacy_id: '0', origin: 'i', based: 't' },
    { legacy_id: '1', origin: 'a', based: 't' },
    { legacy_id: '2', origin: 'a', based: 'f' },
  ]);
  expect(await p.value('SELECT count(*) FROM portage.set_aside_rows')).toBe('0');
  expect(await p.value('SELECT name FROM offices WHERE legacy_id = 2')).toBe('Another office');
});
