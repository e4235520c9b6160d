// Every command of docs/troubleshooting.md is in the hands of a drill, and every section that has some is drilled in full.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { sectionsOf } from './guide.ts';

const HERE = import.meta.dirname;

test('each section with commands is drilled', async () => {
  const files = (await readdir(HERE)).filter((file) => file.endsWith('.test.ts'));
  const drills = (await Promise.all(files.map((file) => readFile(join(HERE, file), 'utf8')))).join('');
  const sections = await sectionsOf(join(HERE, '../../docs/troubleshooting.md'));
  expect(sections.size).toBeGreaterThan(20);
  expect([...sections.keys()].filter((heading) => !drills.includes(`section('${heading}')`))).toEqual([]);
});
