/**
 * Proves that an entity is complete by its two key sets: every key that the source has now is mapped with both bases, or
 * is named in the ledger as set aside, parked or recorded. Values are not compared. Reads in ranges, so that no snapshot
 * of the source lives long and memory is bounded.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { Session } from '../session.ts';
import { unhurried } from '../session.ts';
import {
  analyzeKeys,
  countClasses,
  createKeys,
  emptyKeys,
  firstOfClasses,
  KEY_CLASSES,
  keysIn,
  keysOut,
  lastKey,
  type KeyClass,
} from '../sql/prove.ts';
import { nullKeys } from '../sql/source.ts';
import { copyRows } from './copy-rows.ts';

/** Keys of one look: about half a second of COPY. */
const RANGE_KEYS = 250_000;
/** As many keys of a class as a person reads; the ledger has them all. */
const NAMED = 20;
/** Under this name rows with NULL in their key are set aside (prepare.ts). */
const NULL_KEY = '(null)';

export interface KeyProof {
  readonly sourceKeys: number;
  readonly counts: Record<KeyClass, number>;
  /** The first keys of every class but `mapped`. */
  readonly named: Record<Exclude<KeyClass, 'mapped'>, string[]>;
  /** References that are still NULL because their parent was not there. */
  readonly pendingReferences: number;
  readonly proved: boolean;
}

interface Sides {
  readonly source: Session;
  readonly target: Session;
}

/** What is counted while it reads on. */
interface Tally {
  readonly counts: Record<KeyClass, number>;
  readonly named: Record<Exclude<KeyClass, 'mapped'>, string[]>;
}

const tally = (): Tally => ({
  counts: { mapped: 0, setAside: 0, parked: 0, recorded: 0, withoutBase: 0, missing: 0 },
  named: { setAside: [], parked: [], recorded: [], withoutBase: [], missing: [] },
});

function note({ counts, named }: Tally, kind: Exclude<KeyClass, 'mapped'>, key: string): void {
  if (named[kind].length < NAMED) named[kind].push(key);
  counts[kind] += 1;
}

export const proveKeys = (sides: Sides, entity: CompiledEntity): Promise<KeyProof> =>
  unhurried(sides.source, () => unhurried(sides.target, () => prove(sides, entity)));

async function prove(sides: Sides, entity: CompiledEntity, rangeKeys = RANGE_KEYS): Promise<KeyProof> {
  const { source, target } = sides;
  const found = tally();
  // Without an index on the key each range would sort the table again: one look then.
  const limit = entity.order === 'integer' && entity.keyIsUnique ? rangeKeys : undefined;
  await target.run(createKeys(entity));
  for (let from: string | null = null; ;) {
    await target.run(emptyKeys);
    const { rows } = await copyRows(source, keysOut(entity, { from, to: null }, limit), target, keysIn);
    await target.run(analyzeKeys);
    await classify(target, entity, found);
    if (limit === undefined || rows < limit) break;
    from = (await target.one<{ last: string | null }>(lastKey)).last;
  }
  await lookAtNulls(sides, entity, found);
  const { waiting } = await target.one<{ waiting: string }>(
    'SELECT count(*) AS waiting FROM portage.pending_references WHERE entity_id = $1',
    [entity.entityId],
  );
  const { counts, named } = found;
  return {
    sourceKeys: KEY_CLASSES.reduce((sum, kind) => sum + counts[kind], 0),
    counts,
    named,
    pendingReferences: Number(waiting),
    proved: counts.missing === 0 && counts.withoutBase === 0,
  };
}

async function classify(target: Session, entity: CompiledEntity, { counts, named }: Tally): Promise<void> {
  let other = 0;
  for (const row of await target.rows<{ class: KeyClass; keys: string }>(countClasses(entity))) {
    counts[row.class] += Number(row.keys);
    if (row.class !== 'mapped') other += 1;
  }
  if (other === 0) return;
  const rows = await target.rows<{ class: Exclude<KeyClass, 'mapped'>; key: string }>(firstOfClasses(entity, NAMED));
  for (const row of rows) if (named[row.class].length < NAMED) named[row.class].push(row.key);
}

/** Rows with NULL in their key are in no range: they must stand in the list as a group. */
async function lookAtNulls({ source, target }: Sides, entity: CompiledEntity, found: Tally): Promise<void> {
  if (entity.source.nullKey === null || (await source.one(nullKeys(entity)))['rows'] === '0') return;
  const { listed } = await target.one<{ listed: string }>(
    "SELECT EXISTS (SELECT FROM portage.set_aside_rows WHERE entity_id = $1 AND legacy_key = $2 AND state <> 'written')::text AS listed",
    [entity.entityId, NULL_KEY],
  );
  note(found, listed === 'true' ? 'setAside' : 'missing', NULL_KEY);
}
