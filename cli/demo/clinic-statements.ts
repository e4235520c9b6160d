/**
 * The rows of the clinic as SQL, one INSERT ... SELECT a table over a range of row numbers: the server makes them, so
 * that millions take seconds and no memory here. Every choice is a hash of (row number, salt, seed): the same seed gives
 * the same rows, whatever the size of the ranges.
 */
import type { ClinicPools } from './clinic-pools.ts';
import { CLINIC_TABLES, type ClinicSizes, type ClinicTable, MEMBERS_A_PROJECT } from './clinic-sizes.ts';

export interface ClinicPlan {
  readonly sizes: ClinicSizes;
  readonly pools: ClinicPools;
  readonly seed: number;
  /** So many of the last orders belong to patients who do not exist. */
  readonly orphans: number;
}

export interface Statement {
  readonly text: string;
  readonly values: readonly (readonly string[])[];
}

/** Rows `from` (inclusive) to `to` (exclusive) of a table, counted from 0. */
export function insertStatement(plan: ClinicPlan, table: ClinicTable, from: number, to: number): Statement {
  const used: (keyof ClinicPools)[] = [];
  const series = plan.seed * CLINIC_TABLES.length + CLINIC_TABLES.indexOf(table);
  const dice: Dice = {
    below: (salt, limit) => `(hashint8extended(i * 64 + ${salt}, ${series}) & 9223372036854775807) % ${limit}`,
    of: (pool, salt) => {
      if (!used.includes(pool)) used.push(pool);
      const parameter = `$${used.indexOf(pool) + 1}::text[]`;
      return `(${parameter})[1 + ${dice.below(salt, plan.pools[pool].length)}]`;
    },
    key: (parent, salt) => keyAt(parent, `(${dice.below(salt, plan.sizes[parent])})`),
    sometimes: (salt, one, each, otherwise) =>
      `CASE WHEN ${dice.below(salt, each)} = 0 THEN ${one} ELSE ${otherwise} END`,
  };
  const columns = Object.entries(ROWS[table](dice, plan));
  const names = columns.map(([name]) => name).join(', ');
  const texts = columns.map(([name, sql]) => `${sql} AS ${name}`).join(',\n  ');
  return {
    text: `INSERT INTO public.${table} (${names})\nSELECT\n  ${texts}\nFROM generate_series(${from}::bigint, ${to - 1}::bigint) AS g(i)`,
    values: used.map((pool) => plan.pools[pool]),
  };
}

interface Dice {
  /** 0 up to, but not including, limit. */
  below(salt: number, limit: number): string;
  of(pool: keyof ClinicPools, salt: number): string;
  /** The key of some row of another table. */
  key(parent: ClinicTable, salt: number): string;
  /** `one` in one of `each` rows. */
  sometimes(salt: number, one: string, each: number, otherwise: string): string;
}

/** Where 0 means "none" to others, or is just a number like the rest. */
const FIRST_KEY: Partial<Record<ClinicTable, number>> = {
  office_mst: 0,
  item_mst: 0,
  phone_book: 0,
  order_hdr: 1000,
  tel_list: -3,
};

/** Keys rise with the row number and leave gaps: every eighth number was deleted once. */
const keyAt = (table: ClinicTable, row: string): string =>
  table === 'tel_list' ? `${row} - 3` : `${row} * 8 / 7 + ${FIRST_KEY[table] ?? 1}`;

const insurer = (dice: Dice, salt: number, plan: ClinicPlan): string =>
  keyAt('partner_mst', `(2 * (${dice.below(salt, Math.ceil(plan.sizes.partner_mst / 2))}))`);
const supplier = (dice: Dice, salt: number, plan: ClinicPlan): string =>
  keyAt('partner_mst', `(1 + 2 * (${dice.below(salt, Math.floor(plan.sizes.partner_mst / 2))}))`);

const day = (dice: Dice, salt: number, first: string, days: number): string =>
  `date '${first}' + (${dice.below(salt, days)})::integer`;
const text = (date: string, format: string): string => `to_char(${date}, '${format}')`;
const money = (dice: Dice, salt: number, most: number): string => `(${dice.below(salt, most * 100)}) / 100.0::float8`;
const phone = (dice: Dice, salt: number): string => `'+49 30 ' || 100000 + ${dice.below(salt, 900000)}`;
const unknownOr = (dice: Dice, salt: number, value: string): string =>
  dice.sometimes(salt, `''`, 6, dice.sometimes(salt + 1, 'NULL', 7, value));
const touched = (dice: Dice, salt: number): string =>
  dice.sometimes(
    salt,
    'NULL',
    9,
    `timestamp '2021-03-01' + make_interval(secs => ${dice.below(salt + 1, 90_000_000)})`,
  );
const zip = (dice: Dice, salt: number): string => `lpad((${dice.below(salt, 99_999)})::text, 5, '0')`;
const oneOf = (dice: Dice, salt: number, values: readonly string[]): string =>
  `(ARRAY[${values.map((value) => (value === 'NULL' ? value : `'${value}'`)).join(', ')}])[1 + ${dice.below(salt, values.length)}]`;

type Row = Readonly<Record<string, string>>;

const ROWS: Record<ClinicTable, (dice: Dice, plan: ClinicPlan) => Row> = {
  office_mst: (dice) => ({
    office_no: keyAt('office_mst', 'i'),
    office_nm: `'Praxis ' || ${dice.of('city', 1)}`,
    street: dice.of('street', 2),
    zip: zip(dice, 3),
    city: dice.of('city', 1),
    phone_no: dice.sometimes(4, `''`, 3, phone(dice, 5)),
    open_days: oneOf(dice, 6, ['YYYYYNN', 'YYYYYYN', 'YNYNYNN', 'NNNNNNN']),
    opened_dt: dice.sometimes(7, `''`, 4, text(day(dice, 8, '1998-01-05', 6000), 'DD.MM.YYYY')),
    mgr_no: dice.sometimes(9, '0', 3, dice.key('staff_mst', 10)),
  }),
  staff_mst: (dice, { sizes }) => ({
    staff_no: keyAt('staff_mst', 'i'),
    staff_nm: `${dice.of('family', 1)} || ', ' || ${dice.of('given', 2)}`,
    role_cd: oneOf(dice, 3, ['NURS', 'NURS', 'RECP', 'LAB', 'MGMT']),
    mgr_no: `CASE WHEN i = 0 THEN 0 WHEN i % 11 = 0 AND i + 1 < ${sizes.staff_mst} THEN ${keyAt('staff_mst', '(i + 1)')} ELSE ${keyAt('staff_mst', '((i - 1) / 6)')} END`,
    office_no: dice.key('office_mst', 4),
    email_addr: unknownOr(dice, 5, `'staff' || i || '@clinic.example'`),
    hired_dt: text(day(dice, 7, '1999-02-01', 8000), 'YYYYMMDD'),
    left_dt: dice.sometimes(8, text(day(dice, 9, '2022-01-01', 900), 'YYYYMMDD'), 8, `'00000000'`),
    salary: money(dice, 10, 8000),
    upd_ts: touched(dice, 11),
  }),
  doctor_mst: (dice) => ({
    doc_no: keyAt('doctor_mst', 'i'),
    doc_nm: `'Dr. ' || replace(${dice.of('given', 1)}, ' ', '-') || ' ' || ${dice.of('family', 2)}`,
    spec: dice.sometimes(3, 'NULL', 8, dice.of('specialty', 4)),
    office_no: dice.key('office_mst', 5),
    license_no: dice.sometimes(6, `''`, 5, `'L' || 100000 + i`),
    fee: dice.sometimes(7, 'NULL', 6, money(dice, 8, 300)),
    upd_ts: touched(dice, 9),
  }),
  partner_mst: (dice) => ({
    partner_no: keyAt('partner_mst', 'i'),
    kind: `CASE i % 2 WHEN 0 THEN 'I' ELSE 'S' END`,
    partner_nm: dice.of('company', 1),
    phone_no: unknownOr(dice, 2, phone(dice, 4)),
    country: oneOf(dice, 5, ['DE', 'PL', 'CZ', 'NULL']),
    terms_days: oneOf(dice, 6, ['14', '30', '-1', 'NULL']) + '::integer',
  }),
  patient_mst: (dice, plan) => ({
    pat_no: keyAt('patient_mst', 'i'),
    pat_nm: `${dice.of('family', 1)} || ', ' || ${dice.of('given', 2)}`,
    birth_dt: dice.sometimes(3, `'00000000'`, 40, text(day(dice, 4, '1931-04-01', 33_000), 'YYYYMMDD')),
    sex: oneOf(dice, 5, ['F', 'M', 'F', 'M', 'F', 'M', 'X', '', 'NULL']),
    email_addr: unknownOr(dice, 6, `'patient' || i || '@mail.example'`),
    phone_no: unknownOr(dice, 8, phone(dice, 10)),
    street: dice.of('street', 11),
    zip: zip(dice, 12),
    city: dice.of('city', 13),
    ssn: dice.sometimes(14, 'NULL', 7, `to_char(${dice.below(15, 1_000_000_000)}, 'FM000"-"00"-"0000')`),
    doc_no: dice.sometimes(16, '0', 5, dice.key('doctor_mst', 17)),
    ins_no: dice.sometimes(18, '0', 6, insurer(dice, 19, plan)),
    ref_pat_no: `CASE WHEN ${dice.below(20, 4)} = 0 THEN ${dice.key('patient_mst', 21)} ELSE 0 END`,
    balance: `(${money(dice, 22, 900)}) - 300`,
    upd_ts: touched(dice, 23),
  }),
  item_mst: (dice, plan) => ({
    item_no: keyAt('item_mst', 'i'),
    item_cd: `'A-' || lpad(i::text, 6, '0')`,
    item_nm: dice.of('product', 1),
    grp: oneOf(dice, 2, ['1', '2', '3', '9']) + '::smallint',
    price: money(dice, 3, 500),
    supp_no: `CASE WHEN i % 10 = 3 THEN 0 WHEN i % 10 = 7 THEN 900000 + i ELSE ${supplier(dice, 4, plan)} END`,
    labels: oneOf(dice, 5, ['', 'kühl lagern', 'Rx;kühl lagern', 'sterile', 'Rx;sterile;einmalig']),
  }),
  prj_mst: (dice) => ({
    prj_no: keyAt('prj_mst', 'i'),
    prj_nm: dice.of('project', 1),
    lead_no: dice.sometimes(2, 'NULL', 4, dice.key('staff_mst', 3)),
    start_dt: text(day(dice, 4, '2010-01-04', 3000), 'DD.MM.YYYY'),
    end_dt: dice.sometimes(5, `''`, 3, text(day(dice, 6, '2019-01-01', 2000), 'DD.MM.YYYY')),
    budget: dice.sometimes(7, 'NULL', 5, money(dice, 8, 250_000)),
  }),
  prj_staff: (dice, { sizes, seed }) => {
    const project = `(i / ${MEMBERS_A_PROJECT})`;
    const first = `(hashint8extended(${project}, ${seed}) & 9223372036854775807)`;
    return {
      prj_no: keyAt('prj_mst', project),
      staff_no: keyAt('staff_mst', `((${first} % ${sizes.staff_mst} + i % ${MEMBERS_A_PROJECT}) % ${sizes.staff_mst})`),
      hrs: `(${dice.below(1, 4000)}) / 4.0`,
    };
  },
  phone_book: (dice) => ({
    entry_no: keyAt('phone_book', 'i'),
    who: `${dice.of('given', 1)} || ' ' || ${dice.of('family', 2)}`,
    phone_no: phone(dice, 3),
    remark: unknownOr(dice, 4, dice.of('remark', 6)),
  }),
  tel_list: (dice) => ({
    id: keyAt('tel_list', 'i'),
    first_nm: unknownOr(dice, 1, dice.of('given', 3)),
    last_nm: dice.of('family', 4),
    tel: phone(dice, 5),
  }),
  visit_hdr: (dice) => ({
    visit_no: keyAt('visit_hdr', 'i'),
    pat_no: dice.key('patient_mst', 1),
    doc_no: dice.key('doctor_mst', 2),
    office_no: dice.key('office_mst', 3),
    start_ts: `${text(day(dice, 4, '2012-01-02', 4600), 'YYYY-MM-DD')} || ${oneOf(dice, 5, [' 08:00', ' 09:30', ' 11:15', ' 14:00', ' 16:45'])}`,
    minutes: `10 + 5 * (${dice.below(6, 16)})`,
    state: oneOf(dice, 7, ['P', 'D', 'D', 'D', 'C', 'M']),
    note: unknownOr(dice, 8, dice.of('remark', 10)),
  }),
  order_hdr: (dice, plan) => ({
    ord_no: keyAt('order_hdr', 'i'),
    pat_no: `CASE WHEN i >= ${plan.sizes.order_hdr - plan.orphans} THEN 900000000 + i ELSE ${dice.key('patient_mst', 1)} END`,
    doc_no: dice.key('doctor_mst', 2),
    visit_no: dice.sometimes(3, '0', 3, dice.key('visit_hdr', 4)),
    ins_no: dice.sometimes(5, '0', 5, insurer(dice, 6, plan)),
    prj_no: `CASE WHEN ${dice.below(7, 5)} = 0 THEN ${dice.key('prj_mst', 8)} END`,
    ord_dt: text(day(dice, 9, '2012-01-02', 4600), 'YYYYMMDD'),
    stat_cd: oneOf(dice, 10, ['OP', 'BI', 'PD', 'PD', 'PD', 'XX']),
    total: money(dice, 11, 2500),
    disc: dice.sometimes(12, money(dice, 13, 50), 3, 'NULL'),
    rush: oneOf(dice, 14, ['Y', 'N', 'N', 'N', '', 'NULL']),
    memo: unknownOr(dice, 15, dice.of('remark', 17)),
    upd_ts: touched(dice, 18),
  }),
  // Three lines for five orders: two for the first, none, one, none, none.
  order_itm: (dice) => ({
    ord_no: keyAt('order_hdr', '(5 * (i / 3) + 2 * (i % 3 / 2))'),
    line_no: '1 + i % 3 % 2',
    item_no: dice.key('item_mst', 1),
    qty: `(${dice.below(2, 40_000)}) / 1000.0`,
    price: money(dice, 3, 500),
  }),
};
