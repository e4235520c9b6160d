/**
 * What a SQLSTATE means here: one table, so that every statement answers alike. Errors of the data are values to the
 * batch (the row is set aside); errors of the connection are retried; the rest is reported.
 */
import type { ErrorCode } from '../domain/errors.ts';
import { PortageError } from '../domain/errors.ts';

export interface DatabaseFault {
  readonly sqlstate: string;
  readonly message: string;
  readonly constraint: string | null;
  readonly column: string | null;
  readonly table: string | null;
}

/** A statement failed because of a row: the value cannot be cast, or a constraint or a trigger refuses it. */
export class DataError extends PortageError {
  readonly fault: DatabaseFault;
  /** `source` or `target`. */
  readonly side: string;
  constructor(code: ErrorCode, fault: DatabaseFault, side: string, cause: unknown) {
    super(
      code,
      fault.message,
      { where: [side, fault.table, fault.column ?? fault.constraint].filter((part) => part !== null).join(' ') },
      { cause },
    );
    this.fault = fault;
    this.side = side;
  }
}

const BY_STATE: Readonly<Record<string, ErrorCode>> = {
  '40P01': 'M010', // deadlock detected
  '40001': 'M010', // serialization failure
  '55P03': 'M010', // lock timeout
  '57014': 'M002', // statement timeout, or cancelled
  '25P03': 'M002', // idle in transaction timeout
  '53300': 'SYS003', // too many connections
  '53200': 'SYS003', // out of memory
  '53100': 'SYS003', // disk full
  '53400': 'SYS003', // a limit of the server, such as temp_file_limit
  '57P01': 'SYS001', // terminated by an administrator, or fenced off by a takeover
  '57P02': 'SYS001',
  '57P03': 'SYS001', // starting up
};
const NEXT: Readonly<Record<string, string>> = {
  '42501': 'Grant what is missing: portage migration-analyzer test-connections --verbose lists it right by right.',
};
/**
 * Classes whose errors belong to a row: data exception (a time zone that does not exist is one), integrity constraint violation,
 * and what somebody's own code says of a row: no branch for it, several rows for a scalar, a view's check option, a trigger.
 */
const DATA_CLASSES = new Set(['09', '20', '21', '22', '23', '27', '2F', '38', '39', '44', 'P0']);
/** Every other class that PostgreSQL has (errcodes.txt): an error of none of them was raised by somebody's own code, for a row. */
const SERVER_CLASSES = new Set(
  '00 01 02 03 08 0A 0B 0F 0L 0P 0Z 10 24 25 26 28 2B 2D 34 3B 3D 3F 40 42 53 54 55 57 58 72 F0 HV XX'.split(' '),
);
/** What a trigger that raises one of these says is of the server all the same: it pretends to be it. */
const INFRASTRUCTURE = new Set(['08', '40', '53', '57', '58', 'XX']);
/** A text that is no value of the type that it is cast to: these types call it a syntax error. */
const PARSERS = /^(tsvector_parser|tsquery|jsonpath_scan|jsonpath_gram)\.[cly]$/;
/** A value that is too large for an index or a page. */
const TOO_LARGE = '54000';

interface ServerError extends Error {
  readonly code: string;
  readonly constraint?: string;
  readonly column?: string;
  readonly table?: string;
  /** Of the server's own source: says what failed, in whatever language it says it. */
  readonly file?: string;
  readonly routine?: string;
}

const isDatabaseError = (error: unknown): error is ServerError =>
  error instanceof Error && 'code' in error && typeof error.code === 'string';

/** True of a code that a trigger or a function made up, and of those that PL/pgSQL raises with. */
export const isRaised = (sqlstate: string): boolean => {
  const ofClass = sqlstate.slice(0, 2);
  return ofClass === 'P0' || !(DATA_CLASSES.has(ofClass) || SERVER_CLASSES.has(ofClass));
};

/** "cannot convert infinity to bigint", NaN too, is no data exception to PostgreSQL, but a feature that is not supported. */
const isOfRow = ({ code, file, routine }: ServerError): boolean => {
  const ofClass = code.slice(0, 2);
  return (
    DATA_CLASSES.has(ofClass) ||
    isRaised(code) ||
    (routine === 'exec_stmt_raise' && !INFRASTRUCTURE.has(ofClass)) ||
    code === TOO_LARGE ||
    (code === '0A000' && file === 'numeric.c') ||
    (code === '42601' && PARSERS.test(file ?? ''))
  );
};

/** A PortageError (a DataError for a fault of a row) for whatever pg threw. */
export function translated(error: unknown, side: string): PortageError {
  if (error instanceof PortageError) return error;
  if (!isDatabaseError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    const lost = /connection|terminated|timeout|ended/i.test(message);
    return new PortageError(lost ? 'SYS001' : 'SYS008', message, { where: side }, { cause: error });
  }
  const state = error.code;
  if (!/^[0-9A-Z]{5}$/.test(state))
    return new PortageError('SYS001', error.message, { where: side, got: state }, { cause: error });
  if (isOfRow(error)) {
    const fault = {
      sqlstate: state,
      message: error.message,
      constraint: error.constraint ?? null,
      column: error.column ?? null,
      table: error.table ?? null,
    };
    return new DataError(state === '23503' ? 'M003' : 'M012', fault, side, error);
  }
  const code = BY_STATE[state] ?? (state.startsWith('08') ? 'SYS001' : 'SYS007');
  const next = NEXT[state];
  const facts = { where: side, got: `SQLSTATE ${state}`, ...(next === undefined ? {} : { next }) };
  return new PortageError(code, error.message, facts, { cause: error });
}

/** States of a server that refuses now and may not later. */
const REFUSED_FOR_NOW = /^(08...|53300|57P0[123])$/;
/** What node says of a connection that is not there. */
const NOT_THERE =
  /^E(CONNREFUSED|CONNRESET|CONNABORTED|TIMEDOUT|PIPE|HOSTUNREACH|HOSTDOWN|NETUNREACH|NOTFOUND|AI_AGAIN)$/;

/** Whether the server does not let this user in: no such role, a wrong password, or a token that it does not take. */
export function isRefusedLogin(error: unknown): boolean {
  const cause = error instanceof PortageError ? error.cause : error;
  return isDatabaseError(cause) && cause.code.startsWith('28');
}

/** Whether the same connection may be had later: it was lost, or refused for now. A wrong password stays wrong. */
export function isConnectionLoss(error: PortageError): boolean {
  if (error.code !== 'SYS001' && error.code !== 'SYS003') return false;
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at && !(at instanceof PortageError) ? String(at.code) : '';
    // Several addresses of one host: what the first of them said counts.
    const first = at instanceof AggregateError ? (at.errors[0] as { code?: string } | undefined)?.code : undefined;
    if ([code, first ?? ''].some((one) => REFUSED_FOR_NOW.test(one) || NOT_THERE.test(one))) return true;
    if (code === '' && /timeout|terminated unexpectedly|Connection terminated/i.test(at.message)) return true;
  }
  return false;
}
