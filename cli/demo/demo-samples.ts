/** A few rows as they were and as they are: every reference resolved, so that a reader can check them by eye. */
import type { DemoPort } from './demo-port.ts';

export interface Sample {
  readonly title: string;
  /** Old column, old value, new column, new value. */
  readonly pairs: readonly (readonly string[])[];
}

type Row = Readonly<Record<string, unknown>>;

interface Question {
  readonly title: string;
  /** The new row, with what its references lead to in parentheses; its legacy_id finds the old row. */
  readonly target: string;
  readonly legacy: string;
  /** Old column, new column. */
  readonly columns: readonly (readonly [string, string])[];
}

const QUESTIONS: readonly Question[] = [
  {
    title: 'An order: references by UUID, exact cents, a real date.',
    target: `SELECT o.legacy_id, o.id::text, o.patient_id || ' (' || p.given_name || ' ' || p.family_name || ')' AS patient_id,
  o.doctor_id || ' (' || d.given_name || ' ' || d.family_name || ')' AS doctor_id, o.insurer_id || ' (' || i.name || ')' AS insurer_id,
  o.appointment_id::text, o.ordered_on::text, o.status::text, o.total_cents, o.net_cents, o.is_rush, o.memo
FROM public.orders o JOIN public.patients p ON p.id = o.patient_id JOIN public.doctors d ON d.id = o.doctor_id
LEFT JOIN public.insurers i ON i.id = o.insurer_id
WHERE o.memo IS NOT NULL AND o.discount_cents > 0 AND o.insurer_id IS NOT NULL ORDER BY o.legacy_id LIMIT 1`,
    legacy: 'SELECT * FROM public.order_hdr WHERE ord_no = $1',
    columns: [
      ['ord_no', 'id'],
      ['pat_no', 'patient_id'],
      ['doc_no', 'doctor_id'],
      ['ins_no', 'insurer_id'],
      ['visit_no', 'appointment_id'],
      ['ord_dt', 'ordered_on'],
      ['stat_cd', 'status'],
      ['total', 'total_cents'],
      ['disc', 'net_cents'],
      ['rush', 'is_rush'],
      ['memo', 'memo'],
    ],
  },
  {
    title: 'An employee whose manager has a higher number: written without, linked at the end.',
    target: `SELECT e.legacy_id, e.id::text, e.given_name || ' / ' || e.family_name AS name, e.role::text,
  e.manager_id || ' (' || m.given_name || ' ' || m.family_name || ')' AS manager_id, e.employed::text, o.name AS office_id
FROM public.employees e JOIN public.employees m ON m.id = e.manager_id JOIN public.offices o ON o.id = e.office_id
WHERE m.legacy_id > e.legacy_id ORDER BY e.legacy_id LIMIT 1`,
    legacy: 'SELECT * FROM public.staff_mst WHERE staff_no = $1',
    columns: [
      ['staff_no', 'id'],
      ['staff_nm', 'name'],
      ['role_cd', 'role'],
      ['mgr_no', 'manager_id'],
      ['office_no', 'office_id'],
      ['hired_dt', 'employed'],
    ],
  },
  {
    title: 'A product whose supplier was deleted long ago: the mapping says that it has none.',
    target: `SELECT legacy_id, id::text, code, name, product_group::text, price_cents, supplier_id::text, labels::text
FROM public.products WHERE supplier_id IS NULL AND legacy_id = 8`,
    legacy: 'SELECT * FROM public.item_mst WHERE item_no = $1',
    columns: [
      ['item_no', 'id'],
      ['item_cd', 'code'],
      ['item_nm', 'name'],
      ['grp', 'product_group'],
      ['price', 'price_cents'],
      ['supp_no', 'supplier_id'],
      ['labels', 'labels'],
    ],
  },
];

/** The samples that the data has. */
export async function samples(port: Pick<DemoPort, 'query'>): Promise<Sample[]> {
  const found: Sample[] = [];
  for (const { title, target, legacy, columns } of QUESTIONS) {
    const [now] = await port.query('target', target);
    if (now === undefined) continue;
    const [then] = await port.query('legacy', legacy, [now['legacy_id']]);
    if (then === undefined) continue;
    found.push({ title, pairs: columns.map(([old, fresh]) => [old, show(then, old), fresh, show(now, fresh)]) });
  }
  return found;
}

function show(row: Row, column: string): string {
  const value = row[column];
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'string' ? (/^$|^ | $/.test(value) ? `'${value}'` : value) : JSON.stringify(value);
}
