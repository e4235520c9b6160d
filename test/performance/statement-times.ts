/**
 * Loaded before a command (`node --import`), it sums up what each kind of statement costs: wall time, and processor time of
 * the backend, which other work on the machine hardly changes. The server must be local: backends are read from /proc.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import pg from 'pg';

export interface StatementTime {
  readonly statement: string;
  calls: number;
  wallMs: number;
  cpuMs: number;
}

const times = new Map<string, StatementTime>();

/** Nanoseconds that a process has been on a processor. */
const onProcessor = (pid: number): number => {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]);
  } catch {
    return 0;
  }
};

/** Statements that differ in their numbers and keys alone are of one kind. */
const kindOf = (sql: string): string =>
  sql
    .replace(/'[^']*'::bigint/g, '?')
    .replace(/\b\d+\b/g, '?')
    .replace(/\s+/g, ' ')
    .slice(0, 400);

function add(sql: string, wallMs: number, cpuMs: number): void {
  const statement = kindOf(sql);
  const time = times.get(statement) ?? { statement, calls: 0, wallMs: 0, cpuMs: 0 };
  times.set(statement, time);
  time.calls++;
  time.wallMs += wallMs;
  time.cpuMs += cpuMs;
}

interface Submitted {
  readonly text?: string;
  readonly cursor?: { readonly text?: string };
  once?(event: string, listener: () => void): void;
}

const client = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
const query = client.query;
client.query = function (this: pg.Client & { processID?: number }, ...args: unknown[]) {
  const pid = this.processID ?? 0;
  const [started, before] = [performance.now(), onProcessor(pid)];
  const first = args[0] as string | Submitted;
  const sql = typeof first === 'string' ? first : (first.text ?? first.cursor?.text ?? '?');
  const done = (): void => add(sql, performance.now() - started, (onProcessor(pid) - before) / 1e6);
  const result = query.apply(this, args);
  if (result instanceof Promise) result.then(done, done);
  else if (typeof first !== 'string') for (const event of ['end', 'finish']) first.once?.(event, done);
  return result;
};

process.on('exit', () => {
  const file = process.env['PORTAGE_STATEMENT_TIMES'];
  const sorted = [...times.values()].sort((a, b) => b.cpuMs - a.cpuMs);
  if (file !== undefined) writeFileSync(file, JSON.stringify(sorted));
});
