/**
 * Sends its own process a signal at a chosen statement: loaded before a program by `node --import`, or armed by the program
 * itself. So a test reaches every point of a run between two messages to a server, and the product knows nothing of it.
 */
import { writeFileSync } from 'node:fs';
import pg from 'pg';

/** The variables of a preloaded process: the point as JSON, and a file for the number of statements that it sent. */
export const POINT = 'PORTAGE_TEST_SIGNAL_AT';
export const COUNT_FILE = 'PORTAGE_TEST_STATEMENT_COUNT';

/** `sent`: the server has the statement, and nobody waits for its answer; `after`: the answer is here, and nothing was done with it. */
export type When = 'before' | 'sent' | 'after';

export interface Point {
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  readonly when: When;
  /** The n-th statement that matches, from 1. */
  readonly call: number;
  /** A pattern; without one every statement counts. */
  readonly statement?: string;
  /** Statements count from one on that matches this pattern. */
  readonly following?: string;
}

let point: Point | null = null;
let begun = false;
let calls = 0;
let sent = 0;

/** From now on the signal comes at that point; null disarms. */
export function signalAt(next: Point | null): void {
  point = next;
  begun = next?.following === undefined;
  calls = 0;
}

/** Whether the point is reached by this statement. */
function isHere(at: Point, text: string): boolean {
  if (!begun) {
    begun = new RegExp(at.following ?? '').test(text);
    return false;
  }
  return new RegExp(at.statement ?? '').test(text) && ++calls === at.call;
}

interface Submitted {
  readonly text?: string;
  readonly cursor?: { readonly text?: string };
  once?(event: string, listener: () => void): void;
}

const textOf = (first: string | Submitted): string =>
  typeof first === 'string' ? first : (first.text ?? first.cursor?.text ?? '');

const client = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
const query = client.query;
client.query = function (this: pg.Client, ...args: unknown[]) {
  const first = args[0] as string | Submitted;
  sent++;
  const here = point !== null && isHere(point, textOf(first)) ? point : null;
  if (here === null) return query.apply(this, args);
  const send = (): void => {
    point = null;
    process.kill(process.pid, here.signal);
  };
  if (here.when === 'before') send();
  const result = query.apply(this, args);
  if (here.when === 'sent') setImmediate(send);
  if (here.when === 'after') {
    if (result instanceof Promise) result.then(send, send);
    else if (typeof first !== 'string') for (const event of ['end', 'finish']) first.once?.(event, send);
  }
  return result;
};

const preloaded = process.env[POINT];
if (preloaded !== undefined) signalAt(JSON.parse(preloaded) as Point);
const countFile = process.env[COUNT_FILE];
if (countFile !== undefined) process.on('exit', () => writeFileSync(countFile, String(sent)));
