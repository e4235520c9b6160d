/**
 * What is done regularly, from cron: `npm run maintenance -- daily`. Each duty is a command as a person would type it; one that
 * finds something wrong does not keep the next from its turn, and the worst of their exit statuses is the program's.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig } from '../shared/config.ts';
import { DUTIES, PERIODS } from '../shared/operations/maintenance.ts';
import { processIo } from './io.ts';
import { logFolder, runCommandLine } from './run.ts';

const KEPT_LOG_DAYS = 30;
const DAY_MS = 86_400_000;

/** `{ olderThanDays: 30 }` is `--older-than-days 30`. */
export function wordsOf(input: Readonly<Record<string, unknown>>): readonly string[] {
  const { command, ...fields } = input;
  const flags = Object.entries(fields).flatMap(([field, value]) => {
    const flag = `--${field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return value === true ? [flag] : [flag, String(value)];
  });
  return [...String(command).split(' '), ...flags];
}

export async function removeOldLogs(folder: string, now = Date.now()): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith('.log')) continue;
    const path = join(folder, name);
    if ((await stat(path)).mtimeMs >= now - KEPT_LOG_DAYS * DAY_MS) continue;
    await rm(path);
    removed.push(name);
  }
  return removed;
}

async function main([wanted = 'daily', ...more]: readonly string[]): Promise<number> {
  if (!PERIODS.some((period) => period === wanted)) {
    process.stderr.write(`There is no period ${JSON.stringify(wanted)}: one of ${PERIODS.join(', ')}\n`);
    return 2;
  }
  let worst = 0;
  for (const { period, input, file } of DUTIES) {
    if (period !== wanted) continue;
    const words = [...wordsOf({ ...input, ...(file && { [file.field]: file.name }) }), ...more];
    process.stdout.write(`\n$ portage ${words.join(' ')}\n`);
    worst = Math.max(worst, await runCommandLine([...words], processIo, () => undefined));
  }
  if (wanted === 'daily') {
    const removed = await removeOldLogs(await logFolder(readConfig()));
    process.stdout.write(`\n${removed.length} log files older than ${KEPT_LOG_DAYS} days removed\n`);
  }
  return worst;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
