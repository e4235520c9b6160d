/**
 * Pages of docs/ that are made from the code, so that they cannot say anything else than the program. `node cli/docs/pages.ts`
 * writes them, `--check` fails when one is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { commandsPage } from './commands.ts';
import { errorCodesPage } from './error-codes.ts';

/** By their path in docs/. */
export const PAGES: ReadonlyMap<string, () => string> = new Map([
  ['error-codes.md', errorCodesPage],
  ['commands.md', commandsPage],
]);

if (process.argv[1] === import.meta.filename) {
  for (const [path, made] of PAGES) {
    const file = new URL(`../../docs/${path}`, import.meta.url);
    if (!process.argv.includes('--check')) {
      writeFileSync(file, made());
    } else if (readFileSync(file, 'utf8') !== made()) {
      process.stderr.write(`docs/${path} is not what the code says: npm run docs\n`);
      process.exitCode = 1;
    }
  }
}
