// What each way of running a migration writes and what it leaves alone (SEMANTICS 14 and 16).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Portage;
beforeAll(async () => {
  p = await portage(SURGERY_SOURCE, SURGERY_TARGET, surgery);
  await p.run('source', 'CREATE SCHEMA kept; CREATE TABLE kept.doctor AS TABLE doctor');
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.run('source', 'TRUNCATE doctor; INSERT INTO doctor TABLE kept.doctor');
  await p.useMap(surgery);
  await p.empty();
  await p.migrate();
});

/** Five doctors of whom each has another history since the first run. */
const histories = async () => {
  await p.run(
    'target',
    `UPDATE doctors SET note = 'target' WHERE legacy_id IN (11, 13); DELETE FROM doctors WHERE legacy_id IN (14, 15)`,
  );
  await p.run(
    'source',
    `UPDATE doctor SET note = 'source' WHERE doc_no IN (12, 13, 15); DELETE FROM doctor WHERE doc_no = 16`,
  );
};
const notes = () => p.rows('SELECT legacy_id, note FROM doctors WHERE legacy_id BETWEEN 11 AND 16 ORDER BY 1');
const note = (no: number, text: string | null) => ({ legacy_id: String(no), note: text });
const open = () => p.rows('SELECT legacy_key, comparison_type FROM data_differentials WHERE NOT resolved ORDER BY 1');
const found = (no: number, type: string) => ({ legacy_key: String(no), comparison_type: type });

describe('a differential migration', () => {
  test('writes what only the source changed, keeps what only the target changed, and decides nothing else', async () => {
    await histories();
    const run = await p.migrate();
    expect(await notes()).toEqual([note(11, 'target'), note(12, 'source'), note(13, 'target'), note(16, null)]);
    expect(await open()).toEqual([
      found(11, 'value'),
      found(13, 'conflict'),
      found(14, 'missing'),
      found(15, 'conflict'),
      found(16, 'deleted'),
    ]);
    expect(run.output).toMatchObject({
      status: 'completed_with_findings',
      entities: { doctors: { read: 19, updated: 1, kept: 3, conflicts: 2, inserted: 0, deleted: 0 } },
    });
  });

  test('does the same again when nothing was decided, and writes nothing', async () => {
    await histories();
    await p.migrate();
    const before = await p.rows('SELECT * FROM doctors ORDER BY id');
    const again = await p.migrate();
    expect(again.output!.entities['doctors']).toMatchObject({ updated: 0, kept: 3, conflicts: 2 });
    expect(await p.rows('SELECT * FROM doctors ORDER BY id')).toEqual(before);
    expect(await open()).toHaveLength(5);
  });
});

describe('a full migration', () => {
  test('writes every row that differs, edits and deletions included, and deletes nothing', async () => {
    await histories();
    await p.migrate();
    const run = await p.migrate({ mode: 'full' });
    expect(await notes()).toEqual([
      note(11, null),
      note(12, 'source'),
      note(13, 'source'),
      note(14, null),
      note(15, 'source'),
      note(16, null),
    ]);
    expect(run.output!.entities['doctors']).toMatchObject({ read: 19, updated: 2, inserted: 2, deleted: 0 });
    expect(await open()).toEqual([found(16, 'deleted')]);
    const rules = 'SELECT resolved_by, count(*) FROM data_differentials WHERE resolved GROUP BY 1';
    expect(await p.rows(rules)).toEqual([{ resolved_by: 'full', count: '4' }]);
    expect((await p.migrate()).output!.entities['doctors']).toMatchObject({ updated: 0, inserted: 0, conflicts: 0 });
  });

  test('keeps what it writes over in the undo log', async () => {
    await p.run('target', "UPDATE doctors SET note = 'target', phone = '1' WHERE legacy_id = 11");
    await p.migrate({ mode: 'full' });
    const [entry] = await p.rows(
      "SELECT before ->> 'note' AS note, before ? 'phone' AS phone FROM undo_log WHERE action = 'update' AND legacy_key = '11'",
    );
    expect(entry).toEqual({ note: 'target', phone: 'f' });
    expect(await p.value('SELECT phone FROM doctors WHERE legacy_id = 11')).toBe('1');
  });

  test('leaves the moment of the first insert as it was', async () => {
    const created = 'SELECT legacy_id, created_at FROM doctors ORDER BY 1';
    const before = await p.rows(created);
    await p.run('source', "UPDATE doctor SET note = 'all'");
    await p.migrate({ mode: 'full' });
    expect(await p.rows(created)).toEqual(before);
  });
});

describe('a migration of what is missing', () => {
  test('inserts what the target lacks, and writes over nothing', async () => {
    await histories();
    await p.run('source', "INSERT INTO doctor (doc_no, doc_nm, office_no) VALUES (30, 'New', 1)");
    const run = await p.migrate({ mode: 'missing-only' });
    expect(await notes()).toEqual([
      note(11, 'target'),
      note(12, ''),
      note(13, 'target'),
      note(14, null),
      note(15, 'source'),
      note(16, null),
    ]);
    expect(run.output!.entities['doctors']).toMatchObject({ inserted: 3, updated: 0 });
    expect(await p.value('SELECT name FROM doctors WHERE legacy_id = 30')).toBe('New');
  });

  test('closes no difference that it did not look at', async () => {
    await histories();
    await p.migrate();
    await p.migrate({ mode: 'missing-only' });
    expect((await open()).map((row) => row['legacy_key'])).toEqual(expect.arrayContaining(['11', '13', '16']));
  });
});

describe('without checkpoints', () => {
  const rows = () => p.value('SELECT count(*) FROM doctors');
  const REFUSES = `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.legacy_id = 17 THEN RAISE EXCEPTION USING errcode = 'XX000', message = 'no'; END IF; RETURN new; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON doctors FOR EACH ROW EXECUTE FUNCTION refuse()`;

  test('an entity is one transaction, whatever the size of a batch, and can be undone', async () => {
    await p.empty();
    const run = await p.migrate({ enableCheckpointing: false, batchSize: 3 });
    expect(run.output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 20 } } });
    const transactions =
      "SELECT count(*) FROM migration_batches b JOIN migration_checkpoints c ON c.id = b.checkpoint_id WHERE entity_type = 'doctors' AND slice >= 0";
    expect(await p.value(transactions)).toBe('1');
    expect(await p.value('SELECT sum(cardinality(legacy_ids)) FROM undo_inserts')).toBe('22');
  });

  test('a failure in the middle leaves nothing of the entity; with checkpoints the batches before it stay', async () => {
    await p.run('target', REFUSES);
    await p.empty();
    expect((await p.migrate({ enableCheckpointing: false })).failure).toMatchObject({ code: 'SYS007' });
    expect(await rows()).toBe('0');
    await p.empty();
    expect((await p.migrate({ batchSize: 5, sequential: true })).failure).toMatchObject({ code: 'SYS007' });
    expect(await rows()).toBe('15');
    await p.run(
      'target',
      "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
    );
    expect((await p.resume()).output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 20 } } });
    await p.run('target', 'DROP FUNCTION refuse CASCADE');
  });
});

describe('a map that changed between two runs', () => {
  const withPhone: EntityMap = {
    ...surgery,
    entities: {
      ...surgery.entities,
      doctors: {
        ...surgery.entities.doctors,
        columns: { ...surgery.entities.doctors.columns, phone: { sql: "'0' || s.doc_no" } },
      },
    },
  };

  test('never overwrites what somebody put into a column that is new to the map', async () => {
    await p.run('target', "UPDATE doctors SET phone = 'his' WHERE legacy_id = 11");
    await p.useMap(withPhone);
    const run = await p.migrate();
    expect(run.output).toMatchObject({ status: 'completed_with_findings' });
    expect(await p.value('SELECT phone FROM doctors WHERE legacy_id = 11')).toBe('his');
    expect(await open()).toContainEqual(expect.objectContaining({ legacy_key: '11' }));
  });

  test('never overwrites an edit of another column either', async () => {
    await p.run('target', "UPDATE doctors SET note = 'edited' WHERE legacy_id = 11");
    await p.useMap(withPhone);
    await p.migrate();
    expect(await p.value('SELECT note FROM doctors WHERE legacy_id = 11')).toBe('edited');
  });

  test('fills a new column where the target has nothing in it', async () => {
    await p.run('target', "UPDATE doctors SET phone = 'his' WHERE legacy_id = 11");
    await p.useMap(withPhone);
    const run = await p.migrate();
    expect(run.output!.entities['doctors']).toMatchObject({ updated: 19, conflicts: 1 });
    expect(await p.value("SELECT count(*) FROM doctors WHERE phone = '0' || legacy_id")).toBe('19');
  });

  test("drops a column from the bases: its edits are nobody's business any more", async () => {
    const { note: _, ...columns } = surgery.entities.doctors.columns;
    await p.run('target', "UPDATE doctors SET note = 'edited' WHERE legacy_id = 11");
    await p.useMap({
      ...surgery,
      entities: { ...surgery.entities, doctors: { ...surgery.entities.doctors, columns } },
    });
    const run = await p.migrate();
    expect(run.output).toMatchObject({ status: 'completed', entities: { doctors: { unchanged: 20, updated: 0 } } });
    expect(await p.value('SELECT note FROM doctors WHERE legacy_id = 11')).toBe('edited');
  });

  test('takes a changed constant for a change of the source, row by row', async () => {
    await p.run('target', "UPDATE doctors SET note = 'edited' WHERE legacy_id = 11");
    const columns = { ...surgery.entities.doctors.columns, origin: { value: 'elsewhere' } };
    await p.useMap({
      ...surgery,
      entities: { ...surgery.entities, doctors: { ...surgery.entities.doctors, columns } },
    });
    const run = await p.migrate();
    expect(run.output!.entities['doctors']).toMatchObject({ updated: 19, conflicts: 1 });
    expect(await p.rows('SELECT origin, note FROM doctors WHERE legacy_id = 11')).toEqual([
      { origin: 'surgery', note: 'edited' },
    ]);
    expect((await p.migrate()).output!.entities['doctors']).toMatchObject({ updated: 0, unchanged: 19, conflicts: 1 });
  });

  test('takes a changed expression for a change of the source', async () => {
    await p.useMap({
      ...surgery,
      entities: {
        ...surgery.entities,
        doctors: {
          ...surgery.entities.doctors,
          columns: { ...surgery.entities.doctors.columns, name: { sql: 'upper(s.doc_nm)' } },
        },
      },
    });
    const run = await p.migrate();
    expect(run.output!.entities['doctors']).toMatchObject({ updated: 20, conflicts: 0 });
    expect(await p.value("SELECT count(*) FROM doctors WHERE name LIKE 'DOCTOR%'")).toBe('20');
  });
});
