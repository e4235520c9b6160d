// Rows that are only marked, and keys that come back after their row was deleted (SEMANTICS 14, 17).
import { describe, expect, test } from '@jest/globals';
import { hospitalRuns, leaves } from '../support/hospital-runs.ts';

const { p, untouched, nurse, open, undo, closed } = hospitalRuns();

describe('a row that is only marked', () => {
  const drugs = () => p().rows("SELECT id, name, gone_at IS NOT NULL AS gone, price FROM drugs WHERE code = '007'");

  test('keeps everything else, and clears its mark when it comes back', async () => {
    const [before] = await drugs();
    await p().run('source', "DELETE FROM drug WHERE code = '007'");
    expect((await p().migrate()).output).toMatchObject({
      status: 'completed',
      entities: { drugs: { deleted: 1, kept: 0 } },
    });
    expect(await drugs()).toEqual([{ ...before, gone: 't' }]);
    expect(
      await p().value(
        "SELECT (gone_at = started_at::timestamp)::text FROM drugs, operations WHERE code = '007' AND operation_no = (SELECT max(operation_no) FROM operations)",
      ),
    ).toBe('true');
    expect(await undo('drugs')).toEqual([
      { action: 'update', legacy_key: '007', before: '{"gone_at": null}', hash_after: null },
    ]);
    expect(await closed('drugs')).toEqual([{ legacy_key: '007', target_key: before!['id'] }]);
    await untouched();

    await p().run('source', "INSERT INTO drug VALUES ('007', 'Back again')");
    await p().run('target', "UPDATE drugs SET price = 5 WHERE code = '007'");
    expect((await p().migrate()).output!.entities).toMatchObject({ drugs: { updated: 1, inserted: 0, conflicts: 0 } });
    expect(await drugs()).toEqual([{ ...before, name: 'Back again', gone: 'f', price: '5' }]);
    expect(await closed('drugs')).toEqual([]);
    const [, entry] = await undo('drugs');
    expect(JSON.parse(entry!['before']!)).toEqual({ code: '007', name: 'Drug 3', gone_at: expect.any(String) });
    await untouched();
  });

  test('and edited since, or marked by somebody else, is a conflict when it comes back; a full run writes over it', async () => {
    const codes = "('007', 'a/b')";
    await p().run('source', `DELETE FROM drug WHERE code IN ${codes}`);
    await p().migrate();
    await p().run(
      'target',
      "UPDATE drugs SET name = 'edited' WHERE code = '007'; UPDATE drugs SET gone_at = '2000-01-01' WHERE code = 'a/b'",
    );
    await p().run('source', `INSERT INTO drug SELECT * FROM kept.drug WHERE code IN ${codes}`);
    expect((await p().migrate()).output!.entities).toMatchObject({ drugs: { updated: 0, conflicts: 2 } });
    expect(await open()).toMatchObject([{ type: 'reappeared' }, { type: 'reappeared' }]);
    expect(await p().value('SELECT count(gone_at) FROM drugs')).toBe('2');
    expect((await p().migrate({ mode: 'full' })).output!.entities).toMatchObject({
      drugs: { updated: 2, inserted: 0 },
    });
    expect(await p().value('SELECT count(gone_at) FROM drugs')).toBe('0');
    expect(await open()).toEqual([]);
    await untouched();
  });

  test('by somebody in the target counts as deleted there', async () => {
    await p().run('target', "UPDATE drugs SET gone_at = now() WHERE code IN ('007', 'a/b', '')");
    await p().run('source', "UPDATE drug SET nm = 'changed' WHERE code = 'a/b'; DELETE FROM drug WHERE code = ''");
    for (let run = 0; run < 2; run++) {
      expect((await p().migrate()).output!.entities).toMatchObject({
        drugs: { kept: 1, conflicts: 1, deleted: 0, updated: 0 },
      });
      expect((await open()).map((row) => [row['key'], row['type']])).toEqual([
        ['007', 'missing'],
        ['a/b', 'conflict'],
      ]);
    }
    expect(await closed('drugs')).toMatchObject([{ legacy_key: '' }]);
    expect((await p().migrate({ mode: 'missing-only' })).output!.entities).toMatchObject({
      drugs: { inserted: 0, updated: 0 },
    });
    expect((await p().migrate({ mode: 'full' })).output!.entities).toMatchObject({
      drugs: { updated: 2, inserted: 0 },
    });
    expect(await p().value('SELECT count(gone_at) FROM drugs')).toBe('1');
    await untouched();
  });
});

describe('a key that comes back', () => {
  test('after its row was deleted is a conflict, and gets its UUID back when a full run writes it', async () => {
    const [before] = await nurse(5);
    await p().run('source', leaves(5));
    await p().migrate();
    await p().run('source', 'INSERT INTO nurse SELECT * FROM kept.nurse WHERE nurse_no = 5');
    expect((await p().migrate()).output!.entities).toMatchObject({ nurses: { inserted: 0, conflicts: 1 } });
    expect(await open()).toMatchObject([{ entity: 'nurses', key: '5', type: 'reappeared' }]);
    expect(await nurse(5)).toEqual([]);
    expect((await p().migrate({ mode: 'missing-only' })).output!.entities).toMatchObject({ nurses: { inserted: 0 } });
    expect((await p().migrate({ mode: 'full' })).output!.entities).toMatchObject({ nurses: { inserted: 1 } });
    expect(await nurse(5)).toEqual([before]);
    expect(await closed('nurses')).toEqual([]);
    await untouched();
  });

  test('between the slice and the deletion is not deleted', async () => {
    await p().run('source', leaves(5));
    const run = await p().migrateAround({
      DeleteRows: async (_, go) => {
        await p().run('source', 'INSERT INTO nurse SELECT * FROM kept.nurse WHERE nurse_no = 5 ON CONFLICT DO NOTHING');
        return go();
      },
    });
    expect(run.output!.entities).toMatchObject({ nurses: { deleted: 0 }, shifts: { deleted: 5 } });
    expect(await nurse(5)).toHaveLength(1);
  });
});
