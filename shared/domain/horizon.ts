/**
 * When the changes of a source can be read by the transactions that made them, and how (SEMANTICS, DESIGN decision 9). What
 * every transaction below the stored horizon wrote has been consumed; a transaction that was open then, however late it
 * commits, has a number at or above it. Numbers are of one server and of 32 bits on a row.
 */
import type { Relation } from './catalog.ts';
import type { CompiledEntity } from './compiled/types.ts';
import { columnOf, underlying } from './catalog.ts';
import { quoteIdentifier, quoteLiteral } from './identifiers.ts';

/** Up to which transaction a source was read, and what makes its numbers comparable. */
export interface Horizon {
  readonly sourceDatabase: string;
  readonly timeline: string;
  readonly relationFile: string;
  /** Of the entity in the map: another filter or expression shows other rows. */
  readonly shape: string;
  readonly horizon: string;
  /** When the oldest transaction then open began; null where that is not to be seen. */
  readonly oldestBegan: string | null;
  readonly takenAt: string;
}

export interface StoredHorizon extends Horizon {
  /** Seconds since the last full comparison began. */
  readonly fullAge: number;
  /** An operation since then took back, restored or repaired rows of the entity, or a validation refuted what was carried. */
  readonly rewound: boolean;
}

/** What of the entity itself keeps its changes from being read by transactions; null: nothing. */
export function neverByHorizon(entity: CompiledEntity, source: Relation): string | null {
  if (source.kind !== 'table') return `its source is a ${source.kind}`;
  if (entity.normal.readsOtherTables) return 'its expressions read other tables';
  if (!entity.keyIsUnique) return 'no unique index proves its key';
  return null;
}

/** Half of the numbers that a row can carry: beyond them old is taken for new. */
const HALF = 2n ** 31n;
/** So many transactions before that, nobody relies on it any more. */
const MARGIN = 10_000_000n;

/** Why the stored horizon cannot be trusted; null: it can. */
export function distrust(stored: StoredHorizon | null, seen: Horizon, fullEverySeconds: number): string | null {
  if (stored === null) return 'no complete run has left a horizon';
  if (stored.sourceDatabase !== seen.sourceDatabase) return 'the source is another server or database';
  if (stored.timeline !== seen.timeline) return 'the source was restored, or failed over';
  if (stored.relationFile !== seen.relationFile) return 'the table was rewritten';
  if (stored.shape !== seen.shape) return 'the map says something else of it';
  if (stored.rewound) return 'rows were taken back, restored or repaired, or a validation found differences';
  const passed = BigInt(seen.horizon) - BigInt(stored.horizon);
  if (passed < 0n) return 'the source counts fewer transactions than before';
  if (passed > HALF - MARGIN) return 'too many transactions have passed';
  if (stored.fullAge >= fullEverySeconds) return 'the full comparison is due';
  return null;
}

/** Clients' clocks may be behind, and a local time may be any zone's: how far back a moment is looked for. */
const OVERLAP: Readonly<Record<string, string>> = {
  timestamptz: '10 minutes',
  timestamp: '15 hours',
  date: '2 days',
};

/** How far the transaction that made the source row's version is beyond the horizon; half of all numbers and more: it is below. */
const beyond = (horizon: string): string =>
  `((s.xmin::text::bigint - ${BigInt(horizon) % 2n ** 32n} + 4294967296) % 4294967296)`;

/** A condition over the source row `s`: its version was made by a transaction at or above the horizon. */
export const writtenSince = (horizon: string): string => `${beyond(horizon)} < ${HALF}`;

/** The same, for what a snapshot (`xmin:xmax:list`) does not see: a transaction that stays open holds no others up. */
export function unseenBy(snapshot: string): string {
  const [horizon = ''] = snapshot.split(':');
  return `${writtenSince(horizon)} AND NOT txid_visible_in_snapshot(${BigInt(horizon)} + ${beyond(horizon)}, ${quoteLiteral(snapshot)})`;
}

/** A condition over the source row `s`: rows whose version was made at or above the horizon; and by what it is found. */
export function changedSince(
  entity: CompiledEntity,
  source: Relation,
  stored: Horizon,
): { readonly condition: string; readonly by: string } {
  const byTransaction = writtenSince(stored.horizon);
  const { updatedAt } = entity.normal.source;
  const declared = updatedAt === null ? undefined : columnOf(source, updatedAt)?.typeInfo;
  const type = declared === undefined ? undefined : underlying(declared);
  const overlap = type?.builtin === true ? OVERLAP[type.name] : undefined;
  const indexed = source.indexes.some((index) => index.columns[0] === updatedAt);
  if (updatedAt === null || type === undefined || overlap === undefined || !indexed || stored.oldestBegan === null)
    return { condition: byTransaction, by: 'transaction' };
  const since = `(${quoteLiteral(stored.oldestBegan)}::timestamptz - interval '${overlap}')::${type.name}`;
  return { condition: `s.${quoteIdentifier(updatedAt)} >= ${since} AND ${byTransaction}`, by: updatedAt };
}
