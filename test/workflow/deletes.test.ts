// Rows that the source lost, in a map that wants them deleted or marked (SEMANTICS 14, 17, 29).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { HOSPITAL_SOURCE, HOSPITAL_TARGET, hospital } from '../support/hospital.ts';
import { portage, type Around, type Portage } from '../support/portage.ts';

const TABLES = ['ward', 'nurse', 'shift', 'drug'];

let p: Portage;
beforeAll(async () => {
  p = await portage(HOSPITAL_SOURCE, HOSPITAL_TARGET, hospital);
  const kept = TABLES.map((table) => `CREATE TABLE kept.${table} AS TABLE ${table}`).join('; ');
  await p.run('source', `CREATE SCHEMA kept; ${kept}`);
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(async () => {
  const again = TABLES.map((table) => `INSERT INTO ${table} TABLE kept.${table}`).join('; ');
  await p.run('source', `TRUNCATE ${TABLES.join(', ')}; ${again}`);
  await p.useMap(hospital);
  await p.empty();
  await p.migrate();
});

/** A nurse leaves with her shifts; nobody else has her for a head (she is the first of four). */
const leaves = (no: number): string =>
  `DELETE FROM nurse WHERE nurse_no = ${no}; DELETE FROM shift WHERE nurse_no = ${no}`;
const nurse = (no: number) => p.rows(`SELECT * FROM nurses WHERE legacy_id = ${no}`);
const open = () =>
  p.rows(
    'SELECT entity_type AS entity, legacy_key AS key, comparison_type AS type, reason FROM data_differentials WHERE NOT resolved ORDER BY 1, 2',
  );
const undo = (entity: string) =>
  p.rows(
    `SELECT action, legacy_key, before, hash_after FROM undo_log JOIN entities USING (entity_id) WHERE entity = '${entity}' AND operation_no > 1 ORDER BY undo_no`,
  );
const closed = (entity: string) =>
  p.rows(`SELECT legacy_key, target_key FROM mappings WHERE entity = '${entity}' AND closed ORDER BY 1`);
/** A dry run foresees what the real one does. */
const foreseen = async (request = {}) => {
  const dry = await p.migrate({ ...request, dryRun: true });
  const run = await p.migrate(request);
  const counts = (ended: typeof dry) =>
    Object.fromEntries(
      Object.entries(ended.output!.entities)
        .map(([entity, { durationMs: _, ...each }]) => [entity, each] as const)
        .sort(),
    );
  expect(counts(dry)).toEqual(counts(run));
  return run;
};
const untouched = async (): Promise<void> => {
  const run = await p.migrate();
  for (const counts of Object.values(run.output!.entities))
    expect(counts).toMatchObject({ inserted: 0, updated: 0, deleted: 0, kept: 0, conflicts: 0, setAside: 0 });
  expect(run.output).toMatchObject({ status: 'completed' });
};

describe('a row that vanished with all that refers to it', () => {
  test('is deleted after its children, and its mapping closed; the next run has nothing to do', async () => {
    const before = await nurse(5);
    await p.run(
      'target',
      "UPDATE shifts SET note = 'kept for undo' FROM nurses n WHERE n.id = nurse_id AND legacy_id = 5",
    );
    await p.run('source', leaves(5));
    const run = await foreseen();
    expect(run.output).toMatchObject({
      status: 'completed',
      entities: { nurses: { read: 39, deleted: 1, conflicts: 0 }, shifts: { read: 195, deleted: 5, kept: 0 } },
    });
    expect(await nurse(5)).toEqual([]);
    expect(await p.value('SELECT count(*) FROM shifts')).toBe('195');
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
    expect(await p.value('SELECT count(*) FROM vanished_rows')).toBe('0');
    await untouched();
  });

  test('is put back by its undo entry as it was, but for what the database computes', async () => {
    await p.run(
      'source',
      'DELETE FROM shift WHERE nurse_no = 9; DELETE FROM nurse WHERE ward_no = 10; DELETE FROM ward WHERE ward_no = 10',
    );
    await p.run(
      'source',
      'DELETE FROM shift WHERE nurse_no NOT IN (SELECT nurse_no FROM nurse); UPDATE nurse SET head_no = NULL WHERE head_no NOT IN (SELECT nurse_no FROM nurse)',
    );
    const before = await p.rows('SELECT * FROM wards WHERE legacy_id = 10');
    expect((await p.migrate({ allowDeletes: '50%' })).output!.entities['wards']).toMatchObject({ deleted: 1 });
    const [entry] = await undo('wards');
    expect(Object.keys(JSON.parse(entry!['before']!) as object).sort()).toEqual(['floor', 'id', 'legacy_id', 'name']);
    await p.run(
      'target',
      `INSERT INTO wards (id, legacy_id, name, floor) SELECT (r.x).id, (r.x).legacy_id, (r.x).name, (r.x).floor FROM (SELECT jsonb_populate_record(NULL::wards, before) AS x
         FROM portage.undo_log JOIN portage.entities USING (entity_id) WHERE entity = 'wards') r`,
    );
    expect(await p.rows('SELECT * FROM wards WHERE legacy_id = 10')).toEqual(before);
  });

  test('goes with a row of its own table that refers to it, whatever the batches', async () => {
    await p.run(
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
    await p.run('source', 'UPDATE nurse SET head_no = 5 WHERE nurse_no = 8');
    await p.migrate();
    expect(
      await p.value(
        'SELECT count(*) FROM nurses a JOIN nurses b ON a.head_id = b.id AND a.legacy_id = 8 AND b.legacy_id = 5',
      ),
    ).toBe('1');
    await p.run(
      'source',
      'DELETE FROM shift WHERE nurse_no BETWEEN 5 AND 8; DELETE FROM nurse WHERE nurse_no BETWEEN 5 AND 8',
    );
    const run = await foreseen({ batchSize: 1, allowDeletes: '20' });
    expect(run.output!.entities).toMatchObject({ nurses: { deleted: 4, conflicts: 0 } });
    await untouched();
  });

  test('goes when the rows that referred to it refer to another one now', async () => {
    await p.run('source', 'UPDATE nurse SET ward_no = 1 WHERE ward_no = 7; DELETE FROM ward WHERE ward_no = 7');
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
    await p.run('target', "UPDATE nurses SET name = 'Edited' WHERE legacy_id = 5");
    await p.run('source', leaves(5));
    for (let run = 0; run < 2; run++) {
      const { output } = await p.migrate();
      expect(output!.entities['nurses']).toMatchObject({ deleted: 0, conflicts: 1 });
      expect(await open()).toEqual([
        { entity: 'nurses', key: '5', type: 'conflict', reason: 'deleted in the source, changed in the target' },
      ]);
    }
    expect(await nurse(5)).toHaveLength(1);
  });

  test('because a row of a table that nobody maps refers to it, which ON DELETE CASCADE would take along', async () => {
    await p.run('target', 'INSERT INTO badges VALUES (77, 5)');
    await p.run('source', leaves(5));
    const run = await foreseen();
    expect(run.output).toMatchObject({
      status: 'completed_with_findings',
      entities: { nurses: { deleted: 0, conflicts: 1 }, shifts: { deleted: 5 } },
    });
    const reason =
      'deleted in the source, kept because rows still refer to it: public.badges 77 (badges_nurse_id_fkey)';
    expect(await open()).toEqual([{ entity: 'nurses', key: '5', type: 'conflict', reason }]);
    expect(await p.value('SELECT count(*) FROM badges')).toBe('1');
    await p.run('target', 'DELETE FROM badges');
    expect((await p.migrate()).output!.entities).toMatchObject({ nurses: { deleted: 1, conflicts: 0 } });
    expect(await open()).toEqual([]);
  });

  test('with those that it refers to, where a child stays in the source', async () => {
    await p.run(
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
    expect(await p.value('SELECT count(*) FROM nurses')).toBe('40');
  });

  test('because a trigger refuses or suppresses it; all others go', async () => {
    await p.run(
      'target',
      `CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF old.legacy_id = 5 THEN RETURN NULL; ELSIF old.legacy_id = 9 THEN RAISE EXCEPTION 'not this one'; END IF; RETURN old; END $$;
       CREATE TRIGGER stay BEFORE DELETE ON nurses FOR EACH ROW EXECUTE FUNCTION stay()`,
    );
    await p.run('source', [5, 9, 13].map(leaves).join('; '));
    const run = await p.migrate();
    await p.run('target', 'DROP FUNCTION stay CASCADE');
    expect(run.output!.entities).toMatchObject({ nurses: { deleted: 1, conflicts: 2 }, shifts: { deleted: 15 } });
    expect((await open()).map((row) => [row['key'], row['reason']])).toEqual([
      ['5', expect.stringContaining('suppressed the delete')],
      ['9', expect.stringContaining('not this one')],
    ]);
    expect((await p.migrate()).output!.entities).toMatchObject({ nurses: { deleted: 2, conflicts: 0 } });
  });
});

describe('a child that somebody inserts beside us', () => {
  test('before the row is locked keeps it; after that it is refused', async () => {
    await p.run('source', leaves(5));
    let refused: unknown = null;
    const run = await p.migrateAround({
      DeleteRows: async (input, go) => {
        if ((input['entities'] as string[]).includes('nurses'))
          await p.run('target', 'BEGIN; INSERT INTO badges VALUES (1, 5)');
        // His transaction is open when ours comes to the row, which waits for him.
        const deleting = go();
        await new Promise((resolve) => setTimeout(resolve, 300));
        await p.run('target', 'COMMIT').catch((error: unknown) => (refused = error));
        return deleting;
      },
    });
    expect(refused).toBeNull();
    expect(run.output!.entities).toMatchObject({ nurses: { deleted: 0, conflicts: 1 } });
    expect(await p.rows('SELECT badge, nurse_id FROM badges')).toEqual([{ badge: '1', nurse_id: '5' }]);
  });
});

describe('too many rows', () => {
  const gone = 'DELETE FROM shift WHERE nurse_no <= 5';

  test('stop the entity before its first deletion, and pass when they are allowed', async () => {
    await p.run('source', gone);
    const dry = await p.migrate({ dryRun: true });
    expect(dry.output!.entities).toMatchObject({ shifts: { deleted: 0 } });
    expect(dry.output!.notes[0]).toContain('M006 shifts: 25 of 200 mapped rows (12.5 %)');
    const stopped = await p.migrate();
    expect(stopped.failure).toMatchObject({ code: 'M006', where: 'shifts' });
    expect(stopped.failure!.message).toContain('shifts: 25 of 200 mapped rows (12.5 %)');
    expect(stopped.failure!.message).toContain('--allow-deletes 25, or --allow-deletes 12.5%');
    expect(await p.value('SELECT count(*) FROM shifts')).toBe('200');
    expect((await p.resume()).failure).toMatchObject({ code: 'M006' });
    expect((await p.migrate({ allowDeletes: '24' })).failure).toMatchObject({ code: 'M006' });
    expect((await p.migrate({ allowDeletes: '12%' })).failure).toMatchObject({ code: 'M006' });
    const allowed = await p.migrate({ allowDeletes: '12.5%' });
    expect(allowed.output).toMatchObject({ status: 'completed', entities: { shifts: { deleted: 25 } } });
    expect(await p.value('SELECT count(*) FROM shifts')).toBe('175');
    await untouched();
  });

  test('stop that entity alone', async () => {
    await p.run('source', `${gone}; ${leaves(9)}`);
    expect((await p.migrate()).failure).toMatchObject({ code: 'M006' });
    expect(
      await p.rows(
        'SELECT entity_type, c.status FROM migration_checkpoints c JOIN operations USING (operation_id) WHERE operation_no = 2 ORDER BY 1',
      ),
    ).toEqual([
      { entity_type: 'drugs', status: 'completed' },
      { entity_type: 'nurses', status: 'completed' },
      { entity_type: 'shifts', status: 'failed' },
      { entity_type: 'wards', status: 'completed' },
    ]);
    // Her shifts are still there, so she is.
    expect(await open()).toMatchObject([{ entity: 'nurses', key: '9', type: 'conflict' }]);
  });

  test('are fewer than twenty, or within the setting', async () => {
    await p.run(
      'source',
      "DELETE FROM shift WHERE nurse_no <= 4 AND day < date '2024-01-06'; DELETE FROM drug WHERE code <> '' AND nm < 'Drug 27'",
    );
    await p.useMap({ ...hospital, settings: { deleteThresholdPercent: 95 } });
    expect((await p.migrate()).output!.entities).toMatchObject({ shifts: { deleted: 16 }, drugs: { deleted: 18 } });
  });

  test('are not what stops a run whose source was mended meanwhile', async () => {
    await p.run('source', gone);
    await p.migrate();
    await p.run('source', 'TRUNCATE shift; INSERT INTO shift TABLE kept.shift');
    expect((await p.resume()).output).toMatchObject({ status: 'completed', entities: { shifts: { deleted: 0 } } });
    expect(await p.value('SELECT count(*) FROM shifts')).toBe('200');
    await untouched();
  });

  test('are counted by entity for what is marked, too', async () => {
    await p.run('source', "DELETE FROM drug WHERE nm < 'Drug 3'");
    expect((await p.migrate()).failure).toMatchObject({ code: 'M006', where: 'drugs' });
    expect(await p.value('SELECT count(gone_at) FROM drugs')).toBe('0');
  });
});

describe('a row that is only marked', () => {
  const drugs = () => p.rows("SELECT id, name, gone_at IS NOT NULL AS gone, price FROM drugs WHERE code = '007'");

  test('keeps everything else, and clears its mark when it comes back', async () => {
    const [before] = await drugs();
    await p.run('source', "DELETE FROM drug WHERE code = '007'");
    expect((await p.migrate()).output).toMatchObject({
      status: 'completed',
      entities: { drugs: { deleted: 1, kept: 0 } },
    });
    expect(await drugs()).toEqual([{ ...before, gone: 't' }]);
    expect(
      await p.value(
        "SELECT (gone_at = started_at::timestamp)::text FROM drugs, operations WHERE code = '007' AND operation_no = 2",
      ),
    ).toBe('true');
    expect(await undo('drugs')).toEqual([
      { action: 'update', legacy_key: '007', before: '{"gone_at": null}', hash_after: null },
    ]);
    expect(await closed('drugs')).toEqual([{ legacy_key: '007', target_key: before!['id'] }]);
    await untouched();

    await p.run('source', "INSERT INTO drug VALUES ('007', 'Back again')");
    await p.run('target', "UPDATE drugs SET price = 5 WHERE code = '007'");
    expect((await p.migrate()).output!.entities).toMatchObject({ drugs: { updated: 1, inserted: 0, conflicts: 0 } });
    expect(await drugs()).toEqual([{ ...before, name: 'Back again', gone: 'f', price: '5' }]);
    expect(await closed('drugs')).toEqual([]);
    const [, entry] = await undo('drugs');
    expect(JSON.parse(entry!['before']!)).toEqual({ code: '007', name: 'Drug 3', gone_at: expect.any(String) });
    await untouched();
  });

  test('and edited since, or marked by somebody else, is a conflict when it comes back; a full run writes over it', async () => {
    const codes = "('007', 'a/b')";
    await p.run('source', `DELETE FROM drug WHERE code IN ${codes}`);
    await p.migrate();
    await p.run(
      'target',
      "UPDATE drugs SET name = 'edited' WHERE code = '007'; UPDATE drugs SET gone_at = '2000-01-01' WHERE code = 'a/b'",
    );
    await p.run('source', `INSERT INTO drug SELECT * FROM kept.drug WHERE code IN ${codes}`);
    expect((await p.migrate()).output!.entities).toMatchObject({ drugs: { updated: 0, conflicts: 2 } });
    expect(await open()).toMatchObject([{ type: 'reappeared' }, { type: 'reappeared' }]);
    expect(await p.value('SELECT count(gone_at) FROM drugs')).toBe('2');
    expect((await p.migrate({ mode: 'full' })).output!.entities).toMatchObject({ drugs: { updated: 2, inserted: 0 } });
    expect(await p.value('SELECT count(gone_at) FROM drugs')).toBe('0');
    expect(await open()).toEqual([]);
    await untouched();
  });

  test('by somebody in the target counts as deleted there', async () => {
    await p.run('target', "UPDATE drugs SET gone_at = now() WHERE code IN ('007', 'a/b', '')");
    await p.run('source', "UPDATE drug SET nm = 'changed' WHERE code = 'a/b'; DELETE FROM drug WHERE code = ''");
    for (let run = 0; run < 2; run++) {
      expect((await p.migrate()).output!.entities).toMatchObject({
        drugs: { kept: 1, conflicts: 1, deleted: 0, updated: 0 },
      });
      expect((await open()).map((row) => [row['key'], row['type']])).toEqual([
        ['007', 'missing'],
        ['a/b', 'conflict'],
      ]);
    }
    expect(await closed('drugs')).toMatchObject([{ legacy_key: '' }]);
    expect((await p.migrate({ mode: 'missing-only' })).output!.entities).toMatchObject({
      drugs: { inserted: 0, updated: 0 },
    });
    expect((await p.migrate({ mode: 'full' })).output!.entities).toMatchObject({ drugs: { updated: 2, inserted: 0 } });
    expect(await p.value('SELECT count(gone_at) FROM drugs')).toBe('1');
    await untouched();
  });
});

describe('a key that comes back', () => {
  test('after its row was deleted is a conflict, and gets its UUID back when a full run writes it', async () => {
    const [before] = await nurse(5);
    await p.run('source', leaves(5));
    await p.migrate();
    await p.run('source', 'INSERT INTO nurse SELECT * FROM kept.nurse WHERE nurse_no = 5');
    expect((await p.migrate()).output!.entities).toMatchObject({ nurses: { inserted: 0, conflicts: 1 } });
    expect(await open()).toMatchObject([{ entity: 'nurses', key: '5', type: 'reappeared' }]);
    expect(await nurse(5)).toEqual([]);
    expect((await p.migrate({ mode: 'missing-only' })).output!.entities).toMatchObject({ nurses: { inserted: 0 } });
    expect((await p.migrate({ mode: 'full' })).output!.entities).toMatchObject({ nurses: { inserted: 1 } });
    expect(await nurse(5)).toEqual([before]);
    expect(await closed('nurses')).toEqual([]);
    await untouched();
  });

  test('between the slice and the deletion is not deleted', async () => {
    await p.run('source', leaves(5));
    const run = await p.migrateAround({
      DeleteRows: async (_, go) => {
        await p.run('source', 'INSERT INTO nurse SELECT * FROM kept.nurse WHERE nurse_no = 5 ON CONFLICT DO NOTHING');
        return go();
      },
    });
    expect(run.output!.entities).toMatchObject({ nurses: { deleted: 0 }, shifts: { deleted: 5 } });
    expect(await nurse(5)).toHaveLength(1);
  });
});

describe('modes that delete nothing', () => {
  test('full reports what vanished, and missing-only does not look', async () => {
    await p.run('source', `${leaves(5)}; DELETE FROM drug WHERE code = '007'`);
    expect((await p.migrate({ mode: 'missing-only' })).output!.entities).toMatchObject({
      nurses: { deleted: 0, kept: 0 },
    });
    expect((await p.migrate({ mode: 'full' })).output!.entities).toMatchObject({
      nurses: { deleted: 0, kept: 1 },
      drugs: { deleted: 0, kept: 1 },
    });
    expect(await open()).toHaveLength(7);
    expect((await p.migrate()).output!.entities).toMatchObject({
      nurses: { deleted: 1 },
      shifts: { deleted: 5 },
      drugs: { deleted: 1 },
    });
    expect(await open()).toEqual([]);
  });
});

describe('deletions that are cut off', () => {
  const dies: Around = async (_, go, kill) => {
    const result = await go();
    kill();
    return result;
  };
  const gone = [5, 9, 13, 17].map(leaves).join('; ');

  test('between two groups are resumed: nothing twice, nothing missing', async () => {
    await p.run('source', gone);
    await p.migrateAround({ DeleteRows: dies }, { allowDeletes: '20' });
    await p.passTime(3600);
    expect(await p.value('SELECT count(*) FROM nurses')).toBe('40');
    const resumed = await p.resume();
    expect(resumed.output).toMatchObject({
      status: 'completed',
      entities: { nurses: { deleted: 4 }, shifts: { deleted: 20 } },
    });
    expect(await p.value('SELECT count(*) FROM undo_log WHERE operation_no = 2')).toBe('24');
    await untouched();
  });

  test('between two batches are resumed as well', async () => {
    await p.run('source', gone);
    await p.run(
      'target',
      `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF (SELECT count(*) FROM public.nurses) < 39 THEN RAISE EXCEPTION USING errcode = 'XX000', message = 'lost'; END IF; RETURN old; END $$;
       CREATE TRIGGER fail AFTER DELETE ON nurses FOR EACH ROW EXECUTE FUNCTION fail()`,
    );
    const failed = await p.migrate({ batchSize: 1, allowDeletes: '20' });
    expect(failed.failure).toMatchObject({ code: 'SYS007', where: 'nurses' });
    expect(await p.value('SELECT count(*) FROM nurses')).toBe('39');
    await p.run('target', 'DROP FUNCTION fail CASCADE');
    expect((await p.resume()).output).toMatchObject({
      status: 'completed',
      entities: { nurses: { deleted: 4 }, shifts: { deleted: 20 } },
    });
    expect(await p.value('SELECT count(*) FROM undo_log WHERE operation_no = 2')).toBe('24');
    await untouched();
  });
});
