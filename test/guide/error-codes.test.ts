// Every code of the catalogue can happen, a test sees it happen, and whoever meets it reads a title and a next step.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { failureLines, told } from '../../cli/output/failure.ts';
import { CATALOGUE, ERROR_CODES } from '../../shared/domain/errors.ts';
import { failureOf } from '../../shared/operations/failure.ts';

const ROOT = join(import.meta.dirname, '../..');
/** What names codes as such, and has them happen nowhere. */
const ABOUT_CODES = [
  /shared\/domain\/error(s|-catalogue)\.ts$/,
  /test\/guide\/error-codes\.test\.ts$/,
  /test\/unit\/errors\.test\.ts$/,
];

const texts = { product: '', tests: '' };
beforeAll(async () => {
  texts.product = await textOf(['shared', 'functions', 'cli']);
  texts.tests = await textOf(['test/unit', 'test/database', 'test/workflow', 'test/guide']);
});

async function textOf(folders: readonly string[]): Promise<string> {
  const files = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(ROOT, folder), { recursive: true })).map((file) => join(folder, file)),
    ),
  );
  const wanted = files.flat().filter((file) => file.endsWith('.ts') && !ABOUT_CODES.some((about) => about.test(file)));
  return (await Promise.all(wanted.map((file) => readFile(join(ROOT, file), 'utf8')))).join('\n');
}

test.each(ERROR_CODES)('%s', (code) => {
  const named = new RegExp(`\\b${code}\\b`);
  expect({ happens: named.test(texts.product), isSeen: named.test(texts.tests) }).toEqual({
    happens: true,
    isSeen: true,
  });
  const lines = failureLines(told(failureOf(code, '')), false, (_, text) => text);
  expect(lines).toContain(`${code} ${CATALOGUE[code].title}`);
  expect(lines).toContain(CATALOGUE[code].next);
});
