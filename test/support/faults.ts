// A surgery of 400 doctors to do harm to, and what must be true of it afterwards.
import { expect } from '@jest/globals';
import type { Portage } from './portage.ts';
import { SURGERY_SOURCE } from './surgery.ts';

export const FAULTS_SOURCE = `${SURGERY_SOURCE} INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 + n % 2, NULL FROM generate_series(21, 400) n`;

/** The next run writes what is missing, every row is there once, and the run after it finds nothing to do. */
export async function expectCompletes(p: Portage): Promise<void> {
  expect(await p.migrateAround({})).toMatchObject({ status: 'SUCCEEDED', output: { status: 'completed' } });
  await expectComplete(p);
}

/** Every row is there once, and a run finds nothing to do. */
export async function expectComplete(p: Portage): Promise<void> {
  expect(
    await p.rows(
      'SELECT count(*) AS rows, count(DISTINCT legacy_id) AS numbers, count(DISTINCT id) AS keys, count(boss_id) AS bosses FROM doctors',
    ),
  ).toEqual([{ rows: '400', numbers: '400', keys: '400', bosses: '9' }]);
  expect(await p.value('SELECT count(*) FROM uuid_mappings')).toBe('402');
  expect((await p.migrate()).output).toMatchObject({
    status: 'completed',
    entities: { offices: { unchanged: 2 }, doctors: { unchanged: 400, setAside: 0 } },
  });
}

/** SQL that does harm, and the SQL that takes it back. */
export type Harm = readonly [sql: string, back: string];

/** Does harm to a side for as long as the work takes. */
export async function during(
  p: Portage,
  side: 'source' | 'target',
  [sql, back]: Harm,
  work: () => Promise<void>,
): Promise<void> {
  await p.run(side, sql);
  try {
    await work();
  } finally {
    await p.run(side, back);
  }
}

/** A trigger before each row of doctors that is written; `public.strikes` counts, whatever is rolled back. */
export const trigger = (body: string): Harm => [
  `CREATE SEQUENCE strikes; CREATE FUNCTION strike() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN new; END $$;
   CREATE TRIGGER strike BEFORE INSERT OR UPDATE ON doctors FOR EACH ROW EXECUTE FUNCTION strike()`,
  'DROP FUNCTION strike CASCADE; DROP SEQUENCE strikes',
];
