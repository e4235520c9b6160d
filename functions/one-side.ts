/** A look at one database by itself: for commands whose answer is also that a side cannot be reached. */
import type { DatabaseConfig } from '../shared/config.ts';
import { withSession, type Session, type Side } from '../shared/database/session.ts';
import { PortageError } from '../shared/domain/errors.ts';
import type { Dependencies } from './dependencies.ts';

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export interface Looked<T> {
  /** `host:port/name`, never a password. */
  readonly address: string;
  readonly found: T | null;
  readonly error: Refusal | null;
}

/** What a look must take at most: whoever asks after health has no patience for a statement that hangs. */
const LOOK_TIMEOUT_MS = 15_000;

/** Opens a session of its own, so that a pool which is exhausted or a session that hangs is not in its way. */
export async function lookAt<T>(
  deps: Pick<Dependencies, 'config' | 'addressOf'>,
  side: Side,
  step: string,
  work: (session: Session, database: DatabaseConfig) => Promise<T>,
): Promise<Looked<T>> {
  const database = deps.config[side];
  if (database === null) {
    const message = `no ${side} database is configured: ${side.toUpperCase()}_DB_URL`;
    return { address: 'none', found: null, error: { code: 'SYS002', message } };
  }
  const address = `${database.host}:${database.port}/${database.name}`;
  const options = { applicationName: `portage:${step}`, statementTimeoutMs: LOOK_TIMEOUT_MS };
  try {
    const open = await deps.addressOf(side);
    return {
      address,
      found: await withSession(side, open, options, (session) => work(session, database)),
      error: null,
    };
  } catch (error) {
    if (!(error instanceof PortageError)) throw error;
    const { got } = error.facts;
    const message = got === undefined ? error.message : `${error.message}: ${got}`;
    return { address, found: null, error: { code: error.code, message } };
  }
}
