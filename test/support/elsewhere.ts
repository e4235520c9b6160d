// Migrations in processes of their own, as another person's are: at work, stuck in a batch, killed.
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Portage } from './portage.ts';

const PROGRAM = join(import.meta.dirname, '../../cli/portage.js');
const MIGRATE = ['differential-migration', 'migrate', '--sequential', '--batch-size'];

export interface EndedElsewhere {
  readonly exit: number | null;
  readonly answer: { readonly status?: string; readonly error?: { readonly code: string } };
}
export interface Elsewhere {
  readonly child: ChildProcess;
  readonly ended: Promise<EndedElsewhere>;
}
export interface Others {
  /** A migration that has written doctors and is not done: it writes twenty rows at a time. */
  atWork(): Promise<Elsewhere>;
  /** Does the work while a migration stands still in a batch of offices: somebody else is inserting the same row. */
  stuck(work: (running: Elsewhere, letGo: () => Promise<void>) => Promise<void>): Promise<void>;
  /** Kills what is left. */
  end(): void;
}

export function others(p: Portage): Others {
  const children: ChildProcess[] = [];
  const start = (...words: string[]): Elsewhere => {
    const child = spawn(process.execPath, [PROGRAM, ...words, '--json'], {
      env: { ...process.env, PORTAGE_LOG_DIR: join(process.env['PORTAGE_MAP'] ?? '', '../logs') },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(child);
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => void (out += chunk.toString()));
    const ended = new Promise<EndedElsewhere>((done) =>
      child.once('close', (exit) => done({ exit, answer: JSON.parse(out || '{}') as EndedElsewhere['answer'] })),
    );
    return { child, ended };
  };
  const soon = async (condition: string): Promise<void> => {
    const until = Date.now() + 30_000;
    while ((await p.value(`SELECT (${condition})::text`)) !== 'true') {
      if (Date.now() > until) throw new Error(`within 30 s it did not come to: ${condition}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return {
    async atWork() {
      const running = start(...MIGRATE, '20');
      await soon('EXISTS (SELECT FROM doctors)');
      return running;
    },
    async stuck(work) {
      const letGo = (): Promise<void> => p.run('target', 'ROLLBACK');
      await p.run('target', "BEGIN; INSERT INTO offices VALUES (gen_random_uuid(), 2, 'theirs')");
      try {
        const running = start(...MIGRATE, '100');
        await soon(
          "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'portage:diff%' AND wait_event_type = 'Lock')",
        );
        await work(running, letGo);
      } finally {
        await letGo();
      }
    },
    end() {
      for (const child of children.splice(0)) child.kill('SIGKILL');
    },
  };
}
