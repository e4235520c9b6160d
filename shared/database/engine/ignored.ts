/**
 * Rows that somebody decided to do without. The decision is about a row as it was: it is kept with a hash of everything that
 * stood in the source, and a row that changes since, or goes, is a case again.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { Session } from '../session.ts';
import { unhurried } from '../session.ts';
import { NULL_KEY, bringBack, ignoreRow, ignoredRows } from '../sql/aside.ts';
import { fingerprints, nullFingerprint } from '../sql/source.ts';

const PAGE = 2000;

interface Sides {
  readonly source: Session;
  readonly target: Session;
}

/** Hashes of what stands in the source for the keys; a key without a row has none. */
async function hashesOf(
  source: Session,
  entity: CompiledEntity,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  return unhurried(source, async () => {
    const keyed = keys.filter((key) => key !== NULL_KEY);
    const found = new Map<string, string>();
    if (keyed.length > 0)
      for (const row of await source.rows<{ key: string; hash: string }>(fingerprints(entity, keyed)))
        found.set(row.key, row.hash);
    if (keyed.length < keys.length) {
      const { hash } = await source.one<{ hash: string | null }>(nullFingerprint(entity));
      if (hash !== null) found.set(NULL_KEY, hash);
    }
    return found;
  });
}

interface Compared {
  readonly unchanged: readonly string[];
  readonly changed: readonly string[];
}

/** Ignored keys by page, with those whose source row is another now told apart. */
async function* comparedPages({ source, target }: Sides, entity: CompiledEntity): AsyncGenerator<Compared> {
  for (let after = ''; ;) {
    const page = await target.rows<{ legacy_key: string; ignored_row: string | null }>(ignoredRows(entity), [
      after,
      PAGE,
    ]);
    const last = page.at(-1);
    if (last === undefined) return;
    const keys = page.map((row) => row.legacy_key);
    const now = await hashesOf(source, entity, keys);
    const isSame = (row: (typeof page)[number]): boolean => (now.get(row.legacy_key) ?? null) === row.ignored_row;
    yield {
      unchanged: page.filter(isSame).map((row) => row.legacy_key),
      changed: page.filter((row) => !isSame(row)).map((row) => row.legacy_key),
    };
    after = last.legacy_key;
  }
}

/** Before an entity's rows are looked at: ignored ones whose source row is another now are open again. */
export async function bringBackChanged(sides: Sides, entity: CompiledEntity): Promise<void> {
  for await (const { changed } of comparedPages(sides, entity))
    if (changed.length > 0) await sides.target.run(bringBack(entity), [changed]);
}

/** For a dry run: what a real one would go on ignoring. */
export async function stillIgnored(sides: Sides, entity: CompiledEntity): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  if (entity.entityId === null) return keys;
  for await (const { unchanged } of comparedPages(sides, entity)) for (const key of unchanged) keys.add(key);
  return keys;
}

/** Notes the decision for each key. @returns the keys that are not on the list of rows set aside */
export async function ignoreRows(
  { source, target }: Sides,
  entity: CompiledEntity,
  keys: readonly string[],
  reason: string,
): Promise<readonly string[]> {
  const hashes = await hashesOf(source, entity, keys);
  const unknown: string[] = [];
  for (const key of keys)
    if ((await target.run(ignoreRow(entity), [key, reason, hashes.get(key) ?? null])) === 0) unknown.push(key);
  return unknown;
}
