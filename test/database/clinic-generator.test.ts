// The clinic on a real PostgreSQL: deterministic, as odd as promised, and good enough for its mapping.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { CLINIC_TABLES } from '../../cli/demo/clinic-sizes.ts';
import { samples } from '../../cli/demo/demo-samples.ts';
import { clinicSchema, generateClinic } from '../../cli/demo/generate-clinic.ts';
import { readRelations } from '../../shared/database/catalog/read-relations.ts';
import { withSession } from '../../shared/database/session.ts';
import { readEntityMap } from '../../shared/contracts/entity-map.ts';
import { draftMap } from '../../shared/domain/draft-map.ts';
import { normalEntities, type NormalColumn, normalEntity, type NormalEntity } from '../../shared/domain/entity-map.ts';
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../../shared/domain/identifiers.ts';
import { clinic } from '../../shared/entities/clinic.ts';
import { createDatabase, dropDatabase, withClient } from '../support/database.ts';

const databases: string[] = [];
async function database(): Promise<string> {
  const url = await createDatabase('clinic');
  databases.push(url);
  return url;
}
afterAll(async () => {
  for (const url of databases) await dropDatabase(url);
});

const generated = async (options: { rows: number; seed?: number; orphans?: number }): Promise<string> => {
  const url = await database();
  await withClient(url, (client) => generateClinic({ client, ...options }));
  return url;
};

const rowsOf = async <T>(url: string, text: string): Promise<T[]> =>
  withClient(url, async (client) => (await client.query(text)).rows as T[]);
const one = async (url: string, text: string): Promise<unknown> =>
  Object.values((await rowsOf<Record<string, unknown>>(url, text))[0]!)[0];

async function checksum(url: string): Promise<readonly unknown[]> {
  const sums = CLINIC_TABLES.map(
    (table) => `(SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text COLLATE "C")) FROM ${table} t)`,
  );
  return one(url, `SELECT ARRAY[${sums.join(', ')}]`) as Promise<readonly unknown[]>;
}

test('the same seed gives the same rows, another seed others', async () => {
  const [first, second, other] = [
    await generated({ rows: 3000, seed: 5 }),
    await generated({ rows: 3000, seed: 5 }),
    await generated({ rows: 3000, seed: 6 }),
  ];
  expect(await checksum(second)).toEqual(await checksum(first));
  const [some, others] = [await checksum(first), await checksum(other)];
  CLINIC_TABLES.forEach((_table, i) => expect(others[i]).not.toBe(some[i]));
});

test('refuses what it cannot make', async () => {
  const nothing = { query: async () => undefined };
  await expect(generateClinic({ client: nothing, rows: 10 })).rejects.toThrow(RangeError);
  await expect(generateClinic({ client: nothing, rows: 1000, orphans: 1000 })).rejects.toThrow(RangeError);
  await expect(generateClinic({ client: nothing, rows: 1000, seed: 0.5 })).rejects.toThrow(RangeError);
});

describe('the rows', () => {
  let url = '';
  beforeAll(async () => {
    url = await generated({ rows: 6000, orphans: 4 });
  });

  test.each([
    ['a key that is 0', 'SELECT count(*) FROM item_mst WHERE item_no = 0'],
    ['keys below 0', 'SELECT count(*) FROM tel_list WHERE id < 0'],
    ['gaps', 'SELECT max(ord_no) - min(ord_no) + 1 - count(*) FROM order_hdr'],
    ['overlapping numbers in the two phone books', 'SELECT count(*) FROM phone_book JOIN tel_list ON id = entry_no'],
    ['0 for none', 'SELECT count(*) FROM patient_mst WHERE ins_no = 0'],
    [
      'an empty string beside NULL',
      "SELECT least(count(*) FILTER (WHERE phone_no = ''), count(*) FILTER (WHERE phone_no IS NULL)) FROM patient_mst",
    ],
    ['a manager with a higher number', 'SELECT count(*) FROM staff_mst WHERE mgr_no > staff_no'],
    ['a patient recommended by a later one', 'SELECT count(*) FROM patient_mst WHERE ref_pat_no > pat_no'],
    ['text beyond ASCII', 'SELECT count(*) FROM patient_mst WHERE octet_length(pat_nm) > length(pat_nm)'],
    [
      'suppliers who are gone',
      'SELECT count(*) FROM item_mst WHERE supp_no NOT IN (SELECT partner_no FROM partner_mst) AND supp_no <> 0',
    ],
  ])('have %s', async (_what, text) => {
    expect(Number(await one(url, text))).toBeGreaterThan(0);
  });

  test('lead to parents that exist, but for the orphans that were asked for', async () => {
    const late = 'SELECT ord_no FROM order_hdr WHERE pat_no NOT IN (SELECT pat_no FROM patient_mst) ORDER BY 1';
    expect(await rowsOf(url, late)).toEqual(
      await rowsOf(url, 'SELECT ord_no FROM (SELECT ord_no FROM order_hdr ORDER BY 1 DESC LIMIT 4) AS last ORDER BY 1'),
    );
    for (const text of [
      'SELECT count(*) FROM order_itm WHERE ord_no NOT IN (SELECT ord_no FROM order_hdr)',
      'SELECT count(*) FROM order_itm WHERE item_no NOT IN (SELECT item_no FROM item_mst)',
      'SELECT count(*) FROM order_hdr WHERE visit_no <> 0 AND visit_no NOT IN (SELECT visit_no FROM visit_hdr)',
      "SELECT count(*) FROM order_hdr WHERE ins_no <> 0 AND ins_no NOT IN (SELECT partner_no FROM partner_mst WHERE kind = 'I')",
      'SELECT count(*) FROM visit_hdr WHERE pat_no NOT IN (SELECT pat_no FROM patient_mst)',
      'SELECT count(*) FROM patient_mst WHERE doc_no <> 0 AND doc_no NOT IN (SELECT doc_no FROM doctor_mst)',
      'SELECT count(*) FROM office_mst WHERE mgr_no <> 0 AND mgr_no NOT IN (SELECT staff_no FROM staff_mst)',
    ]) {
      expect([text, Number(await one(url, text))]).toEqual([text, 0]);
    }
  });

  test('pass every expression and constraint of the mapping', async () => {
    const plain = await generated({ rows: 6000 });
    await withClient(plain, async (client) => {
      await client.query(clinicSchema('target'));
      await client.query("SET session_replication_role = replica; SET TimeZone = 'UTC'");
      for (const entity of normalEntities(clinic)) await plainCopy(client, entity);
      await client.query('SET session_replication_role = DEFAULT');
      // Every foreign key is checked by making it again.
      for (const { text } of (await client.query<{ text: string }>(REMAKE_FOREIGN_KEYS)).rows) await client.query(text);
      for (const entity of normalEntities(clinic)) {
        const written = await client.query(
          `SELECT count(*)::int AS n FROM ${qualifiedName(entity.target.relation)} t WHERE ${ownRows(entity)}`,
        );
        const read = await client.query(
          `SELECT count(*)::int AS n FROM ${qualifiedName(entity.source.relation)} s WHERE ${entity.source.where ?? 'true'}`,
        );
        expect([entity.name, written.rows]).toEqual([entity.name, read.rows]);
      }
      const shown = await samples({
        query: async (_side, text, values) => (await client.query(text, values)).rows as Record<string, unknown>[],
      });
      expect(
        shown.map(({ pairs }) => pairs.find(([old]) => old === 'mgr_no' || old === 'supp_no' || old === 'pat_no')),
      ).toEqual([
        ['pat_no', expect.stringMatching(/^\d+$/), 'patient_id', expect.stringMatching(/^[0-9a-f-]{36} \(.+ .+\)$/)],
        ['mgr_no', expect.stringMatching(/^\d+$/), 'manager_id', expect.stringMatching(/^[0-9a-f-]{36} \(.+ .+\)$/)],
        ['supp_no', expect.stringMatching(/^900\d+$/), 'supplier_id', 'NULL'],
      ]);
    });
  });
});

test('a draft of the clinic finds most of its mapping', async () => {
  const [legacy, target] = [await generated({ rows: 250 }), await database()];
  await withClient(target, (client) => client.query(clinicSchema('target')));
  const catalog = (url: string) =>
    withSession('target', addressOf(url), { applicationName: 'portage:test' }, (session) =>
      readRelations(session, 'all'),
    );
  const { map, notes, unmapped } = draftMap(await catalog(legacy), await catalog(target));

  expect(readEntityMap(map).faults).toEqual([]);
  expect(Object.keys(map.entities).sort()).toEqual(
    expect.arrayContaining([
      'appointments',
      'doctors',
      'employees',
      'offices',
      'order_items',
      'orders',
      'patients',
      'products',
      'project_members',
      'projects',
    ]),
  );
  for (const [name, drafted] of Object.entries(map.entities)) {
    const real = clinic.entities[name as keyof typeof clinic.entities];
    expect([name, drafted.source.table, drafted.target.key]).toEqual([name, real.source.table, real.target.key]);
  }
  expect(map.entities['order_items']!.target.identity).toEqual(['order_id', 'line']);
  expect(map.entities['patients']!.columns['doctor_id']).toEqual({ ref: 'doctors', sql: 'nullif(s."doc_no", 0)' });
  expect(map.entities['employees']!.columns['office_id']).toEqual({ ref: 'offices', from: ['office_no'] });
  expect(notes.find(({ path }) => path === 'entities.employees.columns.office_id')).toEqual({
    path: 'entities.employees.columns.office_id',
    confidence: 0.95,
    reason: 'a foreign key of public.staff_mst leads there',
  });
  expect(unmapped.targets.map(({ table }) => table)).toEqual(expect.arrayContaining(['public.contacts']));
  expect(unmapped.columns).toContainEqual({ path: 'entities.patients.columns.given_name', required: true });
});

const REMAKE_FOREIGN_KEYS = `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I %s', conrelid::regclass, conname, conname, pg_get_constraintdef(oid)) AS text
FROM pg_constraint WHERE contype = 'f'`;

const addressOf = (url: string) => {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port),
    user: username,
    password,
    name: decodeURIComponent(pathname.slice(1)),
    ssl: 'disable' as const,
    connectionTimeoutMs: 5000,
  };
};

/** The simplest possible migration of one entity, inside one database: what the mapping means, without Portage. */
async function plainCopy(client: Client, entity: NormalEntity): Promise<void> {
  const table = qualifiedName(entity.target.relation);
  const catalog = await client.query<{ name: string; type: string }>(
    'SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = $1::regclass',
    [table],
  );
  const types = new Map(catalog.rows.map(({ name, type }) => [name, type]));
  const values = entity.columns.map((column) => `(${expression(column)})::${types.get(column.column)!}`);
  const names = entity.columns.map(({ column }) => column);
  if (entity.surrogateKey) {
    values.push(standIn(entity, `s.${quoteIdentifier(entity.source.key[0]!)}`, entity.source.key.slice(1)));
    names.push(...entity.target.key);
  }
  await client.query(
    `INSERT INTO ${table} (${names.map(quoteIdentifier).join(', ')}) SELECT ${values.join(', ')} FROM ${qualifiedName(entity.source.relation)} s WHERE ${entity.source.where ?? 'true'}`,
  );
}

function expression(column: NormalColumn): string {
  if (column.kind === 'constant') return column.value === null ? 'NULL' : quoteLiteral(column.value);
  return column.kind === 'expression' ? column.sql : parentKey(normalEntity(clinic, column.parent), column.sql);
}

/** A stand-in for the UUID of a row, derived from its key. */
const standIn = (entity: NormalEntity, key: string, more: readonly string[] = []): string =>
  `md5(concat_ws('/', ${quoteLiteral(entity.name)}, ${[key, ...more.map((name) => `s.${quoteIdentifier(name)}`)].join(', ')}))::uuid`;

function parentKey(parent: NormalEntity, [sql = '']: readonly string[]): string {
  const where = `p.${quoteIdentifier(parent.source.key[0]!)} = (${sql})`;
  return `CASE WHEN EXISTS (SELECT FROM ${qualifiedName(parent.source.relation)} p WHERE ${where}) THEN ${standIn(parent, sql)} END`;
}

const ownRows = (entity: NormalEntity): string =>
  entity.columns
    .flatMap((column) =>
      column.kind === 'constant' ? [`t.${quoteIdentifier(column.column)} = ${quoteLiteral(column.value ?? '')}`] : [],
    )
    .join(' AND ') || 'true';
