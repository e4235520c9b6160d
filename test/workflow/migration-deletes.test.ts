// Rows that the source lost, in a map that wants them deleted (SEMANTICS 14, 29).
import { describe, expect, test } from '@jest/globals';
import { hospitalRuns, leaves } from '../support/hospital-runs.ts';

const { p, foreseen, untouched, nurse, open, undo, closed } = hospitalRuns();

describe('a row that vanished with all that refers to it', () => {
  test('is deleted after its children, and its mapping closed; the next run has nothing to do', async () => {
    const before = await nurse(5);
    await p().run(
      'target',
      "UPDATE shifts SET note = 'kept for undo' FROM nurses n WHERE n.id = nurse_id AND legacy_id = 5",
    );
    await p().run('source', leaves(5));
    const run = await foreseen();
    expect(run.output).toMatchObject({
      status: 'completed',
      entities: { nurses: { read: 39, deleted: 1, conflicts: 0 }, shifts: { read: 195, deleted: 5, kept: 0 } },
    });
    expect(await nurse(5)).toEqual([]);
    expect(await p().value('SELECT count(*) FROM shifts')).toBe('195');
    expect(await closed('nurses')).toEqual([{ legacy_key: '5', target_key: before[0]!['id'] }]);
    expect(await closed('shifts')).toHaveLength(5);
    const [entry] = await undo('nurses');
    expect(entry).toMatchObject({ action: 'delete', legacy_key: '5', hash_after: null });
    expect(JSON.parse(entry!['before']!)).toEqual(before[0]);
    const entries = await undo('shifts');
    expect(entries).toHaveLength(5);
    expect(JSON.parse(entries[0]!['before']!)).toMatchObject({
      day: '2024-01-02',
      hours: '7.50',
      note: 'kept for undo',
    });
    expect(await open()).toEqual([]);
    expect(await p().value('SELECT count(*) FROM vanished_rows')).toBe('0');
    await untouched();
  });

  test('is put back by its undo entry as it was, but for what the database computes', async () => {
    await p().run(
      'source',
      'DELETE FROM shift WHERE nurse_no = 9; DELETE FROM nurse WHERE ward_no = 10; DELETE FROM ward WHERE ward_no = 10',
    );
    await p().run(
      'source',
      'DELETE FROM shift WHERE nurse_no NOT IN (SELECT nurse_no FROM nurse); UPDATE nurse SET head_no = NULL WHERE head_no NOT IN (SELECT nurse_no FROM nurse)',
    );
    const before = await p().rows('SELECT * FROM wards WHERE legacy_id = 10');
    expect((await p().migrate({ allowDeletes: '50%' })).output!.entities['wards']).toMatchObject({ deleted: 1 });
    const [entry] = await undo('wards');
    expect(Object.keys(JSON.parse(entry!['before']!) as object).sort()).toEqual(['floor', 'id', 'legacy_id', 'name']);
    await p().run(
      'target',
      `INSERT INTO wards (id, legacy_id, name, floor) SELECT (r.x).id, (r.x).legacy_id, (r.x).name, (r.x).floor FROM (SELECT jsonb_populate_record(NULL::wards, before) AS x
         FROM portage.undo_log JOIN portage.entities USING (entity_id) WHERE entity = 'wards') r`,
    );
    expect(await p().rows('SELECT * FROM wards WHERE legacy_id = 10')).toEqual(before);
  });

  test('goes with a row of its own table that refers to it, whatever the batches', async () => {
    await p().run(
      'source',
      'DELETE FROM shift WHERE nurse_no BETWEEN 5 AND 8; DELETE FROM nurse WHERE nurse_no BETWEEN 5 AND 8',
    );
    const run = await foreseen({ batchSize: 1, allowDeletes: '20' });
    expect(run.output).toMatchObject({
      status: 'completed',
      entities: { nurses: { deleted: 4, conflicts: 0 }, shifts: { deleted: 20 } },
    });
    await untouched();
  });

  test('goes although rows refer to each other in a circle', async () => {
    await p().run('source', 'UPDATE nurse SET head_no = 5 WHERE nurse_no = 8');
    await p().migrate();
    expect(
      await p().value(
        'SELECT count(*) FROM nurses a JOIN nurses b ON a.head_id = b.id AND a.legacy_id = 8 AND b.legacy_id = 5',
      ),
    ).toBe('1');
    await p().run(
      'source',
      'DELETE FROM shift WHERE nurse_no BETWEEN 5 AND 8; DELETE FROM nurse WHERE nurse_no BETWEEN 5 AND 8',
    );
    const run = await foreseen({ batchSize: 1, allowDeletes: '20' });
    expect(run.output!.entities).toMatchObject({ nurses: { deleted: 4, conflicts: 0 } });
    await untouched();
  });

  test('goes when the rows that referred to it refer to another one now', async () => {
    await p().run('source', 'UPDATE nurse SET ward_no = 1 WHERE ward_no = 7; DELETE FROM ward WHERE ward_no = 7');
    const run = await foreseen();
    expect(run.output!.entities).toMatchObject({
      wards: { deleted: 1, conflicts: 0 },
      nurses: { updated: 4, deleted: 0 },
    });
    await untouched();
  });
});

describe('a row that vanished and is kept', () => {
  test('because somebody edited it in the target', async () => {
    await p().run('target', "UPDATE nurses SET name = 'Edited' WHERE legacy_id = 5");
    await p().run('source', leaves(5));
    for (let run = 0; run < 2; run++) {
      const { output } = await p().migrate();
      expect(output!.entities['nurses']).toMatchObject({ deleted: 0, conflicts: 1 });
      expect(await open()).toEqual([
        { entity: 'nurses', key: '5', type: 'conflict', reason: 'deleted in the source, changed in the target' },
      ]);
    }
    expect(await nurse(5)).toHaveLength(1);
  });

  test('because a row of a table that nobody maps refers to it, which ON DELETE CASCADE would take along', async () => {
    await p().run('target', 'INSERT INTO badges VALUES (77, 5)');
    await p().run('source', leaves(5));
    const run = await foreseen();
    expect(run.output).toMatchObject({
      status: 'completed_with_findings',
      entities: { nurses: { deleted: 0, conflicts: 1 }, shifts: { deleted: 5 } },
    });
    const reason =
      'deleted in the source, kept because rows still refer to it: public.badges 77 (badges_nurse_id_fkey)';
    expect(await open()).toEqual([{ entity: 'nurses', key: '5', type: 'conflict', reason }]);
    expect(await p().value('SELECT count(*) FROM badges')).toBe('1');
    await p().run('target', 'DELETE FROM badges');
    expect((await p().migrate()).output!.entities).toMatchObject({ nurses: { deleted: 1, conflicts: 0 } });
    expect(await open()).toEqual([]);
  });

  test('with those that it refers to, where a child stays in the source', async () => {
    await p().run(
      'source',
      "DELETE FROM shift WHERE nurse_no = 5 AND day > date '2024-01-02'; DELETE FROM nurse WHERE nurse_no = 5; DELETE FROM ward WHERE ward_no = 6",
    );
    const run = await foreseen();
    expect(run.output!.entities).toMatchObject({
      wards: { deleted: 0, conflicts: 1 },
      nurses: { deleted: 0, conflicts: 1 },
      shifts: { deleted: 4 },
    });
    expect((await open()).map(({ entity, reason }) => [entity, reason!.slice(58)])).toEqual([
      ['nurses', ': public.shifts (shifts_nurse_id_fkey)'],
      ['wards', expect.stringMatching(/^: public.nurses .* \(nurses_ward_id_fkey\)$/)],
    ]);
    expect(await p().value('SELECT count(*) FROM nurses')).toBe('40');
  });

  test('because a trigger refuses or suppresses it; all others go', async () => {
    await p().run(
      'target',
      `CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF old.legacy_id = 5 THEN RETURN NULL; ELSIF old.legacy_id = 9 THEN RAISE EXCEPTION 'not this one'; END IF; RETURN old; END $$;
       CREATE TRIGGER stay BEFORE DELETE ON nurses FOR EACH ROW EXECUTE FUNCTION stay()`,
    );
    await p().run('source', [5, 9, 13].map(leaves).join('; '));
    const run = await p().migrate();
    await p().run('target', 'DROP FUNCTION stay CASCADE');
    expect(run.output!.entities).toMatchObject({ nurses: { deleted: 1, conflicts: 2 }, shifts: { deleted: 15 } });
    expect((await open()).map((row) => [row['key'], row['reason']])).toEqual([
      ['5', expect.stringContaining('suppressed the delete')],
      ['9', expect.stringContaining('not this one')],
    ]);
    expect((await p().migrate()).output!.entities).toMatchObject({ nurses: { deleted: 2, conflicts: 0 } });
  });
});

describe('a child that somebody inserts beside us', () => {
  test('before its row is locked keeps the row, which waits for him', async () => {
    await p().run('source', leaves(5));
    const run = await p().migrateAround({
      DeleteRows: async (input, go) => {
        if (!(input['entities'] as string[]).includes('nurses')) return go();
        await p().run('target', 'BEGIN; INSERT INTO badges VALUES (1, 5)');
        // His transaction is open when ours comes to the row.
        const deleting = go();
        await waiting("wait_event_type = 'Lock'");
        await p().run('target', 'COMMIT');
        return deleting;
      },
    });
    expect(run.output!.entities).toMatchObject({ nurses: { deleted: 0, conflicts: 1 } });
    expect(await p().rows('SELECT badge, nurse_id FROM badges')).toEqual([{ badge: '1', nurse_id: '5' }]);
  });

  test('between the look and the delete is refused by the foreign key, and nothing cascades', async () => {
    await p().run(
      'target',
      `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN old; END $$;
       CREATE TRIGGER slow BEFORE DELETE ON nurses FOR EACH ROW EXECUTE FUNCTION slow()`,
    );
    await p().run('source', leaves(5));
    let refused: unknown = null;
    const run = await p().migrateAround({
      DeleteRows: async (input, go) => {
        if (!(input['entities'] as string[]).includes('nurses')) return go();
        const deleting = go();
        await waiting("wait_event = 'PgSleep'");
        await p()
          .run('target', 'INSERT INTO badges VALUES (1, 5)')
          .catch((error: unknown) => (refused = error));
        return deleting;
      },
    });
    await p().run('target', 'DROP FUNCTION slow CASCADE');
    expect(refused).toMatchObject({ code: '23503' });
    expect(run.output!.entities).toMatchObject({ nurses: { deleted: 1, conflicts: 0 } });
    expect(await p().value('SELECT count(*) FROM badges')).toBe('0');
  });
});

/** Until our session waits so. */
async function waiting(condition: string): Promise<void> {
  const ours = `SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'portage:%:delete' AND ${condition}`;
  while ((await p().value(ours)) === '0') await new Promise((resolve) => setTimeout(resolve, 20));
}
