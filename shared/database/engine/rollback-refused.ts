/**
 * Finds the rows that the database does not let go or come back: a constraint or a trigger that nobody can foresee. Half of the
 * rows are tried, in a transaction that is given up, beside those that are known to be good; a row that fails alone is kept.
 */
import { DataError } from '../pg-errors.ts';
import type { NextStep } from '../ledger/rollback-steps.ts';
import { transaction } from '../transactions.ts';
import { undoTable } from '../sql/undo.ts';
import { keepRows } from '../sql/undo-record.ts';
import { reasonOf } from './reason.ts';
import {
  decideStep,
  isBusy,
  keepAllReferred,
  lockForManner,
  MANNERS,
  mayHelp,
  sessionOf,
  writeStep,
  type Undoing,
} from './rollback-step.ts';

interface Key {
  readonly of: Undoing;
  readonly key: string;
}

/** Given up whatever it finds: a try writes nothing. */
class GivenUp extends Error {}

/** Lists every row that is refused, with what the database says. */
export async function findRefused(group: readonly Undoing[], step: NextStep, refusal: DataError | null): Promise<void> {
  const all = await keysOf(group, step);
  const refused: { readonly at: Key; readonly error: DataError }[] = [];
  const search = async (good: readonly Key[], keys: readonly Key[]): Promise<readonly Key[]> => {
    const error = await tryKeys(group, step, [...good, ...keys]);
    if (error === null) return keys;
    const [only] = keys;
    if (keys.length === 1 && only !== undefined) {
      refused.push({ at: only, error });
      return [];
    }
    const middle = Math.ceil(keys.length / 2);
    const one = await search(good, keys.slice(0, middle));
    return [...one, ...(await search([...good, ...one], keys.slice(middle)))];
  };
  await search([], all);
  if (refused.length === 0) throw refusal ?? new GivenUp('nothing is refused');
  await transaction(sessionOf(group), async () => {
    await decideStep(group, step);
    for (const { at, error } of refused) {
      const { target, entity } = at.of.worker;
      await target.run(`UPDATE ${undoTable(entity)} w SET verdict = 'refused', detail = $2 WHERE w.k::text = $1`, [
        at.key,
        reasonOf(entity, error).text,
      ]);
    }
    // Only these: whether the others stay is looked at anew.
    for (const each of new Set(refused.map(({ at }) => at.of))) {
      const { target, entity } = each.worker;
      await target.run(`DELETE FROM ${undoTable(entity)} w WHERE w.verdict IS DISTINCT FROM 'refused'`);
      await target.run(keepRows(entity, each.facts));
    }
  });
}

/** Keys that are to be taken back. */
async function keysOf(group: readonly Undoing[], step: NextStep): Promise<Key[]> {
  const found: Key[] = [];
  await transaction(sessionOf(group), async () => {
    await decideStep(group, step);
    for (const of of group) {
      const { target, entity } = of.worker;
      const rows = await target.rows<{ k: string }>(
        `SELECT w.k::text AS k FROM ${undoTable(entity)} w WHERE w.verdict IS NULL ORDER BY w.k`,
      );
      found.push(...rows.map(({ k }) => ({ of, key: k })));
    }
  });
  return found;
}

/** Why these rows cannot be taken back together; null where they can. */
async function tryKeys(group: readonly Undoing[], step: NextStep, keys: readonly Key[]): Promise<DataError | null> {
  let error: DataError | null = null;
  for (const manner of MANNERS) {
    if (!mayHelp(manner, error)) continue;
    try {
      await transaction(sessionOf(group), async () => {
        await lockForManner(group, manner);
        await decideStep(group, step);
        for (const of of group) {
          const own = keys.filter((key) => key.of === of).map(({ key }) => key);
          await of.worker.target.run(
            `UPDATE ${undoTable(of.worker.entity)} w SET verdict = 'refused' WHERE w.verdict IS NULL AND w.k::text <> ALL ($1::text[])`,
            [own],
          );
        }
        await keepAllReferred(group);
        await writeStep(
          group,
          group.map(() => '0'),
          manner,
        );
        throw new GivenUp();
      });
    } catch (thrown) {
      if (thrown instanceof GivenUp) return null;
      if (isBusy(manner, thrown)) continue;
      if (!(thrown instanceof DataError)) throw thrown;
      error ??= thrown;
    }
  }
  return error;
}
