// What a batch leaves in the ledger beside the rows: how to undo it, what was kept, what could not be written.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { finishEntity } from '../../shared/database/engine/finish.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(SURGERY_SOURCE, SURGERY_TARGET, surgery);
  await p.run(
    'source',
    'CREATE SCHEMA kept; CREATE TABLE kept.doctor AS TABLE doctor; CREATE TABLE kept.office AS TABLE office',
  );
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.reset();
  await p.run(
    'source',
    'TRUNCATE doctor, office; INSERT INTO office TABLE kept.office; INSERT INTO doctor TABLE kept.doctor',
  );
});

const legacy = (sql: string) => p.run('source', sql);
const target = (sql: string) => p.run('target', sql);
/** Works through the entity and ends it, as the steps do. */
async function migrate(
  entity: string,
  mode: 'differential' | 'full' | 'missing-only' = 'differential',
): Promise<number> {
  const { operation } = await p.work(entity, { mode });
  await finishEntity(p.target, p.entity(entity), operation.operationNo, mode, 1);
  return operation.operationNo;
}
const undoOf = (operationNo: number, columns = 'action, legacy_key') =>
  p.rows(`SELECT ${columns} FROM undo_log WHERE operation_no = ${operationNo} ORDER BY undo_no`);
const differentials = (columns: string) =>
  p.rows(`SELECT ${columns} FROM data_differentials ORDER BY legacy_key, comparison_type, resolved_at NULLS LAST`);
const counts = (columns: string, operationNo: number) =>
  p.rows(
    `SELECT ${columns
      .split(', ')
      .map((c) => `sum(${c}) AS ${c}`)
      .join(
        ', ',
      )} FROM migration_batches b JOIN migration_checkpoints c ON c.id = b.checkpoint_id JOIN operations o USING (operation_id) WHERE operation_no = ${operationNo}`,
  );

describe('how to undo', () => {
  test('inserted rows: legacy key, target key and the hash of each as it was written', async () => {
    const operationNo = await migrate('offices');
    const inserts = await p.rows(
      `SELECT u.legacy_ids[i] AS legacy, u.target_uuids[i] = o.id AS same_row, u.hashes[i] = m.target_hash AS same_hash
       FROM undo_inserts u, generate_subscripts(u.legacy_ids, 1) i JOIN offices o ON true JOIN uuid_mappings m ON m.target_uuid = o.id
       WHERE u.operation_no = ${operationNo} AND o.legacy_id = u.legacy_ids[i] ORDER BY 1`,
    );
    expect(inserts).toEqual(['1', '2'].map((no) => ({ legacy: no, same_row: 't', same_hash: 't' })));
    expect(await undoOf(operationNo)).toEqual([]);
  });

  test('an update: what was written over, in exact text, with the bases before and the hash after', async () => {
    await migrate('offices');
    await migrate('doctors');
    const old = await p.rows(
      'SELECT source_hash, target_hash FROM uuid_mappings WHERE legacy_id = 3 AND entity_id = 2',
    );
    await legacy('UPDATE doctor SET fee = 4.50, note = NULL, email = NULL WHERE doc_no = 3');
    const operationNo = await migrate('doctors');
    const [entry] = await undoOf(operationNo, 'action, legacy_key, before, source_hash, target_hash, hash_after');
    expect(entry).toMatchObject({ action: 'update', legacy_key: '3', ...old[0] });
    expect(JSON.parse(entry!['before']!)).toMatchObject({
      fee: '4.5',
      note: '',
      email: 'd3@example.org',
      origin: 'surgery',
    });
    expect(JSON.parse(entry!['before']!)).not.toHaveProperty('created_at');
    const now = 'SELECT target_hash FROM uuid_mappings WHERE legacy_id = 3 AND entity_id = 2';
    expect(entry!['hash_after']).toBe(await p.value(now));
  });

  test('new bases of a row that both sides changed alike: the old ones', async () => {
    await migrate('offices');
    const old = await p.rows('SELECT source_hash, target_hash, source_columns FROM uuid_mappings WHERE legacy_id = 1');
    await legacy("UPDATE office SET office_nm = 'Both' WHERE office_no = 1");
    await target("UPDATE offices SET name = 'Both' WHERE legacy_id = 1");
    const operationNo = await migrate('offices');
    expect(await undoOf(operationNo, 'action, legacy_key, source_hash, target_hash, source_columns, before')).toEqual([
      { action: 'remap', legacy_key: '1', ...old[0], before: null },
    ]);
    expect(await differentials('legacy_key')).toEqual([]);
    expect(await counts('unchanged, updated', operationNo)).toEqual([{ unchanged: '2', updated: '0' }]);
  });

  test('an adopted row: its mapping alone', async () => {
    await target(
      "INSERT INTO offices VALUES ('00000000-0000-0000-0000-000000000001', 1, 'North'), ('00000000-0000-0000-0000-000000000002', 2, 'Other')",
    );
    const operationNo = await migrate('offices');
    expect(await undoOf(operationNo, 'action, legacy_key, target_key, before')).toEqual(
      ['1', '2'].map((no) => ({
        action: 'adopt',
        legacy_key: no,
        target_key: `00000000-0000-0000-0000-00000000000${no}`,
        before: null,
      })),
    );
    expect(await p.rows('SELECT origin, source_hash IS NULL AS no_base FROM uuid_mappings ORDER BY legacy_id')).toEqual(
      [
        { origin: 'a', no_base: 'f' },
        { origin: 'a', no_base: 't' },
      ],
    );
    expect(await differentials('legacy_key, comparison_type')).toEqual([
      { legacy_key: '2', comparison_type: 'adopted' },
    ]);
    expect(await counts('adopted, conflicts, inserted', operationNo)).toEqual([
      { adopted: '2', conflicts: '1', inserted: '0' },
    ]);
    expect(await p.value('SELECT name FROM offices WHERE legacy_id = 2')).toBe('Other');
  });

  test('takes at most 40 bytes for each inserted row beyond its mapping', async () => {
    await legacy("INSERT INTO office SELECT n, 'Office ' || n FROM generate_series(3, 10000) n");
    await migrate('offices');
    expect(await p.value('SELECT count(*) FROM offices')).toBe('10000');
    const bytes = await p.value(
      `SELECT sum(pg_column_size(u.*)) + (SELECT coalesce(sum(pg_column_size(l.*)), 0) FROM undo_log l) + (SELECT sum(pg_column_size(b.*)) FROM migration_batches b) FROM undo_inserts u`,
    );
    const stored = await p.value(
      `SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE relnamespace = 'portage'::regnamespace AND relkind = 'r' AND relname IN ('undo_inserts', 'undo_log', 'migration_batches')`,
    );
    expect(Number(bytes) / 10_000).toBeLessThanOrEqual(40);
    // On disk, with pages and indexes of tables that are nearly empty otherwise.
    expect(Number(stored) / 10_000).toBeLessThanOrEqual(60);
  });
});

describe('a difference that was kept', () => {
  test('is one open row that is seen again, and closed when it is gone', async () => {
    await migrate('offices');
    await target("UPDATE offices SET name = 'Edited' WHERE legacy_id = 1");
    const first = await migrate('offices');
    const [seen] = await differentials(
      'id, comparison_type, columns, source_values, target_values, resolved, operation_no, first_seen, last_seen',
    );
    expect(seen).toMatchObject({
      comparison_type: 'value',
      columns: '{name}',
      source_values: '{"name": "North"}',
      target_values: '{"name": "Edited"}',
      resolved: 'f',
      operation_no: String(first),
    });

    await target("UPDATE offices SET name = 'Edited again' WHERE legacy_id = 1");
    const second = await migrate('offices');
    const [again, ...others] = await differentials('id, target_values, operation_no, first_seen, last_seen');
    expect(others).toEqual([]);
    expect(again).toMatchObject({
      id: seen!['id'],
      target_values: '{"name": "Edited again"}',
      operation_no: String(second),
      first_seen: seen!['first_seen'],
    });
    expect(again!['last_seen']! > seen!['last_seen']!).toBe(true);

    await target("UPDATE offices SET name = 'North' WHERE legacy_id = 1");
    await migrate('offices');
    expect(await differentials('id, resolved, resolved_by')).toEqual([
      { id: seen!['id'], resolved: 't', resolved_by: 'gone' },
    ]);

    await target("UPDATE offices SET name = 'Third' WHERE legacy_id = 1");
    await migrate('offices');
    expect(await differentials('resolved')).toEqual([{ resolved: 't' }, { resolved: 'f' }]);
  });

  test.each([
    ['changed in the target', "UPDATE offices SET name = 'T' WHERE legacy_id = 1", '', 'value'],
    [
      'changed on both sides',
      "UPDATE offices SET name = 'T' WHERE legacy_id = 1",
      "UPDATE office SET office_nm = 'S' WHERE office_no = 1",
      'conflict',
    ],
    ['deleted in the target', 'DELETE FROM offices WHERE legacy_id = 1', '', 'missing'],
    [
      'deleted in the target, changed in the source',
      'DELETE FROM offices WHERE legacy_id = 1',
      "UPDATE office SET office_nm = 'S' WHERE office_no = 1",
      'conflict',
    ],
    ['deleted in the source', '', 'DELETE FROM office WHERE office_no = 1', 'deleted'],
    [
      'deleted in the source, changed in the target',
      "UPDATE offices SET name = 'T' WHERE legacy_id = 1",
      'DELETE FROM office WHERE office_no = 1',
      'conflict',
    ],
  ])('%s', async (_, ofTarget, ofSource, type) => {
    await migrate('offices');
    if (ofTarget !== '') await target(ofTarget);
    if (ofSource !== '') await legacy(ofSource);
    const before = await p.rows('SELECT * FROM offices ORDER BY 1');
    for (let run = 0; run < 2; run++) {
      await migrate('offices');
      expect(await differentials('legacy_key, comparison_type, resolved')).toEqual([
        { legacy_key: '1', comparison_type: type, resolved: 'f' },
      ]);
    }
    expect(await p.rows('SELECT * FROM offices ORDER BY 1')).toEqual(before);
  });

  test('deleted on both sides is no difference: the mapping is closed, and a key that comes back is not applied', async () => {
    await migrate('offices');
    await target('DELETE FROM offices WHERE legacy_id = 1');
    await legacy('DELETE FROM office WHERE office_no = 1');
    const operationNo = await migrate('offices');
    expect(await p.rows('SELECT closed_by FROM uuid_mappings ORDER BY legacy_id')).toEqual([
      { closed_by: String(operationNo) },
      { closed_by: null },
    ]);
    expect(await differentials('legacy_key')).toEqual([]);
    await legacy("INSERT INTO office VALUES (1, 'Somebody else')");
    await migrate('offices');
    expect(await differentials('comparison_type, reason')).toEqual([
      { comparison_type: 'reappeared', reason: expect.stringContaining('appears again') },
    ]);
    expect(await p.value('SELECT count(*) FROM offices')).toBe('1');
  });

  test('a sensitive value is in no record of it, but a hash that tells values apart is', async () => {
    await migrate('offices');
    await migrate('doctors');
    await target("UPDATE doctors SET email = 'secret@example.org' WHERE legacy_id = 15");
    await migrate('doctors');
    const [row] = await differentials('columns, source_values::text, target_values::text, reason');
    expect(row!['columns']).toBe('{email}');
    expect(JSON.stringify(row)).not.toContain('example.org');
    expect(JSON.parse(row!['target_values']!)).toEqual({ email: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(row!['source_values']).not.toBe(row!['target_values']);
  });
});

describe('a row that cannot be written', () => {
  test('is set aside with its reason, and leaves the list when it is written', async () => {
    await migrate('offices');
    await legacy("UPDATE doctor SET doc_nm = repeat('x', 41) WHERE doc_no = 4");
    const operationNo = await migrate('doctors');
    const aside = 'legacy_key, code, state, reason';
    const [row] = await p.rows(`SELECT ${aside} FROM set_aside_rows`);
    expect(row).toMatchObject({
      legacy_key: '4',
      code: 'M012',
      state: 'open',
      reason: expect.stringMatching(/too long.*22001/),
    });
    expect(await counts('rows_read, inserted, set_aside', operationNo)).toEqual([
      { rows_read: '20', inserted: '19', set_aside: '1' },
    ]);
    await legacy("UPDATE doctor SET doc_nm = 'fits' WHERE doc_no = 4");
    await migrate('doctors');
    expect(await p.rows('SELECT legacy_key, state FROM set_aside_rows')).toEqual([
      { legacy_key: '4', state: 'written' },
    ]);
    expect(await p.value('SELECT count(*) FROM doctors')).toBe('20');
  });

  test('stays ignored where somebody said so', async () => {
    await migrate('offices');
    await legacy("UPDATE doctor SET doc_nm = repeat('x', 41) WHERE doc_no = 4");
    await migrate('doctors');
    await target("UPDATE portage.set_aside_rows SET state = 'ignored', ignored_reason = 'test data'");
    await migrate('doctors');
    expect(await p.rows('SELECT state, ignored_reason FROM set_aside_rows')).toEqual([
      { state: 'ignored', ignored_reason: 'test data' },
    ]);
  });

  test('for an expression that fails in the source stands alone, and all others are carried', async () => {
    await migrate('offices');
    await legacy("UPDATE doctor SET office_no = NULL WHERE doc_no = 9; UPDATE doctor SET fee = 'NaN' WHERE doc_no = 5");
    const operationNo = await migrate('doctors');
    expect(await p.rows('SELECT legacy_key, column_name, reason FROM set_aside_rows')).toEqual([
      { legacy_key: '9', column_name: 'office_id', reason: expect.stringContaining('must have a value') },
    ]);
    expect(await counts('inserted, set_aside', operationNo)).toEqual([{ inserted: '19', set_aside: '1' }]);
    expect(await p.value('SELECT fee FROM doctors WHERE legacy_id = 5')).toBe('NaN');
  });

  test('because two target rows stand for it, touches neither', async () => {
    await target('ALTER TABLE offices DROP CONSTRAINT offices_legacy_id_key');
    await target("INSERT INTO offices SELECT gen_random_uuid(), 1, 'twice' FROM generate_series(1, 2)");
    await migrate('offices');
    expect(await p.rows('SELECT legacy_key, code FROM set_aside_rows')).toEqual([{ legacy_key: '1', code: 'M004' }]);
    expect(await p.value("SELECT count(*) FROM offices WHERE name = 'twice'")).toBe('2');
    await target('TRUNCATE doctors, offices; ALTER TABLE offices ADD UNIQUE (legacy_id)');
  });
});
