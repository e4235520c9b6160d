// What happens to bases when the map, a type or a server is another one than in the run before (SEMANTICS 5 and 16).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { closeDependencies } from '../../functions/dependencies.ts';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

type Columns = EntityMap['entities'][string]['columns'];
const { columns } = surgery.entities.doctors;
const mapWith = (changed: Columns): EntityMap => ({
  ...surgery,
  entities: { ...surgery.entities, doctors: { ...surgery.entities.doctors, columns: changed } },
});
const withPhone = mapWith({ ...columns, phone: { sql: "'0' || s.doc_no" } });

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

const doctors = async (request = {}) => {
  const { output, failure } = await p.migrate(request);
  expect(failure).toBeNull();
  return output!.entities['doctors'];
};
const target = (sql: string) => p.run('target', sql);
const source = (sql: string) => p.run('source', sql);
const found = () =>
  p.rows(
    'SELECT legacy_key, comparison_type, columns FROM data_differentials WHERE NOT resolved ORDER BY legacy_key::int',
  );
/** Nothing is left to do, and nothing is looked at row by row. */
const settled = async () => {
  expect(await doctors()).toMatchObject({ updated: 0, unchanged: 20, kept: 0, conflicts: 0 });
  expect(await p.value('SELECT count(*) FROM uuid_mappings WHERE source_hash IS NULL OR target_hash IS NULL')).toBe(
    '0',
  );
};

describe('a column that is new to the map', () => {
  test('is filled where the target has NULL or the default, and is a conflict where it has anything else', async () => {
    await target(
      "ALTER TABLE doctors ALTER phone SET DEFAULT 'none'; UPDATE doctors SET phone = 'none' WHERE legacy_id > 10; UPDATE doctors SET phone = 'his' WHERE legacy_id = 7; UPDATE doctors SET phone = '08' WHERE legacy_id = 8",
    );
    await p.useMap(withPhone);
    const dry = await doctors({ dryRun: true });
    expect(await doctors()).toMatchObject({ updated: 18, unchanged: 1, conflicts: 1, kept: 0 });
    expect(dry).toMatchObject({ updated: 18, unchanged: 1, conflicts: 1, kept: 0 });
    expect(await found()).toEqual([{ legacy_key: '7', comparison_type: 'conflict', columns: '{phone}' }]);
    expect(await p.value('SELECT reason FROM data_differentials')).toMatch(/no base/);
    expect(await p.value("SELECT count(*) FROM doctors WHERE phone = '0' || legacy_id")).toBe('19');
    expect(await doctors()).toMatchObject({ updated: 0, unchanged: 19, conflicts: 1 });
    await target("UPDATE doctors SET phone = '07' WHERE legacy_id = 7; ALTER TABLE doctors ALTER phone DROP DEFAULT");
    await settled();
  });

  test('is filled together with what the source changed meanwhile', async () => {
    await source("UPDATE doctor SET note = 'source' WHERE doc_no = 3");
    await p.useMap(withPhone);
    expect(await doctors()).toMatchObject({ updated: 20, conflicts: 0 });
    expect(await p.rows('SELECT note, phone FROM doctors WHERE legacy_id = 3')).toEqual([
      { note: 'source', phone: '03' },
    ]);
    await settled();
  });

  test('leaves a row alone that somebody edited, and one that somebody deleted is recorded as before', async () => {
    await target("UPDATE doctors SET note = 'target' WHERE legacy_id = 11; DELETE FROM doctors WHERE legacy_id = 12");
    await p.useMap(withPhone);
    expect(await doctors()).toMatchObject({ updated: 18, conflicts: 1, kept: 1 });
    expect(await found()).toEqual([
      { legacy_key: '11', comparison_type: 'conflict', columns: '{note,phone}' },
      { legacy_key: '12', comparison_type: 'missing', columns: '{}' },
    ]);
    expect(await p.rows('SELECT note, phone FROM doctors WHERE legacy_id = 11')).toEqual([
      { note: 'target', phone: null },
    ]);
  });

  test('makes no conflict of a row that the source lost', async () => {
    await source('DELETE FROM doctor WHERE doc_no = 16');
    await p.useMap(withPhone);
    expect(await doctors()).toMatchObject({ updated: 19, conflicts: 0 });
    expect(await found()).toEqual([expect.objectContaining({ legacy_key: '16', comparison_type: 'deleted' })]);
  });

  test('may be followed by another before all is decided', async () => {
    await target("UPDATE doctors SET phone = 'his' WHERE legacy_id = 7");
    await p.useMap(withPhone);
    await doctors();
    await p.useMap(mapWith({ ...columns, phone: { sql: "'0' || s.doc_no" }, fee: { sql: 's.fee + 1' } }));
    expect(await doctors()).toMatchObject({ updated: 19, conflicts: 1 });
    const { origin: _, ...fewer } = columns;
    await p.useMap(mapWith({ ...fewer, phone: { sql: "'0' || s.doc_no" }, fee: { sql: 's.fee + 1' } }));
    expect(await doctors()).toMatchObject({ updated: 0, unchanged: 19, conflicts: 1 });
    expect(await p.value('SELECT phone FROM doctors WHERE legacy_id = 7')).toBe('his');
  });

  test('is undone by its own value: the entry says what stood there before', async () => {
    await p.useMap(withPhone);
    await doctors();
    expect(
      await p.rows(
        "SELECT before -> 'phone' AS phone, count(*) FROM undo_log WHERE action = 'update' AND before ? 'phone' GROUP BY 1",
      ),
    ).toEqual([{ phone: 'null', count: '20' }]);
  });
});

describe('a column that the map has no longer', () => {
  const { note: _, ...withoutNote } = columns;

  test('leaves the other columns their bases: edits of either side are still told apart', async () => {
    await target(
      "UPDATE doctors SET note = 'target' WHERE legacy_id IN (11, 12); UPDATE doctors SET name = 'Edited' WHERE legacy_id IN (13, 14)",
    );
    await source("UPDATE doctor SET fee = 1000 WHERE doc_no IN (12, 14); UPDATE doctor SET note = 'source'");
    await p.useMap(mapWith(withoutNote));
    const dry = await doctors({ dryRun: true });
    const counts = { updated: 1, unchanged: 17, kept: 1, conflicts: 1 };
    expect(dry).toMatchObject(counts);
    expect(await doctors()).toMatchObject(counts);
    expect(await p.rows('SELECT fee, note FROM doctors WHERE legacy_id = 12')).toEqual([
      { fee: '1000', note: 'target' },
    ]);
    expect(await found()).toEqual([
      { legacy_key: '13', comparison_type: 'value', columns: '{name}' },
      { legacy_key: '14', comparison_type: 'conflict', columns: '{name,fee}' },
    ]);
    expect(await doctors()).toMatchObject({ updated: 0, unchanged: 18, kept: 1, conflicts: 1 });
  });

  test('and comes back is new again', async () => {
    await p.useMap(mapWith(withoutNote));
    await doctors();
    await target("UPDATE doctors SET note = 'target' WHERE legacy_id = 11");
    await source("UPDATE doctor SET note = 'source' WHERE doc_no IN (11, 13)");
    await p.useMap(surgery);
    expect(await doctors()).toMatchObject({ updated: 1, conflicts: 1, unchanged: 18 });
    expect(await p.value("SELECT string_agg(note, ',' ORDER BY legacy_id) FROM doctors WHERE note <> ''")).toBe(
      'target,source',
    );
  });
});

describe('a column of another type', () => {
  test('keeps its base where its values hash as before', async () => {
    await target(
      "ALTER TABLE doctors ALTER note TYPE varchar(200); UPDATE doctors SET note = 'target' WHERE legacy_id = 11",
    );
    await source("UPDATE doctor SET note = 'source' WHERE doc_no IN (12, 13)");
    expect(await doctors()).toMatchObject({ updated: 2, kept: 1, conflicts: 0, unchanged: 17 });
    await target('ALTER TABLE doctors ALTER note TYPE text');
  });

  test('is compared by value where they do not', async () => {
    await target('ALTER TABLE doctors ALTER fee TYPE double precision');
    expect(await doctors()).toMatchObject({ updated: 0, kept: 0, conflicts: 0, unchanged: 20 });
    await settled();
    await target('ALTER TABLE doctors ALTER fee TYPE numeric');
  });

  test('is refused where it is the key: the mappings are of another kind', async () => {
    await source('ALTER TABLE doctor ALTER doc_no TYPE text');
    const { failure } = await p.migrate({ entities: ['doctors'] });
    await source('ALTER TABLE doctor ALTER doc_no TYPE integer USING doc_no::integer');
    expect(failure).toMatchObject({ code: 'SYS002', message: expect.stringMatching(/source key of doctors/) });
  });
});

describe('a schema', () => {
  const GONE = 'ALTER TABLE doctors RENAME note TO remark';
  const BACK = 'ALTER TABLE doctors RENAME remark TO note';

  test('that changed since the last run is told in the answer', async () => {
    const before = await p.migrate();
    await target('ALTER TABLE doctors ADD born date');
    const notes = async () => (await p.migrate()).output!.notes;
    expect(await notes()).toEqual([`doctors: the schema of its tables changed since ${before.output!.operationId}`]);
    expect(await notes()).toEqual([]);
    await target('ALTER TABLE doctors DROP born');
  });

  test('that changes during a run ends it with the code for that, in whichever step it is met', async () => {
    await source("UPDATE doctor SET note = 'source'");
    for (const state of ['PrepareEntity', 'MigrateSlice']) {
      const run = await p.migrateAround({
        [state]: async (input, go) => {
          if (input['entity'] === 'doctors') await target(GONE);
          return go();
        },
      });
      await target(BACK);
      expect(run.failure).toMatchObject({
        code: 'M015',
        message: expect.stringMatching(/schema of doctors changed/),
      });
    }
    expect((await p.migrate()).output).toMatchObject({ status: 'completed', entities: { doctors: { updated: 20 } } });
  });

  test('that another container finds changed when it joins the run ends it too', async () => {
    await source("UPDATE doctor SET note = 'source'");
    const run = await p.migrateAround({
      MigrateSlice: async (input, go) => {
        if (input['entity'] === 'doctors') {
          await target('ALTER TABLE doctors ALTER phone TYPE varchar(20)');
          await closeDependencies();
        }
        return go();
      },
    });
    await target('ALTER TABLE doctors ALTER phone TYPE text');
    expect(run.failure).toMatchObject({ code: 'M015' });
    expect((await p.migrate()).output).toMatchObject({ status: 'completed' });
  });
});

describe('a server that hashes otherwise than it did', () => {
  /** As if the probe had been answered, and the bases been taken, by another version. */
  const upgraded = (side: 'source' | 'target', hashes: string) =>
    target(
      `UPDATE portage.entities SET ${side}_probe = 'another version' WHERE entity = 'doctors';
       UPDATE portage.uuid_mappings SET ${hashes} WHERE entity_id = (SELECT entity_id FROM portage.entities WHERE entity = 'doctors')`,
    );
  const edits = async () => {
    await target("UPDATE doctors SET note = 'target' WHERE legacy_id = 11");
    await source("UPDATE doctor SET note = 'source' WHERE doc_no = 12");
  };

  test('on the source: rows are told apart by the bases of their columns', async () => {
    await upgraded('source', 'source_hash = source_hash # 12345');
    await edits();
    expect(await doctors({ dryRun: true })).toMatchObject({ updated: 1, unchanged: 18, kept: 1, conflicts: 0 });
    expect(await doctors()).toMatchObject({ updated: 1, unchanged: 18, kept: 1, conflicts: 0 });
    await target('UPDATE doctors SET note = NULL WHERE legacy_id = 11');
    await settled();
  });

  test('on the target: equal rows get new bases, and what differs is never overwritten unseen', async () => {
    await upgraded(
      'target',
      "target_hash = target_hash # 12345, source_columns = overlay(source_columns PLACING '\\xffff'::bytea FROM 3)",
    );
    await edits();
    expect(await doctors({ dryRun: true })).toMatchObject({ updated: 0, unchanged: 18, kept: 1, conflicts: 1 });
    expect(await doctors()).toMatchObject({ updated: 0, unchanged: 18, kept: 1, conflicts: 1 });
    expect(await found()).toEqual([
      { legacy_key: '11', comparison_type: 'value', columns: '{note}' },
      { legacy_key: '12', comparison_type: 'conflict', columns: '{note}' },
    ]);
    await target("UPDATE doctors SET note = CASE legacy_id WHEN 12 THEN 'source' END WHERE legacy_id IN (11, 12)");
    await settled();
  });

  test('is remembered: the next run believes the bases again', async () => {
    await upgraded('source', 'source_hash = source_hash # 12345');
    await doctors();
    expect(await p.value("SELECT source_probe = 'another version' FROM entities WHERE entity = 'doctors'")).toBe('f');
    await source("UPDATE doctor SET note = 'source' WHERE doc_no = 12");
    await target("UPDATE doctors SET note = 'target' WHERE legacy_id = 12");
    expect(await doctors()).toMatchObject({ unchanged: 19, conflicts: 1 });
  });
});
