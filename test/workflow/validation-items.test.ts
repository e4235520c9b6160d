// A large table has more pieces than a state has room for: one item of the Map reads several, one after the other.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JudgeOutput } from '../../shared/contracts/validation.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { CLUBS_ROWS, CLUBS_SOURCE, CLUBS_TARGET, clubs } from '../support/clubs.ts';
import { portage, type Around, type Portage } from '../support/portage.ts';

describe('an item of several pieces', () => {
  let p: Portage;
  beforeAll(async () => {
    p = await portage(`${CLUBS_SOURCE} ${CLUBS_ROWS}`, CLUBS_TARGET, clubs);
    await p.migrate();
  });
  afterAll(() => p.end());

  /** As if the table were so large: its one piece is cut into three by the hash of the key. */
  const cut: Around = async (_, go) => {
    const planned = (await go()) as { pieces: readonly object[] };
    await p.run(
      'target',
      `WITH latest AS (SELECT max(operation_no) AS no FROM portage.operations), first AS (
         UPDATE portage.validation_pieces SET selection = '{"part": 0, "of": 4}' WHERE operation_no = (SELECT no FROM latest) RETURNING *)
       INSERT INTO portage.validation_pieces (operation_no, piece, entity_id, check_name, selection, expected_rows)
       SELECT operation_no, n, entity_id, check_name, json_build_object('part', n, 'of', 4), expected_rows FROM first, generate_series(1, 3) n`,
    );
    return { ...planned, pieces: planned.pieces.map((piece) => ({ ...piece, last: 3 })) };
  };
  const validate = (around: Record<string, Around> = {}) =>
    p.execute<JudgeOutput>('validation', { command: 'data-validator validate', entities: ['people'], type: 'completeness' }, { PlanValidation: cut, ...around }); // prettier-ignore

  test('is read to its last piece, and match is said over all of them', async () => {
    const { output } = await validate();
    expect(output).toMatchObject({ verdict: 'match', coverage: { complete: true } });
    const { pieces } = output!.coverage.entities['people']!;
    expect(pieces.map(({ selection }) => selection)).toEqual([0, 1, 2, 3].map((part) => ({ part, of: 4 })));
    expect(pieces.reduce((sum, { sourceRows }) => sum + (sourceRows ?? 0), 0)).toBe(Number(await p.value('SELECT count(*) FROM people'))); // prettier-ignore
  });

  test('goes on after a piece that cannot be read, which is a hole in what is said', async () => {
    const fails: Around = (input, go) => {
      if (input['piece'] === 1) throw new PortageError('SYS007', 'as planned');
      return go();
    };
    const { output } = await validate({ CheckCompleteness: fails });
    expect(output).toMatchObject({ verdict: 'unknown', coverage: { complete: false } });
    expect(output!.coverage.holes).toMatchObject([{ entity: 'people', selection: { part: 1, of: 4 }, code: 'SYS007' }]);
    expect(output!.coverage.entities['people']!.pieces).toHaveLength(3);
  });

  test('may read one entity after the other, by one check after the other, as where there are hundreds of them', async () => {
    const read: unknown[] = [];
    const joined: Around = async (_, go) => {
      const plan = (await go()) as { pieces: readonly { piece: number; entity: string; check: string }[] };
      const last = plan.pieces.length - 1;
      return { ...plan, pieces: [{ ...plan.pieces[0], last }] };
    };
    const seen: Around = (input, go) => {
      read.push(`${String(input['check'])} ${String(input['entity'])}`);
      return go();
    };
    const checks = Object.fromEntries(['Integrity', 'Relationships', 'Completeness', 'Performance'].map((check) => [`Check${check}`, seen])); // prettier-ignore
    const request = { command: 'data-validator validate', entities: 'all', type: 'all' };
    const apart = await p.execute<JudgeOutput>('validation', request, checks);
    const asItems = read.splice(0);
    const { output } = await p.execute<JudgeOutput>('validation', request, { ...checks, PlanValidation: joined });
    expect(new Set(read)).toEqual(new Set(asItems));
    expect(read).toHaveLength(asItems.length);
    expect(new Set(read.map((each) => String(each).split(' ')[0])).size).toBeGreaterThan(2);
    expect(output).toMatchObject({ verdict: apart.output!.verdict, coverage: { complete: true } });
  });
});
