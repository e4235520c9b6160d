// Faults in the verifier's own path: whatever of it dies, comes late, is left out or is refused, the answer is unknown or an error.
// And the adversary itself is put to the test: a verifier that is broken on purpose must not get past it.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Around } from '../support/portage.ts';
import { BROKEN_VERIFIERS } from './adversary/broken-verifiers.ts';
import { FAULTS } from './adversary/faults.ts';
import { adversary, foundIn, passes, tampered, type Adversary } from './adversary/harness.ts';

let a: Adversary;
beforeAll(async () => void (a = await adversary()));
afterAll(() => a.end());

const once = (what: Around): Around => {
  let done = false;
  return (input, go, kill) => {
    if (done) return go();
    done = true;
    return what(input, go, kill);
  };
};
const UNKNOWN = expect.objectContaining({ verdict: 'unknown' });
const data = (entity: string, states: Readonly<Record<string, Around>>) =>
  a.validate([entity], states, { type: 'data_integrity' });
const latest = '(SELECT max(operation_no) FROM portage.operations)';

describe('of faults in its own path', () => {
  test('a worker that fails', async () => {
    const { answer } = await data('things', { CheckIntegrity: () => Promise.reject(new Error('out of memory')) });

    expect(answer).toEqual(UNKNOWN);
    expect(answer?.coverage.complete).toBe(false);
    expect(answer?.coverage.holes.length).toBeGreaterThan(0);
  });

  test('a worker that says it is done, and has read nothing', async () => {
    const swallows: Around = (input) => Promise.resolve({ ...input, after: 0, done: true });

    const { answer, failure } = await data('things', { CheckIntegrity: swallows });

    expect(answer?.verdict ?? failure?.code).not.toBe('match');
    expect(answer?.verdict ?? 'unknown').toBe('unknown');
  });

  test('a worker that is killed', async () => {
    const { answer } = await data('things', {
      CheckIntegrity: async (_input, go, kill) => {
        kill();
        return go();
      },
    });

    expect(answer).toBeNull();
  });

  test('a worker that answers after it was given up', async () => {
    const late: Around = async (_input, go) => {
      await a.p.run(
        'target',
        `UPDATE portage.validation_pieces SET status = 'failed', error_code = 'M002', error_message = 'given up' WHERE operation_no = ${latest}`,
      );
      return go();
    };

    expect((await data('things', { CheckIntegrity: once(late) })).answer).toEqual(UNKNOWN);
  });

  test('a piece that is not handed out', async () => {
    const forgets: Around = async (_input, go) => ({ ...((await go()) as object), pieces: [] });

    expect((await data('things', { PlanValidation: forgets })).answer).toEqual(UNKNOWN);
  });

  test('a range that is cut at its beginning', async () => {
    const cuts: Around = async (_input, go) => {
      const planned = await go();
      await a.p.run(
        'target',
        `UPDATE portage.validation_pieces SET selection = '{"range": {"from": "10", "to": null}}' WHERE operation_no = ${latest}`,
      );
      return planned;
    };

    expect((await data('things', { PlanValidation: cuts })).answer).toEqual(UNKNOWN);
  });

  test('a part of several that is not planned', async () => {
    const cuts: Around = async (_input, go) => {
      const planned = await go();
      await a.p.run(
        'target',
        `UPDATE portage.validation_pieces SET selection = '{"part": 0, "of": 2}' WHERE operation_no = ${latest}`,
      );
      return planned;
    };

    expect((await data('things', { PlanValidation: cuts })).answer).toEqual(UNKNOWN);
  });

  test('an entity that lost its piece', async () => {
    const loses: Around = async (_input, go) => {
      const planned = await go();
      await a.p.run(
        'target',
        `DELETE FROM portage.validation_pieces WHERE operation_no = ${latest} AND entity_id = (SELECT entity_id FROM portage.entities WHERE entity = 'things')`,
      );
      return planned;
    };

    const { answer } = await a.validate(['makers', 'things'], { PlanValidation: loses }, { type: 'data_integrity' });

    expect(answer?.entities['makers']?.verdict).toBe('match');
    expect(answer).toEqual(UNKNOWN);
  });

  test.each([
    ['an answer of the source', /^SELECT p\.bucket.*FROM "public"\."thing"/s],
    ['an answer of the target', /^SELECT p\.bucket.*FROM .*"public"\."things"/s],
  ])('%s that never comes', async (_name, query) => {
    const { answer, failure } = await tampered(
      (sql) => (query.test(sql) ? `SELECT 1/0 AS bucket` : sql),
      () => data('things', {}),
    );

    expect(answer?.verdict ?? failure?.code).not.toBe('match');
  });

  test('rows that row level security hides, in the source and in the target', async () => {
    for (const [side, table] of [
      ['source', 'thing'],
      ['target', 'things'],
    ] as const) {
      await a.p.run(
        side,
        `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON ${table} USING (i < 1050);
         DROP ROLE IF EXISTS portage_hidden; CREATE ROLE portage_hidden LOGIN PASSWORD 'hidden'; GRANT USAGE ON SCHEMA public TO portage_hidden; GRANT SELECT ON ALL TABLES IN SCHEMA public TO portage_hidden`,
      );
      const variable = side === 'source' ? 'SOURCE_DB_URL' : 'TARGET_DB_URL';
      const url = process.env[variable]!;
      if (side === 'target')
        await a.p.run(
          'target',
          'GRANT ALL ON SCHEMA portage TO portage_hidden; GRANT ALL ON ALL TABLES IN SCHEMA portage TO portage_hidden',
        );
      process.env[variable] = Object.assign(new URL(url), { username: 'portage_hidden', password: 'hidden' }).href;
      try {
        const { answer, failure } = await data('things', {});

        expect(answer).toBeNull();
        expect(failure?.message).toMatch(/row level security|permission|rights/i);
      } finally {
        process.env[variable] = url;
        await a.p.run(
          side,
          `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY; DROP POLICY few ON ${table}; DROP OWNED BY portage_hidden; DROP ROLE portage_hidden`,
        );
      }
    }
  });

  test('a sample is never a match', async () => {
    const { answer } = await a.validate(['things'], {}, { quick: true });

    expect(answer).toEqual(UNKNOWN);
  });
});

describe('a verifier that', () => {
  test.each(BROKEN_VERIFIERS.map((broken) => [broken.name, broken] as const))(
    '%s does not get past the adversary',
    async (_name, broken) => {
      const faults = FAULTS.filter(({ name, entity }) =>
        broken.fault === 'SOME' ? entity === 'things' : name === broken.fault,
      );
      expect(faults.length).toBeGreaterThan(0);
      let escaped = 0;
      let rewritten = 0;
      for (const fault of faults) {
        const found = await a.planted(fault, () =>
          tampered(
            (sql) => {
              const changed = broken.rewrite(sql);
              if (changed !== sql) rewritten++;
              return changed;
            },
            () => a.validate([fault.entity]),
          ),
        );
        const caught = !passes(found) && fault.finds.every((find) => foundIn(found).includes(find.join(' ')));
        if (!caught) escaped++;
        if (escaped > 0) break;
      }
      // Where no statement was rewritten nothing was broken, and the test would say nothing.
      expect(rewritten).toBeGreaterThan(0);
      expect(escaped).toBeGreaterThan(0);
    },
  );
});
