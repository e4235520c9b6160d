// The documents are lived through: what they show happens, where they lead is there, and what they name exists.
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PAGES } from '../../cli/docs/pages.ts';
import { ERROR_CODES } from '../../shared/domain/errors.ts';
import { CATALOGUE_OF_OPERATIONS } from '../../shared/operations/catalogue.ts';
import { commandOf, PROGRAMS } from '../../shared/operations/operation.ts';
import { anchorsOf, linksOf } from './markdown.ts';
import { beginStory, ROOT, type Story } from './story.ts';

/** Commands are processes of their own, and the machine may be busy with other tests. */
const PATIENCE_MS = 150_000;
/** Documents with commands; those of one story happen in the same two databases, one after the other. */
const STORIES = [
  ['README.md'],
  [
    'docs/getting-started.md',
    'docs/operations.md',
    'docs/triggers.md',
    'docs/jobs.md',
    'docs/synchronization.md',
    'docs/cut-over.md',
  ],
];

const pages = [
  'README.md',
  ...(await readdir(join(ROOT, 'docs'), { recursive: true }))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
].sort();
const textOf = (page: string): Promise<string> => readFile(join(ROOT, page), 'utf8');

describe.each(STORIES.map((files) => ({ name: files.join(', '), files })))('in $name', ({ files }) => {
  let story: Story;
  beforeAll(async () => void (story = await beginStory()));
  afterAll(async () => story.end());

  test.each(files)(
    'every command of %s does what is shown',
    async (file) => {
      expect(await story.read(file)).toEqual([]);
    },
    PATIENCE_MS,
  );
});

describe.each(pages)('%s', (page) => {
  test('leads only to what is there', async () => {
    for (const link of linksOf(await textOf(page))) {
      const [path = '', anchor] = link.split('#');
      const file = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path));
      await expect(
        stat(join(ROOT, file)).then(
          () => file,
          () => `${link}: missing`,
        ),
      ).resolves.toBe(file);
      if (anchor !== undefined) expect(anchorsOf(await textOf(file))).toContain(anchor);
    }
  });

  test('names only codes of the catalogue', async () => {
    // Headings of the guide name the range of a group.
    const text = (await textOf(page)).replace(/\b[A-Z]+\d{3}-[A-Z]+099\b/g, '');
    const named = text.match(/\b(?:[MSV]|SYS)\d{3}\b/g) ?? [];
    expect(named.filter((code) => !(ERROR_CODES as readonly string[]).includes(code))).toEqual([]);
  });

  test('names only commands that there are', async () => {
    const known = new Set(CATALOGUE_OF_OPERATIONS.map(commandOf));
    const programs = Object.keys(PROGRAMS).join('|');
    // The generated page marks those to come by itself.
    const text = page === 'docs/error-codes.md' ? '' : await textOf(page);
    const named = [...text.matchAll(new RegExp(`npx portage ((?:${programs}) [a-z][a-z-]*)`, 'g'))].map(
      (match) => match[1] ?? '',
    );
    expect(named.filter((command) => !known.has(command))).toEqual([]);
  });
});

test.each([...PAGES])('docs/%s is what the code says: npm run docs', async (path, made) => {
  expect(await textOf(`docs/${path}`)).toBe(made());
});
