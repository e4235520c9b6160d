// Deletions that are too many, are cut off, or are not for this mode (SEMANTICS 14, 17).
import { describe, expect, test } from '@jest/globals';
import { hospital } from '../support/hospital.ts';
import { hospitalRuns, leaves } from '../support/hospital-runs.ts';
import type { Around } from '../support/portage.ts';

const { p, untouched, open } = hospitalRuns();

describe('too many rows', () => {
  const gone = 'DELETE FROM shift WHERE nurse_no <= 5';

  test('stop the entity before its first deletion, and pass when they are allowed', async () => {
    await p().run('source', gone);
    const dry = await p().migrate({ dryRun: true });
    expect(dry.output!.entities).toMatchObject({ shifts: { deleted: 0 } });
    expect(dry.output!.notes[0]).toContain('M006 shifts: 25 of 200 mapped rows (12.5 %)');
    const stopped = await p().migrate();
    expect(stopped.failure).toMatchObject({ code: 'M006', where: 'shifts' });
    expect(stopped.failure!.message).toContain('shifts: 25 of 200 mapped rows (12.5 %)');
    expect(stopped.failure!.message).toContain('--allow-deletes 25, or --allow-deletes 12.5%');
    expect(await p().value('SELECT count(*) FROM shifts')).toBe('200');
    expect((await p().resume()).failure).toMatchObject({ code: 'M006' });
    expect((await p().migrate({ allowDeletes: '24' })).failure).toMatchObject({ code: 'M006' });
    expect((await p().migrate({ allowDeletes: '12%' })).failure).toMatchObject({ code: 'M006' });
    const allowed = await p().migrate({ allowDeletes: '12.5%' });
    expect(allowed.output).toMatchObject({ status: 'completed', entities: { shifts: { deleted: 25 } } });
    expect(await p().value('SELECT count(*) FROM shifts')).toBe('175');
    await untouched();
  });

  test('stop that entity alone', async () => {
    await p().run('source', `${gone}; ${leaves(9)}`);
    expect((await p().migrate()).failure).toMatchObject({ code: 'M006' });
    expect(
      await p().rows(
        'SELECT entity_type, c.status FROM migration_checkpoints c JOIN operations USING (operation_id) WHERE operation_no = (SELECT max(operation_no) FROM operations) ORDER BY 1',
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
    await p().run(
      'source',
      "DELETE FROM shift WHERE nurse_no <= 4 AND day < date '2024-01-06'; DELETE FROM drug WHERE code <> '' AND nm < 'Drug 27'",
    );
    await p().useMap({ ...hospital, settings: { deleteThresholdPercent: 95 } });
    expect((await p().migrate()).output!.entities).toMatchObject({ shifts: { deleted: 16 }, drugs: { deleted: 18 } });
  });

  test('are not what stops a run whose source was mended meanwhile', async () => {
    await p().run('source', gone);
    await p().migrate();
    await p().run('source', 'TRUNCATE shift; INSERT INTO shift TABLE kept.shift');
    expect((await p().resume()).output).toMatchObject({ status: 'completed', entities: { shifts: { deleted: 0 } } });
    expect(await p().value('SELECT count(*) FROM shifts')).toBe('200');
    await untouched();
  });

  test('are counted by entity for what is marked, too', async () => {
    await p().run('source', "DELETE FROM drug WHERE nm < 'Drug 3'");
    expect((await p().migrate()).failure).toMatchObject({ code: 'M006', where: 'drugs' });
    expect(await p().value('SELECT count(gone_at) FROM drugs')).toBe('0');
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
    await p().run('source', gone);
    await p().migrateAround({ DeleteRows: dies }, { allowDeletes: '20' });
    await p().passTime(3600);
    expect(await p().value('SELECT count(*) FROM nurses')).toBe('40');
    const resumed = await p().resume();
    expect(resumed.output).toMatchObject({
      status: 'completed',
      entities: { nurses: { deleted: 4 }, shifts: { deleted: 20 } },
    });
    expect(
      await p().value('SELECT count(*) FROM undo_log WHERE operation_no = (SELECT max(operation_no) FROM operations)'),
    ).toBe('24');
    await untouched();
  });

  test('between two batches are resumed as well', async () => {
    await p().run('source', gone);
    await p().run(
      'target',
      `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF (SELECT count(*) FROM public.nurses) < 39 THEN RAISE EXCEPTION USING errcode = 'XX000', message = 'lost'; END IF; RETURN old; END $$;
       CREATE TRIGGER fail AFTER DELETE ON nurses FOR EACH ROW EXECUTE FUNCTION fail()`,
    );
    const failed = await p().migrate({ batchSize: 1, allowDeletes: '20' });
    expect(failed.failure).toMatchObject({ code: 'SYS007', where: 'nurses' });
    expect(await p().value('SELECT count(*) FROM nurses')).toBe('39');
    await p().run('target', 'DROP FUNCTION fail CASCADE');
    expect((await p().resume()).output).toMatchObject({
      status: 'completed',
      entities: { nurses: { deleted: 4 }, shifts: { deleted: 20 } },
    });
    expect(
      await p().value('SELECT count(*) FROM undo_log WHERE operation_no = (SELECT max(operation_no) FROM operations)'),
    ).toBe('24');
    await untouched();
  });
});
describe('modes that delete nothing', () => {
  test('full reports what vanished, and missing-only does not look', async () => {
    await p().run('source', `${leaves(5)}; DELETE FROM drug WHERE code = '007'`);
    expect((await p().migrate({ mode: 'missing-only' })).output!.entities).toMatchObject({
      nurses: { deleted: 0, kept: 0 },
    });
    expect((await p().migrate({ mode: 'full' })).output!.entities).toMatchObject({
      nurses: { deleted: 0, kept: 1 },
      drugs: { deleted: 0, kept: 1 },
    });
    expect(await open()).toHaveLength(7);
    expect((await p().migrate()).output!.entities).toMatchObject({
      nurses: { deleted: 1 },
      shifts: { deleted: 5 },
      drugs: { deleted: 1 },
    });
    expect(await open()).toEqual([]);
  });
});
