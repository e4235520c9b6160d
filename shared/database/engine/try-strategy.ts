/**
 * What a strategy would do to open differences: decided as in a real run, on rows as they are now, in a transaction that is
 * taken back. No row of the target is locked.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { comparesMoments, type Settlement } from '../../domain/settlement.ts';
import type { Session } from '../session.ts';
import { findByIdentity, gather, judge } from '../sql/decide.ts';
import { recordDifferentials } from '../sql/record.ts';
import { gatherVanishedKeys, openAfter, triedRows } from '../sql/resolve.ts';
import { createScratch, copyIn, emptyStage } from '../sql/scratch.ts';
import { settle } from '../sql/settle.ts';
import { copyOut } from '../sql/source.ts';
import { copyRows } from './copy-rows.ts';

const WHOLE = { from: null, to: null };
const MOST_KEYS = 1000;

export interface Tried {
  readonly conflictId: string;
  readonly legacyId: string;
  readonly kind: string;
  readonly rule: string | null;
  readonly action: string | null;
  /** S005: nobody decides; moved: it changed since; gone: it differs no more. */
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

/** Gives the open differences page by page. */
export async function* tryStrategy(
  sides: Sides,
  compiled: CompiledEntity,
  map: string,
  settlement: Settlement,
): AsyncGenerator<readonly Tried[]> {
  const { source, target } = sides;
  const stagesMoment = comparesMoments(settlement) && compiled.moments !== null;
  const entity = { ...compiled, stagesMoment };
  await target.run('DISCARD TEMP');
  await target.run(createScratch(entity));
  for (let after: string | null = null; ;) {
    const page: { legacy_key: string }[] = await target.rows(openAfter(entity), [settlement.types, after, MOST_KEYS]);
    const keys = page.map((row) => row.legacy_key);
    if (keys.length === 0) return;
    await target.run(emptyStage(entity));
    await copyRows(source, copyOut(entity, { keys }), target, copyIn(entity));
    yield await takenBack(target, () => decide(target, entity, map, settlement, keys));
    after = keys.at(-1) ?? null;
  }
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
