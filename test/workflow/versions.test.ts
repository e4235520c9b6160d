// The whole clinic between servers of other versions: source 11 and 18, target 14 and 18. Small here, larger with
// PORTAGE_LONG; the second server of each side is the one that all tests share.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateClinic, clinicSchema } from '../../cli/demo/generate-clinic.ts';
import { closeDependencies } from '../../functions/dependencies.ts';
import { setVariables } from '../../shared/config.ts';
import { judgeOutput } from '../../shared/contracts/validation.ts';
import { clinic } from '../../shared/entities/clinic.ts';
import { createDatabase, dropDatabase, withClient } from '../support/database.ts';
import { portage, type Ended, type Portage } from '../support/portage.ts';
import { noOlderServers, type Version } from '../support/server-binaries.ts';
import { startServer, type Server } from '../support/server.ts';
import { CLINIC_TRUTH, contentOf, textsOf, touchesOf } from '../support/clinic-truth.ts';
import { cutCycle, threeCycle } from './schemas/cycles.ts';
import { judge } from './schemas/judge.ts';
import { compositeKeys, keys } from './schemas/keys.ts';
import { references } from './schemas/references.ts';
import { typesBetween } from './schemas/types.ts';

const LONG = process.env['PORTAGE_LONG'] !== undefined;
const ROWS = LONG ? 50_000 : 500;
const PATIENCE = LONG ? 900_000 : 180_000;
const COMBINATIONS = [
  [11, 14],
  [11, 18],
  [18, 14],
  [18, 18],
] as const;

/** Edits of both sides that a run has to carry, to keep and to record. */
const EDITS = {
  source: `UPDATE order_hdr SET total = total + 1.25, memo = 'edited' WHERE ord_no IN (SELECT ord_no FROM order_hdr ORDER BY 1 LIMIT 7);
    UPDATE order_itm SET qty = qty + 0.125 WHERE (ord_no, line_no) IN (SELECT ord_no, line_no FROM order_itm ORDER BY 1 DESC, 2 LIMIT 3);
    UPDATE patient_mst SET pat_nm = 'Žižka, Jan' WHERE pat_no = (SELECT min(pat_no) FROM patient_mst);
    INSERT INTO order_hdr (ord_no, pat_no, doc_no, ord_dt, stat_cd, total) SELECT max(ord_no) + 5, min(pat_no), min(doc_no), '20200229', 'OP', 0.1 FROM order_hdr`,
  target: "UPDATE doctors SET specialty = 'edited' WHERE legacy_id = (SELECT min(legacy_id) FROM doctors)",
};

/** What a run counts after the edits of the source. */
const EDITED = { orders: { inserted: 1, updated: 7 }, order_items: { updated: 3 }, patients: { updated: 1 } };

if (noOlderServers !== null) test.skip(`versions other than 18: ${noOlderServers}`, () => undefined);
const describeHere = noOlderServers === null ? describe : describe.skip;

/** Counts of an answer that say that something happened. */
const written = (ended: Ended): Record<string, Record<string, number>> =>
  Object.fromEntries(
    Object.entries(ended.output!.entities).flatMap(([name, counts]) => {
      const told = Object.entries(counts).filter(
        ([counter, count]) => count > 0 && !['read', 'unchanged', 'durationMs'].includes(counter),
      );
      return told.length === 0 ? [] : [[name, Object.fromEntries(told)]];
    }),
  );

const onServers = new Map<Version, Server>();
const serverOf = (version: Version): string | undefined => onServers.get(version)?.url;

async function clinicBetween(source: Version, target: Version): Promise<Portage> {
  const servers = { source: serverOf(source), target: serverOf(target) };
  const p = await portage('', clinicSchema('target'), clinic, {}, servers);
  await withClient(p.sourceUrl, (client) => generateClinic({ client, rows: ROWS, seed: 7 }));
  return p;
}

const itemOf = (direction: 'ASC' | 'DESC'): string =>
  `SELECT i.id FROM order_items i JOIN orders o ON o.id = i.order_id ORDER BY o.legacy_id ${direction}, i.line LIMIT 1`;

/** Faults of every kind, on any version. */
const SPOILED = `UPDATE orders SET total_cents = -total_cents WHERE legacy_id = (SELECT min(legacy_id) FROM orders);
  UPDATE patients SET family_name = family_name || ' ' WHERE legacy_id = (SELECT max(legacy_id) FROM patients);
  UPDATE orders SET doctor_id = (SELECT d.id FROM doctors d WHERE d.id <> doctor_id AND d.legacy_id IS NOT NULL ORDER BY d.legacy_id LIMIT 1) WHERE legacy_id = (SELECT max(legacy_id) FROM orders);
  UPDATE order_items SET quantity = -quantity WHERE id = (${itemOf('DESC')}); DELETE FROM order_items WHERE id = (${itemOf('ASC')})`;

/** The verdict, how rows were hashed for it, and each difference. */
async function verdictOf(
  p: Portage,
): Promise<{ readonly verdict: string; readonly hash: readonly string[]; readonly found: string }> {
  const { output, failure } = await p.command({ command: 'data-validator validate', verbose: true });
  expect(failure).toBeNull();
  const { verdict, coverage, differences = [] } = judgeOutput.parse(output);
  const pieces = Object.values(coverage.entities).flatMap((entity) => entity.pieces);
  return {
    verdict,
    hash: [...new Set(pieces.flatMap(({ hash }) => (hash === null ? [] : [hash])))],
    found: differences
      .map(({ entity, legacyId, kind, columns, reason }) => [entity, legacyId, kind, columns.join(), reason].join(' '))
      .join('\n'),
  };
}

async function expectTruth(p: Portage): Promise<void> {
  for (const [entity, truth] of Object.entries(CLINIC_TRUTH)) {
    const source = await textsOf(p.sourceUrl, truth.source);
    expect(source.length).toBeGreaterThan(0);
    expect([entity, await textsOf(p.targetUrl, truth.target)]).toEqual([entity, source]);
  }
}

describeHere('versions', () => {
  beforeAll(async () => {
    onServers.set(11, await startServer({}, 11));
    onServers.set(14, await startServer({}, 14));
  }, PATIENCE);
  afterAll(async () => {
    for (const server of onServers.values()) await server.stop();
  });

  const contents = new Map<string, string>();
  const verdicts = new Map<string, string>();

  test.each(COMBINATIONS)(
    'the clinic from %i to %i: migrated, migrated again, and kept in step',
    async (from, to) => {
      const p = await clinicBetween(from, to);
      try {
        expect([Math.floor(p.source.serverVersion / 10_000), Math.floor(p.target.serverVersion / 10_000)]).toEqual([
          from,
          to,
        ]);
        const first = await p.migrate();
        expect(first).toMatchObject({ status: 'SUCCEEDED', output: { status: 'completed' } });
        await expectTruth(p);
        expect(await verdictOf(p)).toEqual({
          verdict: 'match',
          hash: [Math.min(from, to) < 14 ? 'text' : 'record'],
          found: '',
        });

        const before = await touchesOf(p.targetUrl);
        const again = await p.migrate();
        expect(again).toMatchObject({ status: 'SUCCEEDED', output: { status: 'completed' } });
        expect(written(again)).toEqual({});
        expect(await touchesOf(p.targetUrl)).toBe(before);

        await p.run('source', EDITS.source);
        await p.run('target', EDITS.target);
        const edited = await p.migrate();
        expect(written(edited)).toEqual({ ...EDITED, doctors: { kept: 1 } });
        await expectTruth(p);
        contents.set(`${from} to ${to}`, await contentOf(p.targetUrl));

        await p.run('target', SPOILED);
        const { verdict, found } = await verdictOf(p);
        expect(verdict).toBe('mismatch');
        verdicts.set(`${from} to ${to}`, found);
      } finally {
        await p.end();
      }
    },
    PATIENCE,
  );

  test('every combination gives the same rows, with the same UUIDs', () => {
    expect(contents.size).toBe(COMBINATIONS.length);
    expect(new Set(contents.values()).size).toBe(1);
  });

  test('every combination gives the same verdict, to the difference', () => {
    expect(verdicts.size).toBe(COMBINATIONS.length);
    const [first = '', ...others] = verdicts.values();
    expect(first.split('\n')).toHaveLength(6);
    expect(others).toEqual(others.map(() => first));
  });

  test(
    'a source that was upgraded from 11 to 18: no row is written again, and edits are told apart as before',
    async () => {
      const p = await clinicBetween(11, 18);
      const upgraded = await createDatabase('upgraded');
      try {
        await withClient(upgraded, (client) => generateClinic({ client, rows: ROWS, seed: 7 }));
        expect(await p.migrate()).toMatchObject({ output: { status: 'completed' } });
        await p.run(
          'target',
          `${EDITS.target}; UPDATE offices SET name = 'edited' WHERE legacy_id = (SELECT min(legacy_id) FROM offices WHERE manager_id IS NOT NULL)`,
        );
        const before = await touchesOf(p.targetUrl, ['ctid', 'xmin']);
        await closeDependencies();
        setVariables({ SOURCE_DB_URL: upgraded });

        const kept = { doctors: { kept: 1 }, offices: { kept: 1 } };
        for (const _ of ['after the upgrade', 'and again']) {
          const again = await p.migrate();
          expect(again).toMatchObject({ output: { status: 'completed' } });
          expect(written(again)).toEqual(kept);
          expect(await touchesOf(p.targetUrl, ['ctid', 'xmin'])).toBe(before);
        }

        await withClient(upgraded, (client) =>
          client.query(
            `${EDITS.source}; UPDATE office_mst SET office_nm = 'other' WHERE office_no = (SELECT min(office_no) FROM office_mst WHERE mgr_no <> 0)`,
          ),
        );
        expect(written(await p.migrate())).toEqual({ ...EDITED, doctors: { kept: 1 }, offices: { conflicts: 1 } });
      } finally {
        await p.end();
        await dropDatabase(upgraded);
      }
    },
    PATIENCE,
  );

  test.each(
    (LONG ? COMBINATIONS : COMBINATIONS.slice(0, 1)).flatMap(([from, to]) =>
      [typesBetween(from, to), keys, references, ...(LONG ? [compositeKeys, cutCycle, threeCycle] : [])].map(
        (schema) => [schema.name, from, to, schema] as const,
      ),
    ),
  )(
    '%s, from %i to %i',
    async (_name, from, to, schema) => {
      await judge(schema, undefined, { source: serverOf(from), target: serverOf(to) });
    },
    PATIENCE,
  );
});
