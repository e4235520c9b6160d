/**
 * The example that ships: a clinic's old database into its new one (cli/demo/legacy-schema.sql, target-schema.sql). It
 * shows each thing that the mapping can do; docs/mapping.md explains them one by one.
 */
import { defineEntities } from './define-entities.ts';

/** Money was double precision; cents are exact. */
const cents = (column: string) => ({ sql: `round(s.${column}::numeric * 100)` });
/** '' and NULL both meant "not known". */
const filled = (column: string) => ({ sql: `nullif(rtrim(s.${column}::text), '')` });
/** Last, First */
const givenName = (column: string) => ({ sql: `coalesce(nullif(split_part(s.${column}, ', ', 2), ''), '-')` });
const familyName = (column: string) => ({ sql: `split_part(s.${column}, ', ', 1)` });
const address = {
  sql: `jsonb_strip_nulls(jsonb_build_object('street', nullif(s.street, ''), 'zip', nullif(rtrim(s.zip::text), ''), 'city', s.city))`,
};

export const clinic = defineEntities({
  name: 'clinic',
  entities: {
    // Refers to employees, who refer to offices: the nullable side of such a cycle is filled at the end.
    offices: {
      source: { table: 'public.office_mst', key: ['office_no'] },
      target: { table: 'public.offices', key: ['id'], identity: ['legacy_id'] },
      columns: {
        legacy_id: 'office_no',
        name: 'office_nm',
        address,
        phone: filled('phone_no'),
        open_days: {
          sql: `array(SELECT d::smallint FROM generate_series(1, 7) d WHERE substr(s.open_days::text, d, 1) = 'Y' ORDER BY d)`,
        },
        opened_on: { sql: `to_date(nullif(s.opened_dt, ''), 'DD.MM.YYYY')` },
        manager_id: { ref: 'employees', sql: 'nullif(s.mgr_no, 0)' },
      },
    },
    employees: {
      source: { table: 'public.staff_mst', key: ['staff_no'], updatedAt: 'upd_ts' },
      target: { table: 'public.employees', key: ['id'], identity: ['legacy_id'], updatedAt: 'updated_at' },
      columns: {
        legacy_id: 'staff_no',
        given_name: givenName('staff_nm'),
        family_name: familyName('staff_nm'),
        role: {
          sql: `CASE s.role_cd WHEN 'NURS' THEN 'nurse' WHEN 'RECP' THEN 'reception' WHEN 'LAB' THEN 'laboratory' WHEN 'MGMT' THEN 'management' END`,
        },
        manager_id: { ref: 'employees', sql: 'nullif(s.mgr_no, 0)' },
        office_id: { ref: 'offices', from: ['office_no'] },
        email: filled('email_addr'),
        employed: {
          sql: `daterange(to_date(s.hired_dt, 'YYYYMMDD'), to_date(nullif(s.left_dt, '00000000'), 'YYYYMMDD'))`,
        },
        salary_cents: { ...cents('salary'), sensitive: true },
      },
    },
    doctors: {
      source: { table: 'public.doctor_mst', key: ['doc_no'], updatedAt: 'upd_ts' },
      target: { table: 'public.doctors', key: ['id'], identity: ['legacy_id'], updatedAt: 'updated_at' },
      columns: {
        legacy_id: 'doc_no',
        given_name: { sql: `split_part(s.doc_nm, ' ', 2)` },
        family_name: { sql: `regexp_replace(s.doc_nm, '^\\S+ \\S+ ', '')` },
        specialty: 'spec',
        office_id: { ref: 'offices', from: ['office_no'] },
        license: filled('license_no'),
        fee_cents: cents('fee'),
      },
    },
    // A split: one old table, two kinds of rows, two entities.
    insurers: {
      source: { table: 'public.partner_mst', key: ['partner_no'], where: `s.kind = 'I'` },
      target: { table: 'public.insurers', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'partner_no', name: 'partner_nm', phone: filled('phone_no') },
    },
    suppliers: {
      source: { table: 'public.partner_mst', key: ['partner_no'], where: `s.kind = 'S'` },
      target: { table: 'public.suppliers', key: ['id'], identity: ['legacy_id'] },
      columns: {
        legacy_id: 'partner_no',
        name: 'partner_nm',
        country: { sql: `coalesce(s.country, 'DE')` },
        terms: { sql: `CASE WHEN s.terms_days >= 0 THEN make_interval(days => s.terms_days) END` },
      },
    },
    patients: {
      source: { table: 'public.patient_mst', key: ['pat_no'], updatedAt: 'upd_ts' },
      target: { table: 'public.patients', key: ['id'], identity: ['legacy_id'], updatedAt: 'updated_at' },
      columns: {
        legacy_id: 'pat_no',
        given_name: givenName('pat_nm'),
        family_name: familyName('pat_nm'),
        birth_date: { sql: `to_date(nullif(s.birth_dt, '00000000'), 'YYYYMMDD')`, sensitive: true },
        sex: { sql: `CASE s.sex WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' WHEN 'X' THEN 'other' END` },
        email: { ...filled('email_addr'), sensitive: true },
        phone: { ...filled('phone_no'), sensitive: true },
        address: { ...address, sensitive: true },
        ssn_last4: { sql: 'right(s.ssn, 4)', sensitive: true },
        doctor_id: { ref: 'doctors', sql: 'nullif(s.doc_no, 0)' },
        insurer_id: { ref: 'insurers', sql: 'nullif(s.ins_no, 0)' },
        referrer_id: { ref: 'patients', sql: 'nullif(s.ref_pat_no, 0)' },
        balance_cents: cents('balance'),
      },
      conflicts: 'merge_fields then source_wins',
    },
    products: {
      source: { table: 'public.item_mst', key: ['item_no'] },
      target: { table: 'public.products', key: ['id'], identity: ['legacy_id'] },
      columns: {
        legacy_id: 'item_no',
        code: { sql: 'rtrim(s.item_cd::text)' },
        name: 'item_nm',
        product_group: {
          sql: `CASE s.grp WHEN 1 THEN 'drug' WHEN 2 THEN 'device' WHEN 3 THEN 'supply' ELSE 'service' END`,
        },
        price_cents: cents('price'),
        // Some suppliers were deleted long ago: such a product has none.
        supplier_id: { ref: 'suppliers', sql: 'nullif(s.supp_no, 0)', onMissing: 'null' },
        labels: { sql: `string_to_array(s.labels, ';')` },
      },
      deletes: 'soft:discontinued_at',
    },
    projects: {
      source: { table: 'public.prj_mst', key: ['prj_no'] },
      target: { table: 'public.projects', key: ['id'], identity: ['legacy_id'] },
      columns: {
        legacy_id: 'prj_no',
        name: 'prj_nm',
        lead_id: { ref: 'employees', from: ['lead_no'] },
        during: { sql: `daterange(to_date(s.start_dt, 'DD.MM.YYYY'), to_date(nullif(s.end_dt, ''), 'DD.MM.YYYY'))` },
        budget_cents: cents('budget'),
      },
    },
    // A join table: its key is two references.
    project_members: {
      source: { table: 'public.prj_staff', key: ['prj_no', 'staff_no'] },
      target: { table: 'public.project_members', key: ['project_id', 'employee_id'] },
      columns: {
        project_id: { ref: 'projects', from: ['prj_no'] },
        employee_id: { ref: 'employees', from: ['staff_no'] },
        hours: { sql: 'round(s.hrs::numeric, 2)' },
      },
      deletes: 'propagate',
    },
    // A merge: two old tables with overlapping numbers, one new one.
    phone_book: {
      source: { table: 'public.phone_book', key: ['entry_no'] },
      target: { table: 'public.contacts', key: ['id'], identity: ['origin', 'legacy_id'] },
      columns: {
        origin: { value: 'phone_book' },
        legacy_id: 'entry_no',
        name: 'who',
        phone: 'phone_no',
        remark: filled('remark'),
      },
    },
    tel_list: {
      source: { table: 'public.tel_list', key: ['id'] },
      target: { table: 'public.contacts', key: ['id'], identity: ['origin', 'legacy_id'] },
      columns: {
        origin: { value: 'tel_list' },
        legacy_id: 'id',
        name: { sql: `concat_ws(' ', nullif(s.first_nm, ''), s.last_nm)` },
        phone: 'tel',
      },
    },
    appointments: {
      source: { table: 'public.visit_hdr', key: ['visit_no'] },
      target: { table: 'public.appointments', key: ['id'], identity: ['legacy_id'] },
      columns: {
        legacy_id: 'visit_no',
        patient_id: { ref: 'patients', from: ['pat_no'] },
        doctor_id: { ref: 'doctors', from: ['doc_no'] },
        office_id: { ref: 'offices', from: ['office_no'] },
        // The old system wrote the clinic's local time.
        during: {
          sql: `tstzrange(s.start_ts::timestamp AT TIME ZONE 'Europe/Berlin', (s.start_ts::timestamp AT TIME ZONE 'Europe/Berlin') + make_interval(mins => s.minutes))`,
        },
        state: {
          sql: `CASE s.state WHEN 'P' THEN 'planned' WHEN 'D' THEN 'done' WHEN 'C' THEN 'cancelled' ELSE 'missed' END`,
        },
        note: filled('note'),
      },
    },
    orders: {
      source: { table: 'public.order_hdr', key: ['ord_no'], updatedAt: 'upd_ts' },
      target: { table: 'public.orders', key: ['id'], identity: ['legacy_id'], updatedAt: 'updated_at' },
      columns: {
        legacy_id: 'ord_no',
        patient_id: { ref: 'patients', from: ['pat_no'] },
        doctor_id: { ref: 'doctors', from: ['doc_no'] },
        appointment_id: { ref: 'appointments', sql: 'nullif(s.visit_no, 0)' },
        insurer_id: { ref: 'insurers', sql: 'nullif(s.ins_no, 0)' },
        project_id: { ref: 'projects', from: ['prj_no'] },
        ordered_on: { sql: `to_date(s.ord_dt, 'YYYYMMDD')` },
        status: {
          sql: `CASE s.stat_cd WHEN 'OP' THEN 'open' WHEN 'BI' THEN 'billed' WHEN 'PD' THEN 'paid' ELSE 'void' END`,
        },
        total_cents: cents('total'),
        discount_cents: { sql: 'coalesce(round(s.disc::numeric * 100), 0)' },
        is_rush: { sql: `coalesce(s.rush = 'Y', false)` },
        memo: filled('memo'),
      },
      conflicts: 'newest_wins then source_wins',
    },
    // Found again by its order and its line: the new table kept no old number.
    order_items: {
      source: { table: 'public.order_itm', key: ['ord_no', 'line_no'] },
      target: { table: 'public.order_items', key: ['id'], identity: ['order_id', 'line'] },
      columns: {
        order_id: { ref: 'orders', from: ['ord_no'] },
        line: 'line_no',
        product_id: { ref: 'products', from: ['item_no'] },
        quantity: 'qty',
        price_cents: cents('price'),
      },
    },
  },
});
