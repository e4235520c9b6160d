import { readFileSync } from 'node:fs';
import pg from 'pg';
const c = new pg.Client({ connectionString: process.env.T });
await c.connect();
const pid = (c as any).processID;
const cpu = () => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e3;
await c.query('set max_parallel_workers_per_gather=0; set jit=off; set timezone=UTC');
const N = 300000;
const t = async (label: string, sql: string) => {
  let best = 1e12;
  for (let i = 0; i < 3; i++) {
    const a = cpu();
    await c.query(sql);
    best = Math.min(best, cpu() - a);
  }
  console.log((best / N).toFixed(2).padStart(7), 'us/row', label);
};
const q = (e: string) => `select count(${e}) from orders t`;
await t('scan', q('t.id'));
const sha = `(SELECT encode(set_byte(set_byte(b.h, 6, get_byte(b.h, 6) & 15 | 128), 8, get_byte(b.h, 8) & 63 | 128), 'hex')::uuid FROM (SELECT substr(sha256(convert_to('bench'||chr(31)||'orders'||chr(31) || t.legacy_id::text, 'UTF8')), 1, 16) AS h OFFSET 0) AS b)`;
await t('uuid as now', q(sha));
await t('sha256(convert_to)', q(`sha256(convert_to('benchorders' || t.legacy_id::text, 'UTF8'))`));
await t('convert_to only', q(`convert_to('benchorders' || t.legacy_id::text, 'UTF8')`));
await t(
  'uuid: overlay of hex',
  q(
    `(SELECT overlay(overlay(b.h placing '8' from 13 for 1) placing translate(substr(b.h, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') from 17 for 1)::uuid FROM (SELECT encode(substr(sha256(convert_to('benchorders' || t.legacy_id::text, 'UTF8')), 1, 16), 'hex') AS h OFFSET 0) AS b)`,
  ),
);
await t(
  'uuid: bit ops inline no subselect',
  q(
    `encode(set_byte(set_byte(substr(sha256(convert_to('bench' || t.legacy_id::text, 'UTF8')), 1, 16), 6, 130), 8, 140), 'hex')::uuid`,
  ),
);
await t('gen_random_uuid', q('gen_random_uuid()'));
await t(
  'row hash exact',
  q(
    `hashint8extended(hash_record_extended(row((t."id"), (t."legacy_id"), (t."external_id") COLLATE "C", (t."customer_id"), (t."status") COLLATE "C", (t."channel") COLLATE "C", (t."total")::text COLLATE "C", (t."is_rush"), (t."ordered_on"), (t."created_at"), (t."updated_at"), (t."attributes")::text COLLATE "C", (t."note") COLLATE "C"), 0), 0)`,
  ),
);
await t('row hash native', q(`hashint8extended(hash_record_extended(t, 0), 0)`));
await t('jsonb::text', q(`(t.attributes)::text`));
const cols = [
  'legacy_id',
  'external_id',
  'customer_id',
  'status',
  'channel',
  'total',
  'is_rush',
  'ordered_on',
  'created_at',
  'updated_at',
  'attributes',
  'note',
];
await t('column hashes as now', q(cols.map((x) => `int4send(coalesce(hashtext((t.${x})::text), 0))`).join(' || ')));
await t(
  'column hashes: hashtext only',
  `select ${cols.map((x) => `count(hashtext((t.${x})::text))`).join(',')} from orders t`,
);
const typed = [
  'hashint4(t.legacy_id)',
  'hashtext(t.external_id)',
  'uuid_hash(t.customer_id)',
  'hashtext(t.status)',
  'hashtext(t.channel)',
  'hashtext(t.total::text)',
  'hashbool(t.is_rush)',
  'hashdate(t.ordered_on)',
  'timestamptz_hash(t.created_at)',
  'timestamptz_hash(t.updated_at)',
  'hashtext(t.attributes::text)',
  'hashtext(t.note)',
];
await t('typed, int4send ||', q(typed.map((x) => `int4send(coalesce(${x}, 0))`).join(' || ')));
await t('typed, hashes only', `select ${typed.map((x) => `count(${x})`).join(',')} from orders t`);
await t('typed, ARRAY', q(`ARRAY[${typed.join(', ')}]`));
await t('typed, array_send', q(`array_send(ARRAY[${typed.join(', ')}])`));
await t('typed, record_send', q(`record_send(row(${typed.join(', ')}))`));
await t(
  'typed, int8send pairs',
  q(
    Array.from(
      { length: 6 },
      (_, i) =>
        `int8send((coalesce(${typed[2 * i]},0)::bigint << 32) | (coalesce(${typed[2 * i + 1]},0)::bigint & 4294967295))`,
    ).join(' || '),
  ),
);
await t(
  'now, concat as text then decode',
  q(`decode(concat(${cols.map((x) => `to_hex(coalesce(hashtext((t.${x})::text), 0))`).join(', ')}), 'escape')`),
);
await t('string_agg none: format', q(`convert_to(concat(${typed.slice(0, 12).join(', ')}),'UTF8')`));
await c.end();
