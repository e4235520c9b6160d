/** Starts the process that sleeps, and sees whether it sleeps. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Outcome, Work } from './protocol.ts';

const LOOK_MS = 2;

export interface Owner {
  /** Tells it to work. @returns true once it sleeps, false when its work ended before. */
  work(work: Work): Promise<boolean>;
  wake(): void;
  /** How the work ended. */
  outcome(): Promise<string>;
  end(): Promise<void>;
}

/** The state stands behind the name, which is in brackets. */
const isAsleep = (pid: number): boolean =>
  readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/, '').startsWith(' T ');

export async function startOwner(urls: { readonly source: string; readonly target: string }): Promise<Owner> {
  const child = fork(fileURLToPath(new URL('process.ts', import.meta.url)), [urls.source, urls.target], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  await once(child, 'spawn');
  let ended: Promise<string>;
  return {
    async work(work) {
      const state = { over: false };
      const listening = new AbortController();
      const { signal } = listening;
      ended = Promise.race([
        once(child, 'message', { signal }).then(([message]) => (message as Outcome).outcome),
        once(child, 'exit', { signal }).then(([code]) => Promise.reject(new Error(`the owner ended: ${String(code)}`))),
      ]).finally(() => listening.abort());
      ended.then(
        () => (state.over = true),
        () => (state.over = true),
      );
      child.send(work);
      while (!state.over) {
        if (isAsleep(child.pid ?? 0)) return true;
        await pause(LOOK_MS);
      }
      return false;
    },
    wake: () => void child.kill('SIGCONT'),
    outcome: () => ended,
    async end() {
      child.kill('SIGCONT');
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
