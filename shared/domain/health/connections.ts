/** When connections run short, and when a session is leaked: rules over what the server says of its sessions. */

export interface SessionFact {
  readonly pid: number;
  /** As it named itself, `portage:OPERATION:ENTITY` where it is ours. */
  readonly application: string;
  readonly ours: boolean;
  readonly role: string;
  readonly client: string | null;
  readonly state: string;
  /** Since its last change of state. */
  readonly stateSeconds: number;
  /** Age of its transaction; null outside of one. */
  readonly transactionSeconds: number | null;
  readonly waitsFor: string | null;
  readonly blockedBy: readonly number[];
  /** Of the operation that it works for; null where there is none, or the ledger does not know it. */
  readonly operationStatus: string | null;
  /** It has locks on the entity's table that is looked at. */
  readonly holdsTable: boolean;
}

export interface ConnectionLimit {
  /** Who sets it. */
  readonly name: 'the server' | 'the database' | 'the role' | 'Portage';
  readonly used: number;
  readonly most: number;
}

export type Pressure = 'exhausted' | 'short' | 'enough';

/** A fifth of the connections stays free, for the application and for whoever has to look what is wrong. */
const SHORT_SHARE = 0.8;

/** A limit of which nothing is left turns the next session away. */
export const pressureOf = ({ used, most }: ConnectionLimit): Pressure =>
  used >= most ? 'exhausted' : used > most * SHORT_SHARE ? 'short' : 'enough';

/** The limit that is met first. */
export const tightest = (limits: readonly ConnectionLimit[]): ConnectionLimit | null =>
  limits.reduce<ConnectionLimit | null>(
    (worst, limit) => (worst === null || limit.used / limit.most > worst.used / worst.most ? limit : worst),
    null,
  );

export type LeakKind = 'idle in transaction' | 'works for an ended operation' | 'not returned';

export interface Leak {
  readonly pid: number;
  readonly application: string;
  readonly role: string;
  readonly client: string | null;
  readonly kind: LeakKind;
  readonly seconds: number;
  readonly holdsTable: boolean;
}

/** A batch sends its statements one after the other: between two of them pass milliseconds. */
const IDLE_IN_TRANSACTION_SECONDS = 5;
/** An idle function keeps its sessions until its container goes, which Lambda does after some minutes; a process here ends its own. */
const NOT_RETURNED_SECONDS = 900;

/**
 * Sessions that hold what they should have given back: transactions in which nothing happens, of ours and of anybody who
 * holds the table, and sessions of operations that have ended.
 */
export function leaksOf(sessions: readonly SessionFact[]): readonly Leak[] {
  return sessions.flatMap((session) => {
    const kind = leakKind(session);
    if (kind === null) return [];
    const { pid, application, role, client, holdsTable } = session;
    return [{ pid, application, role, client, holdsTable, kind, seconds: session.stateSeconds }];
  });
}

function leakKind(session: SessionFact): LeakKind | null {
  if (!session.ours && !session.holdsTable) return null;
  if (session.state.startsWith('idle in transaction') && session.stateSeconds >= IDLE_IN_TRANSACTION_SECONDS)
    return 'idle in transaction';
  const ended = session.operationStatus !== null && session.operationStatus !== 'running';
  if (!session.ours || !ended) return null;
  if (session.state === 'active') return 'works for an ended operation';
  return session.state === 'idle' && session.stateSeconds >= NOT_RETURNED_SECONDS ? 'not returned' : null;
}
