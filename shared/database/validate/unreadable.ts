/** Source rows on which an expression of the map fails: found by halving, because an aggregate does not say where it failed. */
import { PortageError } from '../../domain/errors.ts';
import { DataError } from '../pg-errors.ts';
import { keyLiteral } from '../sql/range.ts';
import { sourceKeys, sourceRowsOf } from '../sql/validate/sums.ts';
import type { Viewer } from './look.ts';

/** Keys asked for at a time. */
const PAGE = 10_000;
const SHRINK = 10;
/** Beyond this the map is wrong, not the rows. */
const MOST = 1_000;

/** @throws PortageError M012 where there are more than a person would look at one by one */
export async function unreadableKeys(viewer: Viewer): Promise<readonly string[]> {
  const { source, entity, look } = viewer;
  const found: string[] = [];
  const test = async (keys: readonly string[]): Promise<void> => {
    try {
      await source.run(`SELECT count(*), sum(hashtext(r.h)) FROM (${sourceRowsOf(entity, look, keys)}) AS r`);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      if (keys.length === 1) {
        found.push(...keys);
        if (found.length > MOST)
          throw new PortageError('M012', `an expression of ${entity.name} fails on more than ${MOST} rows`, {
            where: entity.name,
            got: error.message,
          });
        return;
      }
      const step = Math.ceil(keys.length / SHRINK);
      for (let at = 0; at < keys.length; at += step) await test(keys.slice(at, at + step));
    }
  };
  for (let after: string | null = null; ;) {
    const page: string[] = (
      await source.rows<{ k: string }>(
        sourceKeys(entity, look, after === null ? null : keyLiteral(entity.order, after), PAGE),
      )
    ).map(({ k }) => k);
    if (page.length > 0) await test(page);
    if (page.length < PAGE) return found;
    after = page.at(-1) ?? null;
  }
}
