/**
 * Writes the pages that follow from what is synthesised; `--check` fails where one is stale.
 *
 *     node infra/docs/write.ts [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { addEnvironment } from '../app.ts';
import { environmentNamed } from '../environments.ts';
import { diagramsPage } from './diagrams-page.ts';
import { rolesPage } from './roles-page.ts';
import { scalePage } from './scale-page.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');

/** Pages by their file names. */
export function pages(): ReadonlyMap<string, string> {
  // What is inside a function is no question of a page.
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] }, analyticsReporting: false });
  const stacks = addEnvironment(app, environmentNamed('prod'));
  return new Map([
    ['diagrams.md', diagramsPage(stacks)],
    ['roles.md', rolesPage(stacks)],
    ['scale.md', scalePage()],
  ]);
}

function textOf(file: string): string | null {
  try {
    return readFileSync(join(DOCS, file), 'utf8');
  } catch {
    return null;
  }
}

if (import.meta.main) {
  const stale = [...pages()].filter(([file, page]) => textOf(file) !== page);
  if (!process.argv.includes('--check')) {
    for (const [file, page] of stale) writeFileSync(join(DOCS, file), page);
  } else if (stale.length > 0) {
    process.stderr.write(`Stale: ${stale.map(([file]) => `docs/${file}`).join(', ')}\nRun: npm run docs\n`);
    process.exitCode = 1;
  }
}
