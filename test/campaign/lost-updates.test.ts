/**
 * Both databases are in use while a migration runs: a writer edits rows of the target without pause, and a transaction of the
 * source commits after its rows had their turn.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { withClient } from '../support/database.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';
import { chance, seedOf, trials } from './size.ts';

const ROWS = 400;
const ROUNDS = trials(40, 4);
/** A round is one migration of every row, beside the writer. */
const ROUND_MS = 20_000;

let p: Portage;
beforeAll(async () => {
  p = await portage(
    `${SURGERY_SOURCE} INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 + n % 2 FROM generate_series(21, ${ROWS}) n;
     CREATE SCHEMA kept; CREATE TABLE kept.doctor AS TABLE doctor`,
    SURGERY_TARGET,
    surgery,
  );
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.run('source', 'TRUNCATE doctor; INSERT INTO doctor TABLE kept.doctor');
  // The first run of all makes the ledger, which can be emptied from then on.
  if (!(await hasLedger())) await p.migrate();
  await p.empty();
  await p.migrate();
});

const hasLedger = async (): Promise<boolean> => (await p.value("SELECT to_regclass('portage.operations')")) !== null;

/** Edits rows until it is stopped. `removed`: the writer has deleted the row. */
async function writeBeside(seed: number, stop: AbortSignal): Promise<Map<number, string>> {
  const { number, pick } = chance(seed);
  const last = new Map<number, string>();
  await withClient(p.targetUrl, async (client) => {
    for (let i = 0; !stop.aborted; i++) {
      const no = 1 + number(ROWS);
      if (last.get(no) === 'removed') continue;
      // Nobody refers to doctors from 21 on, so that they can go.
      if (no > 20 && pick([true, ...Array<boolean>(19).fill(false)])) {
        await client.query('DELETE FROM doctors WHERE legacy_id = $1', [no]);
        last.set(no, 'removed');
      } else {
        await client.query('UPDATE doctors SET note = $2 WHERE legacy_id = $1', [no, `edit ${i}`]);
        last.set(no, `edit ${i}`);
      }
    }
  });
  return last;
}

test(
  'a writer beside the migration loses no edit, and every one is classified',
  async () => {
    const seed = seedOf('lost updates');
    const stop = new AbortController();
    const writer = writeBeside(seed, stop.signal);
    for (let round = 0; round < ROUNDS; round++) {
      // Every row changes, in a column that is edited beside it and in one that is not.
      await p.run('source', `UPDATE doctor SET fee = fee + 1, note = 'source ${round}'`);
      expect((await p.migrate({ batchSize: 30 })).failure).toBeNull();
    }
    stop.abort();
    const edits = await writer;
    expect(edits.size).toBeGreaterThan(100);
    expect((await p.migrate()).failure).toBeNull();

    const rows = await p.rows(
      `SELECT n, d.note FROM generate_series(1, ${ROWS}) n LEFT JOIN doctors d ON d.legacy_id = n ORDER BY n`,
    );
    const wrong = rows.filter(({ n, note }) => {
      const edit = edits.get(Number(n));
      return note !== (edit === undefined ? `source ${ROUNDS - 1}` : edit === 'removed' ? null : edit);
    });
    expect(wrong).toEqual([]);

    const differentials = await p.rows(
      'SELECT legacy_key AS n, comparison_type AS type FROM data_differentials WHERE NOT resolved ORDER BY legacy_key::integer, 2',
    );
    const classified = new Map(differentials.map(({ n, type }) => [Number(n), type]));
    // An edit that the source overtook before the last round is a conflict still, one after it is kept.
    expect([...classified.keys()]).toEqual([...edits.keys()].sort((a, b) => a - b));
    expect(
      [...new Set(classified.values())].filter((type) => !['value', 'missing', 'conflict'].includes(type!)),
    ).toEqual([]);
    expect(
      await p.value("SELECT count(*) FROM undo_log WHERE before ->> 'note' LIKE 'edit%' OR action = 'delete'"),
    ).toBe('0');
  },
  ROUNDS * ROUND_MS,
);

test('a transaction of the source that commits after its rows had their turn is carried by the next run', async () => {
  const late = new pg.Client({ connectionString: p.sourceUrl });
  await late.connect();
  try {
    await late.query(`BEGIN; UPDATE doctor SET note = 'late' WHERE doc_no IN (1, 200, ${ROWS});
      INSERT INTO doctor SELECT -7, 'Doctor -7', 1, 1; DELETE FROM doctor WHERE doc_no = 300`);
    await p.run('source', "UPDATE doctor SET note = 'early' WHERE doc_no % 10 = 5");
    let begun = 0;
    const during = await p.migrateAround({
      LinkReferences: async (input, go) => {
        // The rows of the doctors have been read; then it commits.
        if (input['entity'] === 'doctors' && begun++ === 0) await late.query('COMMIT');
        return go();
      },
    });
    expect(begun).toBeGreaterThan(0);
    expect(during.output).toMatchObject({ entities: { doctors: { updated: ROWS / 10, inserted: 0, kept: 0 } } });
    expect(await p.value("SELECT count(*) FROM doctors WHERE note = 'late' OR legacy_id = -7")).toBe('0');

    const next = await p.migrate();
    expect(next.output).toMatchObject({ entities: { doctors: { updated: 3, inserted: 1, kept: 1, setAside: 0 } } });
    expect(
      await p.value("SELECT string_agg(legacy_id::text, ',' ORDER BY legacy_id) FROM doctors WHERE note = 'late'"),
    ).toBe(`1,200,${ROWS}`);
    expect(
      await p.value("SELECT string_agg(legacy_key || comparison_type, ',') FROM data_differentials WHERE NOT resolved"),
    ).toBe('300deleted');
  } finally {
    await late.end();
  }
});
