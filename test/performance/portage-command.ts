/** Runs the real command in a process of its own, as a person would, and watches what it needs. */
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { watchMemory } from './process-memory.ts';
import type { Sides } from './sides.ts';

export interface Ran {
  /** From the start of the process to its end. */
  readonly ms: number;
  /** The most that the processes held at one time, in bytes. */
  readonly peakBytes: number;
  readonly output: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Where the processes of a benchmark find their databases. */
export const environmentOf = (sides: Sides): Record<string, string> => ({
  SOURCE_DB_URL: sides.source,
  TARGET_DB_URL: sides.target,
  PORTAGE_MAP: sides.mapFile,
  PORTAGE_LOG_DIR: join(tmpdir(), 'portage-bench-logs'),
});

/** Runs a script of this repository under Node. @throws when it ends with another code than those that are expected. */
export async function runScript(
  script: string,
  args: readonly string[],
  sides: Sides,
  codes: readonly number[] = [0],
): Promise<Ran> {
  const started = performance.now();
  const child = spawn(process.execPath, [join(root, script), ...args], {
    cwd: root,
    env: { ...process.env, ...environmentOf(sides) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const memory = watchMemory(child.pid ?? 0);
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  const ms = performance.now() - started;
  const peakBytes = memory.stop();
  if (code === null || !codes.includes(code))
    throw new Error(`${script} ${args.join(' ')} ended with ${String(code)}\n${output}${errors}`);
  return { ms, peakBytes, output };
}

export const runPortage = (args: readonly string[], sides: Sides, codes?: readonly number[]): Promise<Ran> =>
  runScript('cli/portage.js', [...args, '--json'], sides, codes);

/** The load that everything here measures. */
export const migrateOrders = (sides: Sides): Promise<Ran> =>
  runPortage(['differential-migration', 'migrate', '--entities', 'orders'], sides);
