/**
 * A session of its own for every step, with the settings that are part of the mapping language (SEMANTICS 1): the same
 * value has the same text on both sides, a row that row level security would hide is an error, and the source is read only.
 */
import type { Socket } from 'node:net';
import pg from 'pg';
import { PortageError } from '../domain/errors.ts';
import { quoteIdentifier, quoteLiteral } from '../domain/identifiers.ts';
import { DataError, translated } from './pg-errors.ts';
import { tlsOptions, type TlsMode } from './tls.ts';

export type Side = 'source' | 'target';

/** Where a database is, and how to get in. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  readonly password: string | null;
  readonly name: string;
  readonly ssl: TlsMode;
  readonly connectionTimeoutMs: number;
}

export interface SessionOptions {
  /** `portage:OPERATION:STEP`, so that an administrator sees whose session it is; cut to the server's 63 bytes. */
  readonly applicationName: string;
  /** Schemas that unqualified names of mapping expressions may mean, beside pg_catalog. */
  readonly searchPath?: readonly string[];
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  readonly idleInTransactionTimeoutMs?: number;
  /** Workers beside the session's own process that a query may have, where the server allows more. */
  readonly mostParallelWorkers?: number;
}

/** Rows as arrays or objects of exact texts: nothing is parsed on the way. */
export interface Session {
  readonly side: Side;
  readonly client: pg.Client;
  readonly serverVersion: number;
  readonly pid: number;
  rows<T extends Record<string, string | null>>(text: string, values?: readonly unknown[]): Promise<T[]>;
  one<T extends Record<string, string | null>>(text: string, values?: readonly unknown[]): Promise<T>;
  maybeOne<T extends Record<string, string | null>>(text: string, values?: readonly unknown[]): Promise<T | null>;
  /** Runs a statement for its effect and gives the number of rows that it touched. */
  run(text: string, values?: readonly unknown[]): Promise<number>;
  end(): Promise<void>;
  /** Ends the connection at once, whatever the server still sends. */
  cut(): void;
}

const EXACT_TEXT = { getTypeParser: () => (value: string) => value };

const atMostWorkers = (workers: number): string =>
  `SELECT set_config('max_parallel_workers_per_gather', least(current_setting('max_parallel_workers_per_gather')::int, ${workers})::text, false)`;

const settingsOf = (side: Side, options: SessionOptions, serverVersion: number): string =>
  [
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'postgres'",
    // The shortest text that reads back as the same number; before 12 that needs 3, and has more digits.
    `SET extra_float_digits = ${serverVersion >= 120000 ? 1 : 3}`,
    "SET bytea_output = 'hex'",
    "SET xmloption = 'content'",
    "SET lc_monetary = 'C'",
    "SET client_encoding = 'UTF8'",
    'SET standard_conforming_strings = on',
    'SET row_security = off',
    ...(serverVersion >= 110000 ? ['SET jit = off'] : []),
    ...(options.mostParallelWorkers === undefined ? [] : [atMostWorkers(options.mostParallelWorkers)]),
    `SET search_path = ${['pg_catalog', ...(options.searchPath ?? [])].map(quoteIdentifier).join(', ')}`,
    `SET statement_timeout = ${options.statementTimeoutMs ?? 60_000}`,
    `SET lock_timeout = ${options.lockTimeoutMs ?? 10_000}`,
    `SET idle_in_transaction_session_timeout = ${options.idleInTransactionTimeoutMs ?? 30_000}`,
    `SET application_name = ${quoteLiteral(options.applicationName.slice(0, 63))}`,
    ...(side === 'source' ? ['SET default_transaction_read_only = on'] : []),
    // A dead client is noticed while its statement runs, not when the statement ends (takeover in 0.3 s instead of 6.7 s).
    ...(serverVersion >= 140000 ? ["SET client_connection_check_interval = '1s'"] : []),
  ].join('; ');

class PgSession implements Session {
  readonly side: Side;
  readonly client: pg.Client;
  serverVersion = 0;
  pid = 0;

  constructor(side: Side, client: pg.Client) {
    this.side = side;
    this.client = client;
  }

  async #query(text: string, values: readonly unknown[] = []): Promise<pg.QueryResult<Record<string, string | null>>> {
    try {
      // Without values the simple protocol: a text may hold several statements, and the last result counts.
      const result = values.length === 0 ? await this.client.query(text) : await this.client.query(text, [...values]);
      return ([result].flat().at(-1) ?? result) as pg.QueryResult<Record<string, string | null>>;
    } catch (error) {
      throw translated(error, this.side);
    }
  }

  async rows<T extends Record<string, string | null>>(text: string, values?: readonly unknown[]): Promise<T[]> {
    return (await this.#query(text, values)).rows as T[];
  }

  async one<T extends Record<string, string | null>>(text: string, values?: readonly unknown[]): Promise<T> {
    const rows = await this.rows<T>(text, values);
    const [row] = rows;
    if (row === undefined || rows.length > 1)
      throw new PortageError('SYS008', `expected one row, got ${rows.length}`, { where: text.slice(0, 200) });
    return row;
  }

  async maybeOne<T extends Record<string, string | null>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<T | null> {
    const rows = await this.rows<T>(text, values);
    if (rows.length > 1)
      throw new PortageError('SYS008', `expected at most one row, got ${rows.length}`, { where: text.slice(0, 200) });
    return rows[0] ?? null;
  }

  async run(text: string, values?: readonly unknown[]): Promise<number> {
    return (await this.#query(text, values)).rowCount ?? 0;
  }

  async end(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }

  cut(): void {
    (this.client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
  }
}

/**
 * Opens a session.
 * @throws PortageError SYS001 when the server cannot be reached or refuses, SYS003 when it has no connection left.
 */
export async function openSession(side: Side, address: DatabaseAddress, options: SessionOptions): Promise<Session> {
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    user: address.user ?? undefined,
    password: address.password ?? undefined,
    database: address.name,
    ssl: await tlsOptions(address.ssl),
    connectionTimeoutMillis: address.connectionTimeoutMs,
    types: EXACT_TEXT as unknown as pg.CustomTypesConfig,
  });
  // A connection that dies while no statement runs must not end the process; the next statement reports it.
  client.on('error', () => undefined);
  const session = new PgSession(side, client);
  try {
    await client.connect();
    const facts = await session.one<{ version: string; pid: string }>(
      "SELECT current_setting('server_version_num') AS version, pg_backend_pid() AS pid",
    );
    session.serverVersion = Number(facts.version);
    session.pid = Number(facts.pid);
    await session.run(settingsOf(side, options, session.serverVersion));
    return session;
  } catch (error) {
    await session.end();
    if (error instanceof PortageError && error.code !== 'SYS007' && !(error instanceof DataError)) throw error;
    throw new PortageError(
      translated(error, side).code === 'SYS003' ? 'SYS003' : 'SYS001',
      `no connection to the ${side} database`,
      {
        got: error instanceof Error ? error.message : String(error),
        where: `${address.user ?? 'default user'}@${address.host}:${address.port}/${address.name}`,
      },
      { cause: error },
    );
  }
}

/** Opens a session, gives it to the work, and closes it whatever happens. */
export async function withSession<T>(
  side: Side,
  address: DatabaseAddress,
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(side, address, options);
  try {
    return await work(session);
  } finally {
    await session.end();
  }
}

/** Runs the work without a statement timeout: a look at a whole table takes as long as the table is large. */
export async function unhurried<T>(session: Session, work: () => Promise<T>): Promise<T> {
  const { before } = await session.one<{ before: string }>("SELECT current_setting('statement_timeout') AS before");
  await session.run('SET statement_timeout = 0');
  const result = await work();
  // Not after an error: a session that failed is given up (functions/session-pool.ts).
  await session.run(`SET statement_timeout = ${quoteLiteral(before)}`);
  return result;
}
