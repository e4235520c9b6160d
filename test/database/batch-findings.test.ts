// What a batch keeps apart: differences that it does not decide, and rows that it cannot write (SEMANTICS 11, 14, 31).
import { describe, expect, test } from '@jest/globals';
import { surgeryRuns } from '../support/surgery-runs.ts';

const { migrate, legacy, target, differentials, counts, rows, value } = surgeryRuns();

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
    const before = await rows('SELECT * FROM offices ORDER BY 1');
    for (let run = 0; run < 2; run++) {
      await migrate('offices');
      expect(await differentials('legacy_key, comparison_type, resolved')).toEqual([
        { legacy_key: '1', comparison_type: type, resolved: 'f' },
      ]);
    }
    expect(await rows('SELECT * FROM offices ORDER BY 1')).toEqual(before);
  });

  test('deleted on both sides is no difference: the mapping is closed, and a key that comes back is not applied', async () => {
    await migrate('offices');
    await target('DELETE FROM offices WHERE legacy_id = 1');
    await legacy('DELETE FROM office WHERE office_no = 1');
    const operationNo = await migrate('offices');
    expect(await rows('SELECT closed_by FROM uuid_mappings ORDER BY legacy_id')).toEqual([
      { closed_by: String(operationNo) },
      { closed_by: null },
    ]);
    expect(await differentials('legacy_key')).toEqual([]);
    await legacy("INSERT INTO office VALUES (1, 'Somebody else')");
    await migrate('offices');
    expect(await differentials('comparison_type, reason')).toEqual([
      { comparison_type: 'reappeared', reason: expect.stringContaining('appears again') },
    ]);
    expect(await value('SELECT count(*) FROM offices')).toBe('1');
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
    const [row] = await rows(`SELECT ${aside} FROM set_aside_rows`);
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
    expect(await rows('SELECT legacy_key, state FROM set_aside_rows')).toEqual([{ legacy_key: '4', state: 'written' }]);
    expect(await value('SELECT count(*) FROM doctors')).toBe('20');
  });

  test('stays ignored where somebody said so', async () => {
    await migrate('offices');
    await legacy("UPDATE doctor SET doc_nm = repeat('x', 41) WHERE doc_no = 4");
    await migrate('doctors');
    await target("UPDATE portage.set_aside_rows SET state = 'ignored', ignored_reason = 'test data'");
    await migrate('doctors');
    expect(await rows('SELECT state, ignored_reason FROM set_aside_rows')).toEqual([
      { state: 'ignored', ignored_reason: 'test data' },
    ]);
  });

  test('for an expression that fails in the source stands alone, and all others are carried', async () => {
    await migrate('offices');
    await legacy("UPDATE doctor SET office_no = NULL WHERE doc_no = 9; UPDATE doctor SET fee = 'NaN' WHERE doc_no = 5");
    const operationNo = await migrate('doctors');
    expect(await rows('SELECT legacy_key, column_name, reason FROM set_aside_rows')).toEqual([
      { legacy_key: '9', column_name: 'office_id', reason: expect.stringContaining('must have a value') },
    ]);
    expect(await counts('inserted, set_aside', operationNo)).toEqual([{ inserted: '19', set_aside: '1' }]);
    expect(await value('SELECT fee FROM doctors WHERE legacy_id = 5')).toBe('NaN');
  });

  test('because two target rows stand for it, touches neither', async () => {
    await target('ALTER TABLE offices DROP CONSTRAINT offices_legacy_id_key');
    await target("INSERT INTO offices SELECT gen_random_uuid(), 1, 'twice' FROM generate_series(1, 2)");
    await migrate('offices');
    expect(await rows('SELECT legacy_key, code FROM set_aside_rows')).toEqual([{ legacy_key: '1', code: 'M004' }]);
    expect(await value("SELECT count(*) FROM offices WHERE name = 'twice'")).toBe('2');
    await target('TRUNCATE doctors, offices; ALTER TABLE offices ADD UNIQUE (legacy_id)');
  });
});

// The reason why it cannot be written does not count: nobody looks at a row of the source that is not there any more.
test('a row that was set aside and has left the source leaves the list', async () => {
  await migrate('offices');
  await legacy("INSERT INTO doctor SELECT 901, repeat('x', 41), 1, 1");
  await migrate('doctors');
  const open = "SELECT string_agg(legacy_key, ',') FROM set_aside_rows WHERE state = 'open'";
  expect(await value(open)).toBe('901');
  await legacy('DELETE FROM doctor WHERE doc_no = 901');
  await migrate('doctors');
  expect(await value(open)).toBeNull();
  expect(await value('SELECT state FROM set_aside_rows')).toBe('gone');
});
