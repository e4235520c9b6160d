// The table of SEMANTICS 14 in synchronization, walked cell by cell with every strategy: what becomes of the row, what is
// recorded, and that the next run has nothing to decide.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Mode } from '../../shared/database/sql/decide.ts';
import type { CompiledEntity } from '../../shared/domain/compiled/types.ts';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { comparesMoments, settlementOf } from '../../shared/domain/settlement.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';

const SOURCE = `CREATE TABLE part (no integer PRIMARY KEY, a text, b text, at timestamptz NOT NULL DEFAULT '2024-01-01');
  INSERT INTO part (no, a, b) SELECT n, 'a', 'b' FROM generate_series(1, 40) n`;
const TARGET = `CREATE TABLE parts (id uuid PRIMARY KEY, legacy_id integer UNIQUE, a text, b text, at timestamptz NOT NULL DEFAULT '2024-01-01', own text)`;
const map = {
  name: 'parts',
  entities: {
    parts: {
      source: { table: 'public.part', key: ['no'], updatedAt: 'at' },
      target: { table: 'public.parts', key: ['id'], identity: ['legacy_id'], updatedAt: 'at' },
      columns: { legacy_id: 'no', a: 'a', b: 'b' },
    },
  },
} satisfies EntityMap;

const STRATEGIES = [
  'manual',
  'source_wins',
  'target_wins',
  'newest_wins',
  'newest_wins then source_wins',
  'merge_fields',
  'merge_fields then source_wins',
  'merge_fields then target_wins',
] as const;
type Strategies = (typeof STRATEGIES)[number];

/** What stands in the target afterwards, and the rule that decided: null where nobody did. */
type Outcome = readonly [row: string | null, rule: string | null, open: string | null];

interface Cell {
  readonly source: string;
  readonly target: string;
  /** For every strategy alike, or by strategy. */
  readonly outcome: Outcome | ((strategies: Strategies) => Outcome);
}

const TARGET_WINS = (s: Strategies): boolean => s === 'target_wins' || s === 'merge_fields then target_wins';
/** Where the strategy's first part has nothing to go by, the second decides, or nobody. */
const second = (s: Strategies, source: Outcome, target: Outcome, undecided: Outcome): Outcome => {
  if (s === 'source_wins' || s.endsWith('then source_wins')) return [source[0], 'source_wins', source[2]];
  return TARGET_WINS(s) ? [target[0], 'target_wins', target[2]] : undecided;
};

const CELLS: Readonly<Record<string, Cell>> = {
  'unchanged, unchanged': { source: '', target: '', outcome: ['ab', null, null] },
  'changed, unchanged': { source: "UPDATE part SET a = 'S'", target: '', outcome: ['Sb', null, null] },
  'unchanged, changed': { source: '', target: "UPDATE parts SET a = 'T'", outcome: ['Tb', null, 'value'] },
  'changed to the same': {
    source: "UPDATE part SET a = 'X'",
    target: "UPDATE parts SET a = 'X'",
    outcome: ['Xb', null, null],
  },
  'changed in the same column otherwise': {
    source: "UPDATE part SET a = 'S'",
    target: "UPDATE parts SET a = 'T'",
    outcome: (s) => second(s, ['Sb', '', null], ['Tb', '', 'value'], ['Tb', null, 'conflict']),
  },
  'changed in other columns': {
    source: "UPDATE part SET a = 'S'",
    target: "UPDATE parts SET b = 'T'",
    outcome: (s) =>
      s.startsWith('merge_fields')
        ? ['ST', 'merge_fields', 'value']
        : second(s, ['Sb', '', null], ['aT', '', 'value'], ['aT', null, 'conflict']),
  },
  'changed in one common and one own column each': {
    source: "UPDATE part SET a = 'S', b = 'S'",
    target: "UPDATE parts SET b = 'T'",
    outcome: (s) => {
      if (s === 'merge_fields then source_wins') return ['SS', s, null];
      if (s === 'merge_fields then target_wins') return ['ST', s, 'value'];
      return second(s, ['SS', '', null], ['aT', '', 'value'], ['aT', null, 'conflict']);
    },
  },
  'changed later in the source': {
    source: "UPDATE part SET a = 'S', at = '2024-03-01'",
    target: "UPDATE parts SET a = 'T', at = '2024-02-01'",
    outcome: (s) =>
      s.startsWith('newest')
        ? ['Sb', 'newest_wins', null]
        : second(s, ['Sb', '', null], ['Tb', '', 'value'], ['Tb', null, 'conflict']),
  },
  'changed later in the target': {
    source: "UPDATE part SET a = 'S', at = '2024-02-01'",
    target: "UPDATE parts SET a = 'T', at = '2024-03-01'",
    outcome: (s) =>
      s.startsWith('newest')
        ? ['Tb', 'newest_wins', 'value']
        : second(s, ['Sb', '', null], ['Tb', '', 'value'], ['Tb', null, 'conflict']),
  },
  'inserted, absent': { source: '', target: '', outcome: ['ab', null, null] },
  'unchanged, deleted': { source: '', target: 'DELETE FROM parts', outcome: [null, null, 'missing'] },
  'changed, deleted': {
    source: "UPDATE part SET a = 'S'",
    target: 'DELETE FROM parts',
    outcome: (s) => second(s, ['Sb', '', null], [null, '', 'missing'], [null, null, 'conflict']),
  },
  'deleted, unchanged': { source: 'DELETE FROM part', target: '', outcome: ['ab', null, 'deleted'] },
  // The map reports deletions: the source's side is told, and carried out by nobody.
  'deleted, changed': {
    source: 'DELETE FROM part',
    target: "UPDATE parts SET a = 'T'",
    outcome: (s) => {
      if (TARGET_WINS(s)) return ['Tb', 'target_wins', null];
      return s === 'source_wins' || s.endsWith('then source_wins') ? ['Tb', null, 'deleted'] : ['Tb', null, 'conflict'];
    },
  },
  'deleted, deleted': { source: 'DELETE FROM part', target: 'DELETE FROM parts', outcome: [null, null, null] },
};

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(SOURCE, TARGET, map);
});
afterAll(() => p.end());

const entity = (strategies: string): CompiledEntity => ({
  ...p.entity('parts'),
  stagesMoment: comparesMoments(settlementOf(strategies)),
});

const run = (strategies: Strategies, mode: Mode = 'differential') =>
  p.work('parts', { settlement: settlementOf(strategies), entity: entity(strategies), mode });
const one = (sql: string, key: string, no: number): string => (sql === '' ? 'SELECT' : `${sql} WHERE ${key} = ${no}`);
const NUMBERED = Object.entries(CELLS).map(([name, cell], i) => [name, i + 1, cell] as const);

/** By number of the row, what a query gives. */
const byNumber = async (sql: string): Promise<ReadonlyMap<number, string | null>> =>
  new Map((await p.rows(sql)).map(({ no, value }) => [Number(no), value ?? null]));
const parts = () => byNumber('SELECT legacy_id AS no, a || b AS value FROM parts');
const physical = () => p.value("SELECT string_agg(concat_ws(' ', id, ctid, xmin, xmax), ',' ORDER BY id) FROM parts");

interface Seen {
  readonly rows: ReadonlyMap<number, string | null>;
  readonly rules: ReadonlyMap<number, string | null>;
  readonly open: ReadonlyMap<number, string | null>;
  readonly untouched: boolean;
  readonly decisions: string | null;
}

/** One run decides; the one after it has nothing to decide and touches no row, and says what is left. */
async function decide(strategies: Strategies): Promise<Seen> {
  await p.reset();
  await p.run('source', "TRUNCATE part; INSERT INTO part (no, a, b) SELECT n, 'a', 'b' FROM generate_series(1, 40) n");
  await p.work('parts');
  for (const [, no, cell] of NUMBERED) {
    await p.run('source', one(cell.source, 'no', no));
    await p.run('target', one(cell.target, 'legacy_id', no));
  }
  await run(strategies);
  const rows = await parts();
  const rules = await byNumber('SELECT legacy_key AS no, rule AS value FROM conflict_decisions');
  const before = await physical();
  const { operation } = await run(strategies);
  return {
    rows,
    rules,
    open: await byNumber(
      `SELECT legacy_key AS no, string_agg(comparison_type, ',') AS value FROM data_differentials
       WHERE NOT resolved AND operation_no = ${operation.operationNo} GROUP BY 1`,
    ),
    // A conflict that stays open is looked at under lock each time.
    untouched:
      strategies.includes('source_wins') || strategies.includes('target_wins') ? (await physical()) === before : true,
    decisions: await p.value(`SELECT count(*) FROM conflict_decisions WHERE operation_no = ${operation.operationNo}`),
  };
}

describe.each(STRATEGIES)('with %s', (strategies) => {
  let seen: Seen;
  beforeAll(async () => {
    seen = await decide(strategies);
  });

  test.each(NUMBERED)('%s', (_, no, cell) => {
    const [row, rule, open] = typeof cell.outcome === 'function' ? cell.outcome(strategies) : cell.outcome;
    expect([seen.rows.get(no) ?? null, seen.rules.get(no) ?? null, seen.open.get(no) ?? null]).toEqual([
      row,
      rule,
      open,
    ]);
  });

  test('the next run decides nothing and touches nothing', () => {
    expect(seen).toMatchObject({ untouched: true, decisions: '0' });
  });
});
