/**
 * A verdict over databases that nobody stops: an application writes every change to the source and, a moment later, to the
 * target, while validations follow each other and an adversary spoils a row now and then. What he spoils is reported within a
 * minute, with its column, and nothing else ever is.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import type { JudgeOutput } from '../../shared/contracts/validation.ts';
import { portage, type Portage } from '../support/portage.ts';
import { chance, seedOf, trials } from './size.ts';

const ROWS = 20_000;
const WRITES_PER_SECOND = 500;
const ROUND_MS = 50;
const LASTS_MS = trials(600, 15) * 1000;
/** As often as the time allows; the last is planted early enough to be found. */
const SPOILED = trials(40, 4);
const FOUND_WITHIN_MS = 60_000;
/** Rows that are written in every round. */
const HOT = 5;
/** Rows that only the adversary writes. */
const COLD = 2_000;
/** How late a write reaches the target, at most. */
const LAG_MS = 300;

const map = {
  name: 'live',
  entities: {
    shops: {
      source: { table: 'public.shop', key: ['no'] },
      target: { table: 'public.shops', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'no', name: 'name' },
    },
    items: {
      source: { table: 'public.item', key: ['no'] },
      target: { table: 'public.items', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'no', shop_id: { ref: 'shops', from: ['shop_no'] }, title: 'title', stock: 'stock' },
    },
  },
} as const;

let p: Portage;
beforeAll(async () => {
  p = await portage(
    `CREATE TABLE shop (no integer PRIMARY KEY, name text); CREATE TABLE item (no integer PRIMARY KEY, shop_no integer, title text, stock bigint);
     INSERT INTO shop SELECT n, 'Shop ' || n FROM generate_series(1, 20) n;
     INSERT INTO item SELECT n, 1 + n % 20, 'Item ' || n, n FROM generate_series(1, ${ROWS}) n`,
    `CREATE TABLE shops (id uuid PRIMARY KEY, legacy_id integer UNIQUE, name text);
     CREATE TABLE items (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), legacy_id integer UNIQUE, shop_id uuid REFERENCES shops, title text, stock bigint)`,
    map,
    { PORTAGE_SETTLE_MS: '5000' },
  );
  expect((await p.migrate()).output?.status).toBe('completed');
});
afterAll(() => p.end());

interface Round {
  readonly updated: readonly number[];
  readonly value: number;
  readonly added: number;
  /** Added so long ago that it can go. */
  readonly removed: number;
}

const inSource = ({ updated, value, added, removed }: Round): string =>
  `UPDATE item SET stock = ${value}, shop_no = 1 + ${value} % 20 WHERE no IN (${updated.join(', ')});
   INSERT INTO item VALUES (${added}, 1, 'Added', ${value}); DELETE FROM item WHERE no = ${removed}`;
const inTarget = ({ updated, value, added, removed }: Round): string =>
  `UPDATE items SET stock = ${value}, shop_id = (SELECT id FROM shops WHERE legacy_id = 1 + ${value} % 20) WHERE legacy_id IN (${updated.join(', ')});
   INSERT INTO items (legacy_id, shop_id, title, stock) SELECT ${added}, id, 'Added', ${value} FROM shops WHERE legacy_id = 1; DELETE FROM items WHERE legacy_id = ${removed}`;

/** Writes both sides until it is stopped. @returns writes a second, of each side */
async function application(seed: number, stop: AbortSignal): Promise<number> {
  const { number } = chance(seed);
  const [source, target] = [p.sourceUrl, p.targetUrl].map(
    (connectionString) => new pg.Client({ connectionString }),
  ) as [pg.Client, pg.Client];
  await Promise.all([source.connect(), target.connect()]);
  let late: Promise<unknown> = Promise.resolve();
  const begun = performance.now();
  let written = 0;
  for (let round = 0; !stop.aborted; round++) {
    // As many as have come due: a machine that is busy otherwise does not make the application slower.
    const due = Math.ceil(((performance.now() - begun) / 1000) * WRITES_PER_SECOND) - written;
    const updated = [
      ...Array.from({ length: HOT }, (_, i) => i + 1),
      ...Array.from({ length: Math.max(0, due - HOT - 2) }, () => COLD + 1 + number(ROWS - COLD)),
    ];
    const value = ROWS + round;
    const changes = { updated: [...new Set(updated)], value, added: ROWS + 1 + round, removed: ROWS + 1 + round - 40 };
    await source.query(inSource(changes));
    // Writes reach the target late, and in the order in which they were made.
    const arrives = performance.now() + number(LAG_MS);
    late = late.then(() => pause(Math.max(0, arrives - performance.now()))).then(() => target.query(inTarget(changes)));
    written += changes.updated.length + 2;
    await pause(ROUND_MS);
  }
  await late;
  await Promise.all([source.end(), target.end()]);
  return written / ((performance.now() - begun) / 1000);
}

interface Spoiled {
  readonly expected: string;
  readonly at: number;
}

/** Spoils rows of the target, each in another way: rows that nobody else writes, and a still column of one that never rests. */
async function adversary(spoiled: Map<string, Spoiled>, stop: AbortSignal): Promise<void> {
  for (let i = 0; i < SPOILED && !stop.aborted; i++) {
    const key = i % 4 === 1 ? 1 + ((i >> 2) % HOT) : 10 + i;
    const ways = [
      ['value title', `UPDATE items SET title = 'spoiled ' || legacy_id WHERE legacy_id = ${key}`],
      ['value title', `UPDATE items SET title = 'hot, and spoiled' WHERE legacy_id = ${key}`],
      ['missing ', `DELETE FROM items WHERE legacy_id = ${key}`],
      [
        'wrong_parent shop_id',
        `UPDATE items SET shop_id = (SELECT id FROM shops WHERE legacy_id = 1 + (${key} + 1) % 20) WHERE legacy_id = ${key}`,
      ],
    ] as const;
    const [expected, sql] = ways[i % 4]!;
    await p.run('target', sql);
    if (!spoiled.has(String(key))) spoiled.set(String(key), { expected, at: performance.now() });
    await pause(Math.max(0, (LASTS_MS * 0.6) / SPOILED));
  }
}

test(
  'is found under 500 writes a second, and nothing else is',
  async () => {
    const stop = new AbortController();
    const spoiled = new Map<string, Spoiled>();
    const foundAfter = new Map<string, number>();
    const alarms: string[] = [];
    const writing = application(seedOf('live writes'), stop.signal);
    const spoiling = adversary(spoiled, stop.signal);
    const begun = performance.now();
    const all = (): boolean =>
      spoiled.size >= Math.min(SPOILED, 4) && [...spoiled.keys()].every((key) => foundAfter.has(key));
    while (performance.now() - begun < LASTS_MS || (!all() && performance.now() - begun < LASTS_MS + FOUND_WITHIN_MS)) {
      const { output, failure } = await p.execute<JudgeOutput>('validation', {
        command: 'data-validator validate',
        type: 'data_integrity',
        verbose: true,
      });
      expect(failure).toBeNull();
      for (const { entity, legacyId, kind, columns } of output?.differences ?? []) {
        const planted = spoiled.get(legacyId);
        if (entity === 'items' && planted?.expected === `${kind} ${columns.join()}`) {
          if (!foundAfter.has(legacyId)) foundAfter.set(legacyId, performance.now() - planted.at);
        } else alarms.push([entity, legacyId, kind, columns.join()].join(' '));
      }
    }
    await spoiling;
    stop.abort();
    const rate = await writing;

    expect(alarms).toEqual([]);
    expect([...spoiled.keys()].filter((key) => !foundAfter.has(key))).toEqual([]);
    expect(Math.max(...foundAfter.values())).toBeLessThan(FOUND_WITHIN_MS);
    expect(rate).toBeGreaterThan(0.9 * WRITES_PER_SECOND);
  },
  LASTS_MS + 2 * FOUND_WITHIN_MS,
);
