// What a batch keeps so that it can be undone (SEMANTICS 28).
import { describe, expect, test } from '@jest/globals';
import { surgeryRuns } from '../support/surgery-runs.ts';

const { migrate, legacy, target, differentials, counts, rows, value } = surgeryRuns();
const undoOf = (operationNo: number, columns = 'action, legacy_key') =>
  rows(`SELECT ${columns} FROM undo_log WHERE operation_no = ${operationNo} ORDER BY undo_no`);

describe('how to undo', () => {
  test('inserted rows: legacy key, target key and the hash of each as it was written', async () => {
    const operationNo = await migrate('offices');
    const inserts = await rows(
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
    const old = await rows('SELECT source_hash, target_hash FROM uuid_mappings WHERE legacy_id = 3 AND entity_id = 2');
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
    expect(entry!['hash_after']).toBe(await value(now));
  });

  test('new bases of a row that both sides changed alike: the old ones', async () => {
    await migrate('offices');
    const old = await rows('SELECT source_hash, target_hash, source_columns FROM uuid_mappings WHERE legacy_id = 1');
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
    expect(await rows('SELECT origin, source_hash IS NULL AS no_base FROM uuid_mappings ORDER BY legacy_id')).toEqual([
      { origin: 'a', no_base: 'f' },
      { origin: 'a', no_base: 't' },
    ]);
    expect(await differentials('legacy_key, comparison_type')).toEqual([
      { legacy_key: '2', comparison_type: 'adopted' },
    ]);
    expect(await counts('adopted, conflicts, inserted', operationNo)).toEqual([
      { adopted: '2', conflicts: '1', inserted: '0' },
    ]);
    expect(await value('SELECT name FROM offices WHERE legacy_id = 2')).toBe('Other');
  });

  test('takes at most 40 bytes for each inserted row beyond its mapping', async () => {
    await legacy("INSERT INTO office SELECT n, 'Office ' || n FROM generate_series(3, 10000) n");
    await migrate('offices');
    expect(await value('SELECT count(*) FROM offices')).toBe('10000');
    const bytes = await value(
      `SELECT sum(pg_column_size(u.*)) + (SELECT coalesce(sum(pg_column_size(l.*)), 0) FROM undo_log l) + (SELECT sum(pg_column_size(b.*)) FROM migration_batches b) FROM undo_inserts u`,
    );
    const stored = await value(
      `SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE relnamespace = 'portage'::regnamespace AND relkind = 'r' AND relname IN ('undo_inserts', 'undo_log', 'migration_batches')`,
    );
    expect(Number(bytes) / 10_000).toBeLessThanOrEqual(40);
    // On disk, with pages and indexes of tables that are nearly empty otherwise.
    expect(Number(stored) / 10_000).toBeLessThanOrEqual(60);
  });
});
