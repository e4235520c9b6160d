/**
 * What a strategy would do to open differences: decided as in a real run, on rows as they are now, in a transaction that is
 * taken back. No row of the target is locked.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { comparesMoments, type Settlement } from '../../domain/settlement.ts';
import type { Session } from '../session.ts';
import { findByIdentity, gather, judge } from '../sql/decide.ts';
import { recordDifferentials } from '../sql/record.ts';
import { gatherVanishedKeys, openAfter, openOf, triedRows } from '../sql/resolve.ts';
import { createScratch, copyIn, emptyStage } from '../sql/scratch.ts';
import { settle } from '../sql/settle.ts';
import { copyOut } from '../sql/source.ts';
import { DataError } from '../pg-errors.ts';
import { copyRows } from './copy-rows.ts';

const WHOLE = { from: null, to: null };
const MOST_KEYS = 1000;

export interface Tried {
  readonly conflictId: string;
  readonly legacyId: string;
  readonly kind: string;
  readonly rule: string | null;
  readonly action: string | null;
  /** S005: nobody decides; moved: it changed since; gone: it differs no more; unreadable: an expression fails on its row. */
  readonly code: string | null;
  readonly columns: readonly {
    readonly column: string;
    readonly source: string | null;
    readonly target: string | null;
    readonly result: string | null;
  }[];
}

interface Sides {
  readonly source: Session;
  readonly target: Session;
}

/**
 * Gives the open differences page by page.
 * @param only one of them, by its id
 */
export async function* tryStrategy(
  sides: Sides,
  compiled: CompiledEntity,
  map: string,
  settlement: Settlement,
  only: string | null = null,
): AsyncGenerator<readonly Tried[]> {
  const { target } = sides;
  const stagesMoment = comparesMoments(settlement) && compiled.moments !== null;
  const entity = { ...compiled, stagesMoment };
  await target.run('DISCARD TEMP');
  await target.run(createScratch(entity));
  for (let after: string | null = null; ;) {
    const page: { legacy_key: string }[] = await target.rows(openAfter(entity), [
      settlement.types,
      after,
      MOST_KEYS,
      only,
    ]);
    const keys = page.map((row) => row.legacy_key);
    if (keys.length === 0) return;
    await target.run(emptyStage(entity));
    const readable = await stageReadable(sides, entity, keys);
    const unreadable = keys.filter((key) => !readable.includes(key));
    yield await takenBack(target, () => decide(target, entity, map, settlement, readable));
    if (unreadable.length > 0) yield await undecidable(target, entity, settlement, unreadable);
    after = keys.at(-1) ?? null;
  }
}

/** Stages the rows of the keys. @returns those whose row can be read: an expression that fails on one of them stages none, so that it is looked for by halves */
async function stageReadable(
  { source, target }: Sides,
  entity: CompiledEntity,
  keys: readonly string[],
): Promise<readonly string[]> {
  try {
    await copyRows(source, copyOut(entity, { keys: [...keys] }), target, copyIn(entity));
    return keys;
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    if (keys.length === 1) return [];
    const middle = Math.ceil(keys.length / 2);
    const first = await stageReadable({ source, target }, entity, keys.slice(0, middle));
    return [...first, ...(await stageReadable({ source, target }, entity, keys.slice(middle)))];
  }
}

/** Differences of rows that the source cannot give: no strategy is asked. */
async function undecidable(
  target: Session,
  entity: CompiledEntity,
  settlement: Settlement,
  keys: readonly string[],
): Promise<readonly Tried[]> {
  const rows = await target.rows(openOf(entity), [keys, settlement.types]);
  return rows.map((row) => ({
    conflictId: row['id'] ?? '',
    legacyId: row['legacy_key'] ?? '',
    kind: row['comparison_type'] ?? '',
    rule: null,
    action: null,
    code: 'unreadable',
    columns: [],
  }));
}

async function takenBack<T>(target: Session, work: () => Promise<T>): Promise<T> {
  await target.run('BEGIN');
  try {
    return await work();
  } finally {
    await target.run('ROLLBACK');
  }
}

async function decide(
  target: Session,
  entity: CompiledEntity,
  map: string,
  settlement: Settlement,
  keys: readonly string[],
): Promise<readonly Tried[]> {
  const facts = { map, mode: 'differential' as const, unmapped: false, final: true, dry: false };
  await target.run(gather(entity, WHOLE, facts));
  await target.run(gatherVanishedKeys(entity), [keys]);
  for (const statement of findByIdentity(entity)) await target.run(statement);
  await target.run(judge(entity, 'differential', false));
  await target.run(settle(entity, settlement));
  // Under any operation that there is: it is taken back.
  const { last } = await target.one<{ last: string }>('SELECT max(operation_no) AS last FROM portage.operations');
  await target.run(recordDifferentials(entity, { operationNo: Number(last), batchNo: '0' }));
  const rows = await target.rows(triedRows(entity), [keys, settlement.types]);
  return rows.map((row) => ({
    conflictId: row['id'] ?? '',
    legacyId: row['legacy_key'] ?? '',
    kind: row['comparison_type'] ?? '',
    rule: row['rule'] ?? null,
    action: row['rule'] === null ? null : (row['decided'] ?? null),
    code: row['found'] === 'true' ? (row['code'] ?? null) : 'gone',
    columns: JSON.parse(row['columns'] ?? '[]') as Tried['columns'],
  }));
}
