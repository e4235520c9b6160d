import { readFileSync } from 'node:fs';
import pg from 'pg';
const c = new pg.Client({ connectionString: process.env.T });
await c.connect();
const pid = (c as any).processID;
const cpu = () => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e3;
await c.query(`set jit=off; set timezone=UTC; CREATE TEMP TABLE stage_2 (k bigint NOT NULL, h bigint NOT NULL, c0 pg_catalog."int4", c1 pg_catalog."text", r2 pg_catalog.int8, c3 pg_catalog."text", c4 pg_catalog."text", c5 pg_catalog."numeric", c6 pg_catalog."bool", c7 pg_catalog."date", c8 pg_catalog."timestamptz", c9 pg_catalog."timestamptz", c10 pg_catalog."jsonb", c11 pg_catalog."text");
    CREATE INDEX IF NOT EXISTS stage_2_k ON pg_temp.stage_2 (k);
    CREATE TEMP TABLE IF NOT EXISTS work_2 (k bigint NOT NULL, action text NOT NULL, known boolean NOT NULL, in_source boolean NOT NULL,
      source_changed boolean, target_state text, based boolean, equal boolean, target_uuid uuid, target_key text COLLATE "C", code text, missing text[], r2 uuid) ;
    CREATE INDEX IF NOT EXISTS work_2_k ON pg_temp.work_2 (k);
    CREATE TEMP TABLE work_n (k bigint NOT NULL, action text NOT NULL, known boolean NOT NULL, in_source boolean NOT NULL,
      source_changed boolean, target_state text, based boolean, equal boolean, target_uuid uuid, target_key text COLLATE "C", code text, missing text[], r2 uuid) ;
    CREATE TEMP TABLE leaf (like portage.uuid_mappings_2 including all); 
    INSERT INTO stage_2 SELECT o.legacy_id, 7, o.legacy_id, external_id, c.legacy_id, status, channel, total, is_rush, ordered_on, created_at, updated_at, attributes, note FROM orders o join customers c on c.id = customer_id WHERE o.legacy_id > 195000 and o.legacy_id <= 200000;`);
const N = 5000,
  R = 12;
const t = async (label: string, sql: string, after = 'truncate work_2; truncate work_n; truncate leaf') => {
  const all: number[] = [];
  for (let i = 0; i < R; i++) {
    await c.query(after);
    const a = cpu();
    await c.query(sql);
    all.push(cpu() - a);
  }
  all.sort((a, b) => a - b);
  console.log((all[(R / 2) | 0]! / N).toFixed(2).padStart(7), (all[0]! / N).toFixed(2).padStart(7), 'us/row', label);
};
const uuid = `(SELECT encode(set_byte(set_byte(b.h, 6, get_byte(b.h, 6) & 15 | 128), 8, get_byte(b.h, 8) & 63 | 128), 'hex')::uuid FROM (SELECT substr(sha256(convert_to('benchorders' || g.k::text, 'UTF8')), 1, 16) AS h OFFSET 0) AS b)`;
const ref = `(SELECT p.target_uuid FROM portage.uuid_mappings_1 p WHERE p.legacy_id = g.r2 AND p.closed_by IS NULL)`;
const missing = `nullif(array_remove(ARRAY[CASE WHEN g.r2 IS NOT NULL AND w.r2 IS NULL THEN 'customer_id' END], NULL), '{}')`;
const lazy = `CASE WHEN g.r2 IS NOT NULL AND w.r2 IS NULL THEN ${missing} END`;
const lat = (u: string, r: string, m: string) =>
  `FROM pg_temp.stage_2 g CROSS JOIN LATERAL (SELECT ${u} AS target_uuid, ${r} AS r2 OFFSET 0) w CROSS JOIN LATERAL (SELECT ${m} AS missing OFFSET 0) x WHERE g.k > '195000'::bigint AND g.k <= '200000'::bigint`;
const sel = `SELECT g.k, CASE WHEN x.missing && ARRAY['customer_id']::text[] THEN 'park' ELSE 'insert' END, false, true, true, NULL::text, false, w.target_uuid, NULL::text, CASE WHEN x.missing IS NOT NULL THEN 'M003' END, x.missing, w.r2 `;
const ins = (table: string) =>
  `INSERT INTO pg_temp.${table} (k, action, known, in_source, source_changed, target_state, based, target_uuid, target_key, code, missing, r2) `;
const cnt = `SELECT count(w.target_uuid), count(w.r2), count(x.missing) `;
await t('gather as now', ins('work_2') + sel + lat(uuid, ref, missing));
await t('gather, lazy missing', ins('work_2') + sel + lat(uuid, ref, lazy));
await t('gather, no index on work', ins('work_n') + sel + lat(uuid, ref, missing));
await t('gather, no index, lazy', ins('work_n') + sel + lat(uuid, ref, lazy));
await t(
  'gather, no index, lazy, 2 laterals merged by CTE-free expr',
  ins('work_n') +
    `SELECT g.k, CASE WHEN w.r2 IS NULL AND g.r2 IS NOT NULL THEN 'park' ELSE 'insert' END, false, true, true, NULL::text, false, w.target_uuid, NULL::text, NULL, NULL, w.r2 FROM stage_2 g CROSS JOIN LATERAL (SELECT ${uuid} AS target_uuid, ${ref} AS r2 OFFSET 0) w WHERE g.k > '195000'::bigint AND g.k <= '200000'::bigint`,
);
await t('select only', cnt + lat(uuid, ref, missing));
await t('select only: no uuid', cnt + lat(`'00000000-0000-0000-0000-000000000000'::uuid`, ref, missing));
await t('select only: no ref', cnt + lat(uuid, `'00000000-0000-0000-0000-000000000000'::uuid`, missing));
await t('select only: lazy', cnt + lat(uuid, ref, lazy));
await t(
  'select only: neither',
  cnt + lat(`'00000000-0000-0000-0000-000000000000'::uuid`, `'00000000-0000-0000-0000-000000000000'::uuid`, lazy),
);
await t(
  'select only: ref by left join lateral',
  `SELECT count(p.target_uuid) FROM stage_2 g left join lateral (select p.target_uuid from portage.uuid_mappings_1 p WHERE p.legacy_id = g.r2 AND p.closed_by IS NULL limit 1) p on true`,
);
await t('select only: ref by scalar, no offset', `SELECT count(${ref}) FROM stage_2 g`);
const plan = async (sql: string) =>
  console.log((await c.query('explain (analyze, costs off) ' + sql)).rows.map((r) => r['QUERY PLAN']).join('\n'));
await c.query('truncate work_2');
await plan(ins('work_2') + sel + lat(uuid, ref, missing));
// map
const cols = [
  'g.c0::integer',
  'g.c1::text',
  'w.r2',
  'g.c3::text',
  'g.c4::text',
  'g.c5::numeric(12,2)',
  'g.c6::boolean',
  'g.c7::date',
  'g.c8::timestamptz',
  'g.c9::timestamptz',
  'g.c10::jsonb',
  'g.c11::text',
];
const ch = cols.map((x) => `int4send(coalesce(hashtext((${x})::text), 0))`).join(' || ');
const rh = `hashint8extended(hash_record_extended(row(w.target_uuid, ${cols.map((x, i) => ([5, 10].includes(i) ? `(${x})::text COLLATE "C"` : /text/.test(x) ? `(${x}) COLLATE "C"` : x)).join(', ')}), 0), 0)`;
await c.query('truncate work_2;' + ins('work_2') + sel + lat(uuid, ref, missing));
const from = `FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k WHERE w.action IN ('insert')`;
const m = (h: string, s: string, order = '') =>
  `INSERT INTO leaf AS m (legacy_id, source_hash, target_hash, target_uuid, entity_id, operation_no, origin, source_columns) SELECT w.k, g.h, ${h}, w.target_uuid, 2, 2, 'i', ${s} ${from} ${order}`;
const undo = (x: string) =>
  `WITH map AS (${x} RETURNING m.legacy_id AS k, m.target_uuid AS key, m.target_hash AS h), u AS (INSERT INTO undo SELECT 1,2,3, array_agg(k) a, array_agg(key) b, array_agg(h) c FROM map HAVING count(*) > 0) SELECT count(*), sum(h) FROM map`;
await c.query(
  'create temp table undo (batch_no int, e int, o int, a bigint[], b uuid[], c bigint[]); alter table undo alter a set storage external, alter b set storage external, alter c set storage external',
);
const keep = 'truncate leaf; truncate undo';
await t('map: as now', undo(m(rh, ch)), keep);
await t('map: without undo', m(rh, ch), keep);
await t(
  'map: without undo, returning aggregated',
  `with map as (${m(rh, ch)} returning target_hash as h) select count(*), sum(h) from map`,
  keep,
);
await t('map: without undo, column hashes', m(rh, `'\\x00'::bytea`), keep);
await t('map: without undo, hashes', m('1', `'\\x00'::bytea`), keep);
await t('map: select only', `select count(w.k), count(${rh}), count(${ch}) ${from}`, keep);
await t('map: select only, join', `select count(w.k) ${from}`, keep);
await t(
  'map: select only, join order by',
  `select count(*) from (select w.target_uuid, g.* ${from} order by w.target_uuid offset 0) x`,
  keep,
);
await plan(`select count(w.k), count(${rh}), count(${ch}) ${from}`);
await c.end();
