/**
 * `--no-wait` on this machine: the same command in a process of its own, which tells its operation id as soon as the plan
 * has one and then goes on alone.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { executionName } from './execute.ts';
import type { Operation } from '../shared/operations/operation.ts';

export interface Started {
  readonly operationId: string;
  /** Where the answer will be. */
  readonly output: string;
}
/** It ended before it had an operation: its own answer, and its exit status. */
export interface EndedAtOnce {
  readonly answer: string;
  readonly exit: number;
}

const PROGRAM = fileURLToPath(new URL('portage.js', import.meta.url));

export async function startInBackground(
  operation: Operation,
  argv: readonly string[],
  home: string,
): Promise<Started | EndedAtOnce> {
  const folder = resolve(home, 'background');
  mkdirSync(folder, { recursive: true });
  const output = join(folder, `${executionName(operation)}.json`);
  const words = [...argv.filter((word) => word !== '--no-wait' && word !== '--json'), '--json'];
  const file = openSync(output, 'w');
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    detached: true,
    stdio: ['ignore', file, 'ignore', 'ipc'],
  });
  closeSync(file);
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('exit', (code) => done({ answer: readFileSync(output, 'utf8'), exit: code ?? 3 }));
    child.once('message', (message) => {
      child.removeAllListeners('exit');
      if (child.connected) child.disconnect();
      child.unref();
      done({ operationId: String((message as { operationId?: unknown }).operationId), output });
    });
  });
}

/** In the process of its own: tells the one that waits, and lets it go. */
export function announce(operationId: string): void {
  if (process.send === undefined || !process.connected) return;
  process.send({ operationId }, () => {
    if (process.connected) process.disconnect();
  });
}
