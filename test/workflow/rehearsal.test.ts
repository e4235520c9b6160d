// `migrate --dry-run --rehearse`: what only writing can find is found, and nothing of the writing is left.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CHAIN_SOURCE, CHAIN_TARGET, chain } from '../support/chain.ts';
import { portage, type Portage } from '../support/portage.ts';

/** The target refuses what no look at the catalogs foretells: a trigger, a check over two columns, a unique value of another row. */
const REFUSES = `
  ALTER TABLE sales ADD COLUMN ticket bigserial, ADD CHECK (amount <> 4000 OR slip <> 'slip 4000');
  CREATE FUNCTION no_unlucky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.amount = 13 THEN RAISE EXCEPTION 'unlucky'; END IF; RETURN NEW; END $$;
  CREATE TRIGGER unlucky BEFORE INSERT ON sales FOR EACH ROW EXECUTE FUNCTION no_unlucky();
  ALTER TABLE sales ADD UNIQUE (amount);
  CREATE TABLE audited (n integer); CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audited VALUES (1); RETURN NULL; END $$;
  CREATE TRIGGER audit AFTER INSERT ON shops FOR EACH ROW EXECUTE FUNCTION audit();`;
const OBJECTS = `SELECT count(*) AS objects FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('portage', 'public')`;
const REHEARSE = { dryRun: true, rehearse: true, batchSize: 1000 };

let p: Portage;
beforeAll(async () => {
  p = await portage(CHAIN_SOURCE, `${CHAIN_TARGET} ${REFUSES}`, chain);
  // Two sales that want one amount, and one without a shop.
  await p.run(
    'source',
    'UPDATE sale SET amount = 500 WHERE sale_no = 501; UPDATE sale SET shop_no = 99 WHERE sale_no = 7',
  );
});
afterAll(() => p.end());

const stateOf = async () => ({
  objects: await p.value(OBJECTS),
  sales: await p.value('SELECT count(*) FROM sales'),
  shops: await p.value('SELECT count(*) FROM shops'),
  audited: await p.value('SELECT count(*) FROM audited'),
});

describe('on a target that nobody has written to', () => {
  test('finds the rows that a real run sets aside, and leaves nothing but what it says', async () => {
    const before = await stateOf();
    const plain = await p.migrate({ dryRun: true, batchSize: 1000 });
    expect(plain.output!.entities['sales']).toMatchObject({ inserted: 5999, setAside: 1 });
    expect(plain.output!.notes.join()).toMatch(/unique, foreign key, check, trigger\) were not tried/);

    const run = await p.migrate(REHEARSE);
    expect(run.failure).toBeNull();
    expect(run.output).toMatchObject({ dryRun: true, status: 'completed_with_findings' });
    const { entities, rehearsal, notes } = run.output!;
    expect(entities['regions']).toMatchObject({ inserted: 3, setAside: 0 });
    expect(entities['shops']).toMatchObject({ inserted: 20, setAside: 0 });
    expect(entities['sales']).toMatchObject({ read: 6000, inserted: 5996, setAside: 3, parked: 1 });
    expect(rehearsal!.refused).toEqual([
      { entity: 'sales', legacyId: '13', code: 'M012', reason: expect.stringContaining('a trigger refuses the row') },
      { entity: 'sales', legacyId: '501', code: 'M012', reason: expect.stringContaining('taken already') },
      { entity: 'sales', legacyId: '4000', code: 'M012', reason: expect.stringContaining('check constraint') },
    ]);
    expect(notes.join()).not.toMatch('were not tried.');
    expect(await stateOf()).toEqual(before);
    expect(await p.value("SELECT to_regnamespace('portage')")).toBeNull();
  });

  test('says what it cost: batches, log, dead rows, locks, and sequences that went on', async () => {
    const before = Number(await p.value('SELECT last_value FROM sales_ticket_seq'));
    const { rehearsal } = (await p.migrate({ ...REHEARSE, entities: ['regions', 'shops', 'sales'] })).output!;
    const moved = Number(await p.value('SELECT last_value FROM sales_ticket_seq')) - before;
    expect(rehearsal!.batches).toBeGreaterThanOrEqual(8);
    expect(rehearsal!.walBytes).toBeGreaterThan(100_000);
    expect(rehearsal!.deadRows).toBeGreaterThanOrEqual(5996);
    expect(rehearsal!.longestMs).toBeGreaterThan(0);
    expect(rehearsal!.sequences).toEqual({ 'public.sales_ticket_seq': moved });
    expect(moved).toBeGreaterThanOrEqual(5996);
  });
});

describe('beside a real run', () => {
  test('the real run sets aside what was foretold, and a rehearsal after it finds only what changed', async () => {
    const ended = await p.migrate();
    expect(ended.failure).toBeNull();
    const real = ended.output!;
    expect(real.entities['sales']).toMatchObject({ inserted: 5996, setAside: 4 });
    const before = await p.rows('SELECT relname, n_live_tup FROM pg_stat_user_tables ORDER BY 1');
    await p.run(
      'source',
      "UPDATE sale SET amount = 777 WHERE sale_no = 778; UPDATE sale SET slip = 'new' WHERE sale_no = 800",
    );
    const { entities, rehearsal } = (await p.migrate(REHEARSE)).output!;
    expect(entities['sales']).toMatchObject({ inserted: 0, updated: 1, parked: 2, setAside: 3 });
    expect(rehearsal!.refused.map(({ legacyId }) => legacyId)).toEqual(['13', '501', '778', '4000']);
    expect(await p.value("SELECT count(*) FROM operations WHERE operation_id LIKE 'diff%'")).toBe('1');
    expect((await p.rows('SELECT relname, n_live_tup FROM pg_stat_user_tables ORDER BY 1')).length).toBe(before.length);
    expect(await p.value('SELECT slip FROM sales WHERE legacy_id = 800')).toBe('slip 800');
  });
});
