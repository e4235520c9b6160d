/**
 * Which way a run finds the changes of an entity: at every row, or only at those that transactions wrote since the stored
 * horizon. Where the next run may begin is looked up before anything is read: what commits later has a number above it.
 */
import { createHash } from 'node:crypto';
import type { Relation } from '../../domain/catalog.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { changedSince, distrust, neverByHorizon, type Horizon, type StoredHorizon } from '../../domain/horizon.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import type { Mode } from '../sql/decide.ts';
import { isSameDatabase } from '../catalog/identity.ts';
import { readHorizon } from '../ledger/horizons.ts';
import type { Detection } from '../ledger/runs.ts';
import type { Session } from '../session.ts';
import type { Worker } from './worker.ts';

interface Sides {
  readonly source: Session;
  readonly target: Session;
}

export interface PathFacts {
  readonly mode: Mode;
  /** The entity's relation of the source. */
  readonly relation: Relation;
  /** As the server of the source named itself when the run began. */
  readonly sourceDatabase: string;
  readonly fullEverySeconds: number;
}

/** Rows set aside get another look each time, one list of keys after the other; more than this are found faster among all. */
const MOST_ASIDE = 1000;

const MOMENT = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

const shapeOf = (entity: CompiledEntity): string =>
  createHash('sha256')
    .update(JSON.stringify([entity.normal, entity.sourceShape]))
    .digest('hex');

/** Where a reading that begins now may be continued; null on a server that only follows another. */
export async function lookAtSource(
  source: Session,
  entity: CompiledEntity,
  sourceDatabase: string,
): Promise<Horizon | null> {
  const relation = entity.source.from.replace(/ AS s$/, '');
  // Open transactions first, then the snapshot: one that is open in the snapshot is seen here, or began after this.
  const open = await source.one(
    `SELECT pg_is_in_recovery()::text AS follows, pg_has_role('pg_read_all_stats', 'USAGE')::text AS sees, to_char(clock_timestamp(), ${MOMENT}) AS now,
       (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()) AS prepared,
       to_char(least(clock_timestamp(), (SELECT min(xact_start) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid())), ${MOMENT}) AS began`,
  );
  if (open['follows'] === 'true') return null;
  const { horizon, timeline, file } = await source.one<{ horizon: string; timeline: string; file: string }>(
    `SELECT txid_snapshot_xmin(txid_current_snapshot()) AS horizon, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline, pg_relation_filenode(${quoteLiteral(relation)}::regclass) AS file`,
  );
  return {
    sourceDatabase,
    timeline,
    relationFile: file,
    shape: shapeOf(entity),
    horizon,
    // When a prepared transaction began nobody knows.
    oldestBegan: open['sees'] === 'true' && open['prepared'] === '0' ? (open['began'] ?? null) : null,
    takenAt: open['now'] ?? '',
  };
}

/** The stored horizon where it can be trusted, or null and why not. */
export async function storedHorizon(
  target: Session,
  entity: CompiledEntity,
  seen: Horizon,
  fullEverySeconds: number,
): Promise<{ readonly stored: StoredHorizon; readonly why: null } | { readonly stored: null; readonly why: string }> {
  const found = await readHorizon(target, entity.entityId ?? 0);
  // A server that moved to another address is the same server.
  const stored =
    found !== null && isSameDatabase(found.sourceDatabase, seen.sourceDatabase)
      ? { ...found, sourceDatabase: seen.sourceDatabase }
      : found;
  const why = distrust(stored, seen, fullEverySeconds);
  return stored === null || why !== null ? { stored: null, why: why ?? '' } : { stored, why };
}

/** Says how to look, why so, and where the next run may begin. */
export async function choosePath(sides: Sides, entity: CompiledEntity, facts: PathFacts): Promise<Detection> {
  const { relation, mode } = facts;
  const never = mode === 'differential' ? neverByHorizon(entity, relation) : `the job's mode is ${mode}`;
  if (never !== null) return { path: 'full', why: never, seen: null };
  const seen = await lookAtSource(sides.source, entity, facts.sourceDatabase);
  if (seen === null) return { path: 'full', why: 'the source is a standby', seen: null };
  const { aside } = await sides.target.one<{ aside: string }>(
    "SELECT count(*) AS aside FROM portage.set_aside_rows WHERE entity_id = $1 AND state = 'open'",
    [entity.entityId],
  );
  if (Number(aside) > MOST_ASIDE) return { path: 'full', why: `${aside} rows were set aside`, seen };
  const { stored, why } = await storedHorizon(sides.target, entity, seen, facts.fullEverySeconds);
  if (stored === null) return { path: 'full', why, seen };
  const { condition, by } = changedSince(entity, relation, stored);
  return {
    path: 'horizon',
    why: `changed since ${stored.takenAt}, by ${by}; rows deleted in the source and edits of the target are found by the next full comparison`,
    seen,
    changed: condition,
  };
}

/** The worker, looking at changed rows alone; as it is where the run looks at every row. */
export const onlyChanged = (worker: Worker, detection: Detection | null): Worker => {
  if (detection?.changed === undefined) return worker;
  const { entity } = worker;
  const source = { ...entity.source, where: [...entity.source.where, detection.changed] };
  return { ...worker, changesOnly: true, entity: { ...entity, source } };
};
