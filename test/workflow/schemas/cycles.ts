/** Entities that refer to each other in a circle. */
import type { Schema } from './schema.ts';

export const cutCycle: Schema = {
  foreseen: false,
  name: 'a circle with an edge that may be NULL, and a longer graph around it',
  legacy: `
    CREATE TABLE dept (id int PRIMARY KEY, nm text, head int); CREATE TABLE emp (id int PRIMARY KEY, nm text, dept int NOT NULL, mentor int);
    CREATE TABLE site (id int PRIMARY KEY, dept int); CREATE TABLE room (id int PRIMARY KEY, site int, keeper int); CREATE TABLE desk (id int PRIMARY KEY, room int, emp int);
    INSERT INTO dept SELECT i, 'd' || i, CASE WHEN i % 3 <> 0 THEN 41 - i END FROM generate_series(1, 15) i;
    INSERT INTO emp SELECT i, 'e' || i, i % 15 + 1, CASE WHEN i % 2 = 0 THEN 41 - i ELSE nullif(i - 1, 0) END FROM generate_series(1, 40) i;
    INSERT INTO site SELECT i, 16 - i FROM generate_series(1, 5) i; INSERT INTO room SELECT i, i % 5 + 1, i FROM generate_series(1, 9) i; INSERT INTO desk SELECT i, i % 9 + 1, 41 - i FROM generate_series(1, 40) i;`,
  target: `
    CREATE TABLE depts (id uuid PRIMARY KEY, legacy_id int UNIQUE, name text NOT NULL, head uuid, site uuid);
    CREATE TABLE emps (id uuid PRIMARY KEY, legacy_id int UNIQUE, name text, dept uuid NOT NULL REFERENCES depts, mentor uuid REFERENCES emps);
    ALTER TABLE depts ADD FOREIGN KEY (head) REFERENCES emps;
    CREATE TABLE sites (id uuid PRIMARY KEY, legacy_id int UNIQUE, dept uuid NOT NULL REFERENCES depts);
    CREATE TABLE rooms (id uuid PRIMARY KEY, legacy_id int UNIQUE, site uuid NOT NULL REFERENCES sites, keeper uuid REFERENCES emps);
    CREATE TABLE desks (id uuid PRIMARY KEY, legacy_id int UNIQUE, room uuid NOT NULL REFERENCES rooms, emp uuid NOT NULL REFERENCES emps);`,
  map: {
    name: 'cut',
    entities: {
      desks: {
        source: { table: 'public.desk', key: ['id'] },
        target: { table: 'public.desks', key: ['id'], identity: ['legacy_id'] },
        columns: { legacy_id: 'id', room: { ref: 'rooms', from: ['room'] }, emp: { ref: 'emps', from: ['emp'] } },
      },
      depts: {
        source: { table: 'public.dept', key: ['id'] },
        target: { table: 'public.depts', key: ['id'], identity: ['legacy_id'] },
        columns: { legacy_id: 'id', name: 'nm', head: { ref: 'emps', from: ['head'] } },
      },
      emps: {
        source: { table: 'public.emp', key: ['id'] },
        target: { table: 'public.emps', key: ['id'], identity: ['legacy_id'] },
        columns: {
          legacy_id: 'id',
          name: 'nm',
          dept: { ref: 'depts', from: ['dept'] },
          mentor: { ref: 'emps', from: ['mentor'] },
        },
      },
      rooms: {
        source: { table: 'public.room', key: ['id'] },
        target: { table: 'public.rooms', key: ['id'], identity: ['legacy_id'] },
        columns: { legacy_id: 'id', site: { ref: 'sites', from: ['site'] }, keeper: { ref: 'emps', from: ['keeper'] } },
      },
      sites: {
        source: { table: 'public.site', key: ['id'] },
        target: { table: 'public.sites', key: ['id'], identity: ['legacy_id'] },
        columns: { legacy_id: 'id', dept: { ref: 'depts', from: ['dept'] } },
      },
    },
  },
  truth: {
    depts: {
      legacy: `SELECT id, jsonb_build_array(nm, head)::text FROM dept`,
      target: `SELECT d.legacy_id, jsonb_build_array(d.name, e.legacy_id)::text FROM depts d LEFT JOIN emps e ON e.id = d.head`,
    },
    emps: {
      legacy: `SELECT id, jsonb_build_array(nm, dept, mentor)::text FROM emp`,
      target: `SELECT e.legacy_id, jsonb_build_array(e.name, d.legacy_id, m.legacy_id)::text FROM emps e JOIN depts d ON d.id = e.dept LEFT JOIN emps m ON m.id = e.mentor`,
    },
    sites: {
      legacy: `SELECT id, dept FROM site`,
      target: `SELECT s.legacy_id, d.legacy_id AS dept FROM sites s JOIN depts d ON d.id = s.dept`,
    },
    rooms: {
      legacy: `SELECT id, jsonb_build_array(site, keeper)::text FROM room`,
      target: `SELECT r.legacy_id, jsonb_build_array(s.legacy_id, e.legacy_id)::text FROM rooms r JOIN sites s ON s.id = r.site LEFT JOIN emps e ON e.id = r.keeper`,
    },
    desks: {
      legacy: `SELECT id, jsonb_build_array(room, emp)::text FROM desk`,
      target: `SELECT x.legacy_id, jsonb_build_array(r.legacy_id, e.legacy_id)::text FROM desks x JOIN rooms r ON r.id = x.room JOIN emps e ON e.id = x.emp`,
    },
  },
  edits: {
    legacy: `
      INSERT INTO dept VALUES (50, 'new', 50), (51, 'headless', NULL); INSERT INTO emp VALUES (50, 'new', 50, 51), (51, 'b', 50, 50); UPDATE dept SET head = 50 WHERE id = 1; UPDATE dept SET head = NULL WHERE id = 2;
      UPDATE dept SET head = 999 WHERE id = 4; UPDATE emp SET dept = 51 WHERE id = 3; INSERT INTO emp VALUES (52, 'x', 999, NULL); UPDATE emp SET mentor = 52 WHERE id = 5; DELETE FROM desk WHERE id = 1;
      UPDATE dept SET nm = 'both' WHERE id = 7;`,
    target: `
      UPDATE depts SET head = NULL WHERE legacy_id = 5; UPDATE emps SET mentor = (SELECT id FROM emps WHERE legacy_id = 9) WHERE legacy_id = 8; UPDATE depts SET name = 'other' WHERE legacy_id = 7; DELETE FROM desks WHERE legacy_id = 2;`,
    counts: {
      depts: { inserted: 2, updated: 2, kept: 1, conflicts: 1, setAside: 1 },
      emps: { inserted: 2, updated: 1, kept: 1, setAside: 2 },
      desks: { kept: 2 },
    },
    left: {
      'depts 4': 'value',
      'depts 5': 'value',
      'depts 7': 'value',
      'emps 8': 'value',
      'emps 52': 'missing',
      'emps 5': 'value',
      'desks 1': 'extra',
      'desks 2': 'missing',
    },
  },
};

const closed = (tables: readonly string[], deferrable: string, selfOf = ''): Schema => ({
  foreseen: false,
  name: `a circle of ${tables.length} without NULL${selfOf === '' ? '' : ', one also in itself'}`,
  legacy: tables
    .map(
      (t, i) =>
        `CREATE TABLE ${t} (id int PRIMARY KEY, v text, nxt int NOT NULL, own int NOT NULL); INSERT INTO ${t} SELECT i, '${t}' || i, (i * ${i + 7}) % 16 + 1, CASE WHEN i % 4 = 0 THEN i ELSE 17 - i END FROM generate_series(1, 16) i;`,
    )
    .join('\n'),
  target: [
    ...tables.map(
      (t) =>
        `CREATE TABLE ${t}s (id uuid PRIMARY KEY, legacy_id int UNIQUE, v text NOT NULL, nxt uuid NOT NULL, own uuid NOT NULL);`,
    ),
    ...tables.map(
      (t, i) => `ALTER TABLE ${t}s ADD FOREIGN KEY (nxt) REFERENCES ${tables[(i + 1) % tables.length]}s ${deferrable};`,
    ),
    ...tables
      .filter((t) => t === selfOf)
      .map((t) => `ALTER TABLE ${t}s ADD FOREIGN KEY (own) REFERENCES ${t}s ${deferrable};`),
  ].join('\n'),
  map: {
    name: 'closed',
    entities: Object.fromEntries(
      tables.map((t, i) => [
        `${t}s`,
        {
          source: { table: `public.${t}`, key: ['id'] },
          target: { table: `public.${t}s`, key: ['id'], identity: ['legacy_id'] },
          columns: {
            legacy_id: 'id',
            v: 'v',
            nxt: { ref: `${tables[(i + 1) % tables.length]}s`, from: ['nxt'] },
            own: { ref: `${t}s`, from: ['own'] },
          },
        },
      ]),
    ),
  },
  truth: Object.fromEntries(
    tables.map((t, i) => [
      `${t}s`,
      {
        legacy: `SELECT id, jsonb_build_array(v, nxt, own)::text FROM ${t}`,
        target: `SELECT t.legacy_id, jsonb_build_array(t.v, n.legacy_id, o.legacy_id)::text FROM ${t}s t LEFT JOIN ${tables[(i + 1) % tables.length]}s n ON n.id = t.nxt LEFT JOIN ${t}s o ON o.id = t.own`,
      },
    ]),
  ),
  edits: {
    legacy: `UPDATE ${tables[0]} SET v = 'changed' WHERE id = 1; UPDATE ${tables[0]} SET v = 'here' WHERE id = 2; UPDATE ${tables[0]} SET v = 'same' WHERE id = 4; UPDATE ${tables[0]} SET own = 9 WHERE id = 5;
      INSERT INTO ${tables[0]} VALUES (50, 'new', ${tables.length > 1 ? 50 : 51}, 51), (51, 'new', 1, 50), (52, 'orphan', 999, 52), (53, 'of orphan', 1, 52);
      ${tables
        .slice(1)
        .map((t) => `INSERT INTO ${t} VALUES (50, 'new', 50, 50);`)
        .join('\n')}
      UPDATE ${tables[0]} SET nxt = 888 WHERE id = 6; UPDATE ${tables[0]} SET own = 52 WHERE id = 7;`,
    target: `UPDATE ${tables[0]}s SET v = 'there' WHERE legacy_id = 2; UPDATE ${tables[0]}s SET v = 'kept' WHERE legacy_id = 3; UPDATE ${tables[0]}s SET v = 'same' WHERE legacy_id = 4;`,
    counts: {
      [`${tables[0]}s`]: { inserted: 2, updated: 2, kept: 1, conflicts: 1, setAside: 4 },
      ...Object.fromEntries(tables.slice(1).map((t) => [`${t}s`, { inserted: 1 }])),
    },
    left: Object.fromEntries(
      Object.entries({ 2: 'value', 3: 'value', 6: 'value', 7: 'value', 52: 'missing', 53: 'missing' } as const).map(
        ([id, how]) => [`${tables[0]}s ${id}`, how],
      ),
    ),
  },
});

export const selfCycle = closed(['node'], '');
export const twoCycle = closed(['egg', 'hen'], 'DEFERRABLE INITIALLY DEFERRED');
export const threeCycle = closed(['one', 'two', 'three'], 'DEFERRABLE', 'two');
