/**
 * The hold of `stop-all-operations --hold`: while it lasts, no operation begins and none is taken up again. Who opens an
 * operation and who sets the hold wait for each other, so that none is opened that the one who holds did not see.
 */
import { PortageError } from '../../domain/errors.ts';
import type { Session } from '../session.ts';
import { transaction } from '../transactions.ts';

const HOLD = 'hold';
const LOCK = "hashtextextended('portage hold', 0)";

/** @returns since when and by whom operations are held; null: they are not */
export const readHold = async (target: Session): Promise<string | null> =>
  (await target.maybeOne<{ value: string }>('SELECT value FROM portage.settings WHERE name = $1', [HOLD]))?.value ??
  null;

/** @throws PortageError M016 while operations are held */
export async function refuseHeld(target: Session): Promise<void> {
  const hold = await readHold(target);
  if (hold === null) return;
  throw new PortageError('M016', 'no operation may begin', { got: `held since ${hold}`, expected: 'no hold' });
}

/**
 * Opens operations, or takes one up, all or nothing.
 * @throws PortageError M016 while operations are held
 */
export const openUnlessHeld = <T>(target: Session, open: () => Promise<T>): Promise<T> =>
  transaction(target, async () => {
    await target.run(`SELECT pg_advisory_xact_lock_shared(${LOCK})`);
    await refuseHeld(target);
    return open();
  });

/** Once this returns, every operation that began is to be seen, and no other begins. A second hold changes nothing. */
export const setHold = (target: Session): Promise<void> =>
  transaction(target, async () => {
    await target.run(`SELECT pg_advisory_xact_lock(${LOCK})`);
    await target.run(
      `INSERT INTO portage.settings (name, value) VALUES ($1, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC by ' || session_user) ON CONFLICT (name) DO NOTHING`,
      [HOLD],
    );
  });

/** @returns whether there was one */
export const liftHold = async (target: Session): Promise<boolean> =>
  (await target.run('DELETE FROM portage.settings WHERE name = $1', [HOLD])) > 0;
