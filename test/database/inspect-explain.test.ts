// explain and init: what would run, and what a mapping and its roles could be.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clinicSchema } from '../../cli/demo/generate-clinic.ts';
import { closeDependencies } from '../../functions/dependencies.ts';
import { loadMap } from '../../shared/database/engine/load-entities.ts';
import { layoutSql } from '../../shared/database/inspect/sql-layout.ts';
import { applyLedger } from '../../shared/database/ledger/apply.ts';
import { sqlTokens } from '../../shared/database/map-check/sql-tokens.ts';
import { readRights } from '../../shared/database/inspect/rights.ts';
import type { Session } from '../../shared/database/session.ts';
import { normalEntities, type EntityMap } from '../../shared/domain/entity-map.ts';
import { clinic } from '../../shared/entities/clinic.ts';
import { explainAnswer } from '../../shared/operations/differential-migration/explain.ts';
import { initAnswer } from '../../shared/operations/differential-migration/init.ts';
import { ask, refused, under, variablesOf } from '../support/inspect.ts';
import { twoSides, type TestSides } from '../support/sides.ts';

let sides: TestSides;
beforeAll(async () => {
  sides = await twoSides(clinicSchema('legacy'), clinicSchema('target'));
  Object.assign(process.env, variablesOf(sides));
});
afterAll(async () => {
  await closeDependencies();
  await sides.end();
});
describe('explain', () => {
  const command = 'differential-migration explain';

  test('prints every statement of a batch, and each of them runs', async () => {
    const own = await twoSides(clinicSchema('legacy'), clinicSchema('target'));
    try {
      await under(variablesOf(own), async () => {
        const before = (await ask(explainAnswer, command, { entity: 'all' })).answer;
        await applyLedger(own.target);
        await loadMap(own.source, own.target, clinic, 'register');
        const { answer, exit } = await ask(explainAnswer, command, { entity: 'all' });
        expect(exit).toBe(0);
        expect(answer.entities.map(({ entity }) => entity)).toEqual(Object.keys(clinic.entities));
        // Without a ledger its tables have the names that it is going to give them.
        expect(before).toEqual(answer);
        // One of each kind: a reference to itself, a natural key, a key of two columns, a filter.
        const kinds = ['patients', 'project_members', 'order_items', 'insurers'];
        for (const { statements } of answer.entities.filter(({ entity }) => kinds.includes(entity))) {
          expect(statements.map(({ side }) => side)).toContain('source');
          for (const { side, sql, purpose } of statements) {
            expect(purpose).not.toBe('');
            const copied = /^COPY \(\s*([^]*)\) TO STDOUT$/.exec(sql)?.[1];
            if (copied !== undefined) await own[side].run(`EXPLAIN ${copied}`);
            else if (!sql.startsWith('COPY')) await own[side].run(`BEGIN; ${sql}; COMMIT`);
          }
        }
      });
    } finally {
      await own.end();
    }
  });

  test('an unknown entity is refused with the nearest name', async () => {
    expect((await refused(command, { entity: ['docters'] })).message).toContain('did you mean "doctors"?');
  });

  test.each([
    "SELECT a, (SELECT 'FROM  x' FROM b WHERE c = 1) AS d FROM t LEFT JOIN u ON t.a = u.a WHERE a IS DISTINCT FROM b ORDER BY a FOR UPDATE",
    'WITH x AS (INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1 RETURNING a), y AS (DELETE FROM z) SELECT left(a, 3), extract(epoch FROM b) FROM x; SELECT 2',
  ])('layout changes nothing but blanks: %s', (sql) => {
    const texts = (of: string): string[] => sqlTokens(of).tokens.map(({ text }) => text);
    expect(texts(layoutSql(sql))).toEqual(texts(sql));
    expect(layoutSql(sql)).toContain('\n');
    expect(layoutSql(sql)).not.toMatch(/DISTINCT\s*\n|DELETE\s*\n|DO\s*\n|epoch\s*\n|FOR\s*\n/);
  });
});

describe('init', () => {
  const command = 'differential-migration init';

  test('drafts a mapping from the two catalogs', async () => {
    const { answer, exit } = await under({ PORTAGE_MAP: '/there-is-no/map.json' }, () => ask(initAnswer, command));
    expect(exit).toBe(0);
    expect((answer.map as EntityMap).entities['doctors']).toMatchObject({
      source: { table: 'public.doctor_mst', key: ['doc_no'] },
      target: { key: ['id'] },
    });
    expect(answer.notes[0]).toMatch(/^name: /);
    expect(answer.notes).toContain(
      'entities.patients.columns.given_name: must be filled, and nothing was found for it; nothing reads yet: pat_nm, street, zip, city, ssn, ins_no',
    );
  });

  test('--roles prints SQL that makes roles with all the rights that are needed, and no others', async () => {
    const { roles = '' } = (await ask(initAnswer, command, { roles: true })).answer;
    const [reader = '', writer = '', operator = ''] = roles.split('\n\n');
    // Roles belong to the whole server: they are gone again with the transaction.
    const missing = async (session: Session, sql: string, role: string, more: string): Promise<readonly string[]> => {
      await session.run(`BEGIN READ WRITE; ${sql}; SET LOCAL ROLE ${role}; ${more}`);
      const relations = normalEntities(clinic).map((entity) => entity[session.side].relation);
      const rights = await readRights(session, relations);
      await session.run('ROLLBACK');
      return rights.filter(({ granted }) => !granted).map(({ right }) => right);
    };
    expect(await missing(sides.source, reader, 'portage_reader', '')).toEqual([]);
    const ofTarget = `${writer}\n${operator}`;
    expect(await missing(sides.target, ofTarget, 'portage_writer', '')).toEqual([]);
    expect(await missing(sides.target, ofTarget, 'portage_operator', 'SELECT count(*) FROM public.doctors')).toContain(
      'INSERT on public.doctors',
    );
    expect(ofTarget).toContain("SET search_path = '$user', 'public', 'portage'");
  });
});
