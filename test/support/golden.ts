// The exact text of generated SQL, kept in test/database/golden and compared as it is. `UPDATE_GOLDEN=1 npm test` writes it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';

const FOLDER = join(import.meta.dirname, '../database/golden');

/** Statements under headings of their own, so that a difference in review reads as a difference of one builder. */
export function expectGolden(name: string, statements: Readonly<Record<string, string | readonly string[]>>): void {
  const text = Object.entries(statements)
    .map(([builder, sql]) => `-- ${builder}\n${[sql].flat().join(';\n')};\n`)
    .join('\n');
  const file = join(FOLDER, `${name}.sql`);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
}
