// What is right when the clinic has been migrated, in SQL of each side that knows nothing of Portage, and what a target
// database holds, so that two of them can be compared.
import { withClient } from './database.ts';

interface Truth {
  readonly source: string;
  readonly target: string;
}

const STATUS = "CASE stat_cd WHEN 'OP' THEN 'open' WHEN 'BI' THEN 'billed' WHEN 'PD' THEN 'paid' ELSE 'void' END";

/** Both queries of an entity give the same rows of text. Rows with references to rows that do not exist are left out by neither. */
export const CLINIC_TRUTH: Readonly<Record<string, Truth>> = {
  patients: {
    source: `SELECT pat_no, split_part(pat_nm, ', ', 1), to_date(nullif(birth_dt, '00000000'), 'YYYYMMDD'), nullif(doc_no, 0), nullif(ins_no, 0), nullif(ref_pat_no, 0), round(balance::numeric * 100) FROM patient_mst`,
    target: `SELECT p.legacy_id, p.family_name, p.birth_date, d.legacy_id, i.legacy_id, r.legacy_id, p.balance_cents FROM patients p
      LEFT JOIN doctors d ON d.id = p.doctor_id LEFT JOIN insurers i ON i.id = p.insurer_id LEFT JOIN patients r ON r.id = p.referrer_id`,
  },
  orders: {
    source: `SELECT ord_no, pat_no, doc_no, nullif(visit_no, 0), nullif(ins_no, 0), prj_no, to_date(ord_dt, 'YYYYMMDD'), ${STATUS}, round(total::numeric * 100), coalesce(rush = 'Y', false), nullif(memo, '') FROM order_hdr`,
    target: `SELECT o.legacy_id, p.legacy_id, d.legacy_id, a.legacy_id, i.legacy_id, j.legacy_id, o.ordered_on, o.status, o.total_cents, o.is_rush, o.memo FROM orders o
      JOIN patients p ON p.id = o.patient_id JOIN doctors d ON d.id = o.doctor_id LEFT JOIN appointments a ON a.id = o.appointment_id
      LEFT JOIN insurers i ON i.id = o.insurer_id LEFT JOIN projects j ON j.id = o.project_id`,
  },
  order_items: {
    source: 'SELECT ord_no, line_no, item_no, qty, round(price::numeric * 100) FROM order_itm',
    target: `SELECT o.legacy_id, l.line, p.legacy_id, l.quantity, l.price_cents FROM order_items l JOIN orders o ON o.id = l.order_id JOIN products p ON p.id = l.product_id`,
  },
  project_members: {
    source: 'SELECT prj_no, staff_no, round(hrs::numeric, 2) FROM prj_staff',
    target: `SELECT p.legacy_id, e.legacy_id, m.hours FROM project_members m JOIN projects p ON p.id = m.project_id JOIN employees e ON e.id = m.employee_id`,
  },
  appointments: {
    source: `SELECT visit_no, pat_no, start_ts::timestamp AT TIME ZONE 'Europe/Berlin', nullif(rtrim(note), '') FROM visit_hdr`,
    target:
      'SELECT a.legacy_id, p.legacy_id, lower(a.during), a.note FROM appointments a JOIN patients p ON p.id = a.patient_id',
  },
};

const SETTINGS = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'";

/** The rows of a query as texts, in order. */
export const textsOf = (url: string, query: string): Promise<string[]> =>
  withClient(url, async (client) => {
    await client.query(SETTINGS);
    const { rows } = await client.query<{ row: string }>(
      `SELECT q::text AS row FROM (${query}) AS q ORDER BY q::text COLLATE "C"`,
    );
    return rows.map(({ row }) => row);
  });

const eachTable = (url: string, row: string): Promise<string> =>
  withClient(url, async (client) => {
    await client.query(SETTINGS);
    const { rows } = await client.query<{ name: string }>(
      "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    );
    const sums: string[] = [];
    for (const { name } of rows) {
      const result = await client.query<{ sum: string }>(
        `SELECT count(*) || ' ' || coalesce(md5(string_agg(r.t, chr(10) ORDER BY r.t COLLATE "C")), '') AS sum FROM (SELECT ${row} AS t FROM public.${name} t) AS r`,
      );
      sums.push(`${name} ${result.rows[0]!.sum}`);
    }
    return sums.join('\n');
  });

/** All rows of all tables, without the times at which they were written. */
export const contentOf = (url: string): Promise<string> =>
  eachTable(url, "(to_jsonb(t) - 'created_at' - 'updated_at')::text");

/** Where all rows stand, and who wrote or locked them last: another text after any touch. */
export const touchesOf = (url: string, system: readonly string[] = ['ctid', 'xmin', 'xmax']): Promise<string> =>
  eachTable(url, `concat_ws(' ', ${system.map((column) => `t.${column}`).join(', ')})`);
