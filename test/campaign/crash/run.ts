/** A migration by the real command in a process of its own, which may be killed at a statement, and one in this process. */
import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { localExecutions } from '../../../cli/local/executions.ts';
import { closeDependencies } from '../../../functions/dependencies.ts';
import { setVariables } from '../../../shared/config.ts';
import type { FinishMigrationOutput } from '../../../shared/contracts/migration.ts';
import { COUNT_FILE, POINT, type Point } from '../statement-signal.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const PRELOAD = fileURLToPath(new URL('../statement-signal.ts', import.meta.url));

export interface Databases {
  readonly source: string;
  readonly target: string;
  /** A folder that has the map in `map.json`. */
  readonly folder: string;
}

/** Of a run that is not sequential. */
export const LANES = 4;

const environment = ({ source, target, folder }: Databases): Record<string, string> => ({
  SOURCE_DB_URL: source,
  TARGET_DB_URL: target,
  PORTAGE_MAP: join(folder, 'map.json'),
  PORTAGE_LOG_DIR: join(folder, 'logs'),
  PORTAGE_HASH_KEY: 'a key that tests share',
  PORTAGE_LANES: String(LANES),
});

interface Ran {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly output: string;
}

function command(databases: Databases, args: readonly string[], more: Record<string, string>): Promise<Ran> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', PRELOAD, join(root, 'cli/portage.js'), ...args],
    // The flags that make this process a test runner are not the command's.
    { cwd: root, env: { ...process.env, NODE_OPTIONS: '', ...environment(databases), ...more } },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve({ code, signal, output }));
  });
}

const migrateArgs = (sequential: boolean): readonly string[] => [
  'differential-migration',
  'migrate',
  '--json',
  '--batch-size',
  '7',
  ...(sequential ? ['--sequential'] : []),
];

/** Runs the migration to its end. @returns the number of statements that it sent */
export async function undisturbed(databases: Databases): Promise<number> {
  const countFile = join(databases.folder, 'statements');
  const { code, output } = await command(databases, migrateArgs(true), { [COUNT_FILE]: countFile });
  if (code !== 0 && code !== 1) throw new Error(`the undisturbed run ended with ${code}\n${output}`);
  return Number(await readFile(countFile, 'utf8'));
}

/** @returns whether the process was killed; false: it came to its end before that point */
export async function killed(databases: Databases, point: Point, sequential: boolean): Promise<boolean> {
  const { signal, code, output } = await command(databases, migrateArgs(sequential), {
    [POINT]: JSON.stringify(point),
  });
  if (signal === 'SIGKILL') return true;
  if (code !== 0 && code !== 1) throw new Error(`the run that should be killed ended with ${code}\n${output}`);
  return false;
}

/** `migrate` or `resume` in this process. @throws when it fails */
export async function runHere(databases: Databases, input: Record<string, unknown>): Promise<FinishMigrationOutput> {
  await closeDependencies();
  setVariables(environment(databases));
  const executions = localExecutions();
  const { name } = await executions.start('migration', randomUUID(), input);
  const { output, error, cause } = await executions.wait(name);
  await closeDependencies();
  if (error !== null) throw new Error(`${String(input['command'])}: ${error}: ${cause ?? ''}`);
  return output as FinishMigrationOutput;
}
