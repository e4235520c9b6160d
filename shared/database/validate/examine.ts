/**
 * Says of rows that differ what differs in them: the source's rows are staged on the target and compared there by the
 * migration's own expressions (sql/validate/compare.ts). A row that cannot be staged or cast is found by taking fewer.
 */
import { DataError } from '../pg-errors.ts';
import { copyRows } from '../engine/copy-rows.ts';
import { copyIn, createScratch, emptyStage } from '../sql/scratch.ts';
import { copyOut, copyOutWithParents, type RowSelection } from '../sql/source.ts';
import { compareStaged, createFound, explainMissing, found, keepOnly, needsParents } from '../sql/validate/compare.ts';
import { chosenKeys, targetRowsOf } from '../sql/validate/sums.ts';
import type { Suspect, Viewer } from './look.ts';

/** Rows staged at a time. */
const STAGED_ROWS = 5_000;
const SHRINK = 8;

/** Prepares the session: an empty list of what is found. */
export async function beginExamination({ target, entity }: Viewer): Promise<void> {
  await target.run(createScratch(entity, { withParents: needsParents(entity), indexed: false }));
  await target.run(createFound(entity));
}

/** Adds what differs in these rows to the list. @returns bytes that were carried over */
export async function examine(viewer: Viewer, suspects: readonly Suspect[]): Promise<number> {
  let bytes = 0;
  let size = STAGED_ROWS;
  for (let at = 0; at < suspects.length;) {
    const some = suspects.slice(at, at + size);
    try {
      bytes += await compareSome(viewer, some);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      if (some.length > 1) {
        size = Math.max(1, Math.floor(some.length / SHRINK));
        continue;
      }
      const [only] = some;
      if (only) await noteUnwritable(viewer, only, error);
    }
    at += some.length;
    size = Math.min(STAGED_ROWS, size * SHRINK);
  }
  await viewer.target.run(explainMissing(viewer.entity));
  return bytes;
}

async function compareSome(viewer: Viewer, suspects: readonly Suspect[]): Promise<number> {
  const { source, target, entity, scope } = viewer;
  // Rows that share a legacy key cannot be told apart: none of them can be compared (SEMANTICS 7).
  const shared = suspects.filter(({ keys }) => new Set(keys).size < keys.length);
  const single = suspects.filter((suspect) => !shared.includes(suspect));
  const keys = single.flatMap((suspect) => suspect.keys);
  await target.run(emptyStage(entity));
  let bytes = 0;
  if (keys.length > 0) {
    const withParents = needsParents(entity);
    const out = withParents ? copyOutWithParents : copyOut;
    const copied = await copyRows(
      source,
      out(entity, selectionOf(viewer, keys)),
      target,
      copyIn(entity, { withParents }),
    );
    bytes = copied.bytes;
  }
  if (single.length > 0)
    await target.run(
      compareStaged(
        entity,
        single.map(({ vk }) => vk),
        scope,
      ),
    );
  for (const { vk, only } of single) if (only !== undefined) await target.run(keepOnly(entity, vk, only));
  if (scope.keys)
    for (const { vk, keys: same } of shared)
      await note(viewer, same[0] ?? vk, vk, 'missing', `duplicate_key: ${same.length} source rows`);
  return bytes;
}

const selectionOf = ({ entity }: Viewer, keys: readonly string[]): RowSelection =>
  entity.order === 'integer' ? { keys } : { chosen: chosenKeys(entity, keys) };

const note = (
  { target, entity }: Viewer,
  legacyKey: string,
  vk: string,
  kind: string,
  reason: string,
): Promise<number> =>
  target.run(
    `INSERT INTO ${found(entity)} (legacy_key, vk, kind, columns, reasons, reason) VALUES ($1, $2, $3, '{}', '{}', $4) ON CONFLICT DO NOTHING`,
    [legacyKey, vk, kind, reason],
  );

/** A row that the map cannot make: missing, or, where the target has one all the same, a row that nobody can vouch for. */
async function noteUnwritable(viewer: Viewer, { vk, keys }: Suspect, error: DataError): Promise<void> {
  const { target, entity, look } = viewer;
  const there = await target.rows(targetRowsOf(entity, look, [vk]));
  await note(viewer, keys[0] ?? vk, vk, there.length === 0 ? 'missing' : 'value', `unwritable ${error.fault.sqlstate}`);
}
