/** How many rows each table of the clinic has for a wished total: orders are the biggest and take what is left over. */

export const CLINIC_TABLES = [
  'office_mst',
  'staff_mst',
  'doctor_mst',
  'partner_mst',
  'patient_mst',
  'item_mst',
  'prj_mst',
  'prj_staff',
  'phone_book',
  'tel_list',
  'visit_hdr',
  'order_hdr',
  'order_itm',
] as const;

export type ClinicTable = (typeof CLINIC_TABLES)[number];
export type ClinicSizes = Readonly<Record<ClinicTable, number>>;

/** Below it some tables would have no rows to refer to. */
export const LEAST_ROWS = 250;

/** Employees of a project; staff_mst always has more. */
export const MEMBERS_A_PROJECT = 4;

/** Of five orders one has two lines and one has one: order_itm never has more than 3 lines for 5 orders. */
const LINES_AN_ORDER = 3 / 5;

const between = (least: number, wished: number, most: number): number =>
  Math.min(most, Math.max(least, Math.floor(wished)));

/** The sizes for `rows` in all; exactly that many when at least LEAST_ROWS are asked for. */
export function clinicSizes(rows: number): ClinicSizes {
  const wished = Math.max(LEAST_ROWS, Math.floor(rows));
  const prj_mst = between(3, wished / 500, 10_000);
  const small = {
    office_mst: between(4, wished / 2_000, 400),
    staff_mst: between(12, wished / 200, 20_000),
    doctor_mst: between(6, wished / 400, 10_000),
    partner_mst: between(10, wished / 1_000, 2_000),
    item_mst: between(12, wished / 100, 20_000),
    prj_mst,
    prj_staff: prj_mst * MEMBERS_A_PROJECT,
    phone_book: between(10, wished / 100, 50_000),
    tel_list: between(10, wished / 100, 50_000),
  };
  const left = wished - Object.values(small).reduce((sum, count) => sum + count, 0);
  const patient_mst = Math.floor(left * 0.1);
  const visit_hdr = Math.floor(left * 0.15);
  const forOrders = left - patient_mst - visit_hdr;
  const order_itm = Math.floor((forOrders * LINES_AN_ORDER) / (1 + LINES_AN_ORDER) / 3) * 3;
  return { ...small, patient_mst, visit_hdr, order_itm, order_hdr: forOrders - order_itm };
}

/** How many rows in all give `orders` orders, for a benchmark that thinks in orders. */
export function rowsForOrders(orders: number): number {
  let rows = Math.max(LEAST_ROWS, Math.floor(orders * 2));
  while (clinicSizes(rows).order_hdr < orders) rows += Math.max(1, orders - clinicSizes(rows).order_hdr);
  return rows;
}
