// Maps from files, the published schema, and the examples of docs/mapping.md.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readEntityMap } from '../../shared/contracts/entity-map.ts';
import { isFresh, publishedSchema } from '../../shared/contracts/publish-schema.ts';
import { clinic } from '../../shared/entities/clinic.ts';
import { loadMap } from '../../shared/entities/load-map.ts';
import { readJson } from '../../shared/entities/read-json.ts';

describe('a mapping file', () => {
  let folder = '';
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'portage-map-'))));
  afterAll(async () => rm(folder, { recursive: true, force: true }));
  const load = async (text: string) => {
    await writeFile(join(folder, 'map.json'), text);
    return loadMap(join(folder, 'map.json'));
  };

  test('is loaded, comments and all', async () => {
    await expect(load(`// the clinic\n${JSON.stringify(clinic)}`)).resolves.toEqual(clinic);
  });

  test('without a name it is the map that ships', async () => {
    await expect(loadMap(null)).resolves.toEqual(clinic);
  });

  test('that does not exist is named', async () => {
    await expect(loadMap(join(folder, 'none.json'))).rejects.toMatchObject({
      code: 'SYS002',
      message: expect.stringContaining('none.json'),
      facts: { got: 'no such file' },
    });
    await expect(loadMap(folder)).rejects.toMatchObject({ code: 'SYS002', facts: { got: 'a folder' } });
  });

  test.each([
    ['{\n  "name": "x"\n  "entities": {}\n}', 'line 3, column 3', '"entities": {}', 'a comma or }'],
    ['{\n  "name": "x",\n}', 'line 3, column 1', '}', 'a key'],
    ['{ "name": ', 'line 1, column 11', 'the end of the file', 'a value'],
    ['', 'line 1, column 1', 'the end of the file', 'a value'],
    ["{ 'name': 1 }", 'line 1, column 3', "'name': 1 }", 'a key'],
    ['[1, 2] x', 'line 1, column 8', 'x', 'the end of the file'],
  ])('with bad JSON is refused with its place: %j', async (text, place, got, expected) => {
    await expect(load(text)).rejects.toMatchObject({
      code: 'SYS002',
      message: expect.stringContaining(`map.json, ${place}`),
      facts: { got, expected },
    });
  });

  test('with a name that objects lose is refused, whether of an entity or of a column', async () => {
    await expect(load('{\n  "name": "x",\n  "entities": { "__proto__": {} }\n}')).rejects.toMatchObject({
      code: 'SYS002',
      message: expect.stringContaining('line 3): entities.__proto__'),
      facts: { got: '__proto__' },
    });
  });

  test('that maps a column twice is refused with both names and lines', async () => {
    const text = '{\n "entities": { "a": { "columns": {\n  "x": 1,\n  "x": 2,\n  "y": 1, "y": 2\n}}}}';
    await expect(load(text)).rejects.toMatchObject({
      code: 'SYS002',
      message: expect.stringMatching(/line 4: entities\.a\.columns\.x\n {2}line 5: entities\.a\.columns\.y/),
    });
  });

  test('without such a name is read as JSON.parse would read it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        fc.pre(!text.includes('"__proto__"'));
        expect(JSON.stringify(readJson(text, 'x'))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });
});

test('the published schema is the current one', () => {
  expect(isFresh()).toBe(true);
  expect(JSON.parse(publishedSchema())).toMatchObject({
    type: 'object',
    required: ['name', 'entities'],
    additionalProperties: false,
  });
});

describe('docs/mapping.md', () => {
  test('every example is a good map', async () => {
    const text = await readFile(new URL('../../docs/mapping.md', import.meta.url), 'utf8');
    const examples = [...text.matchAll(/^```json\n([^]*?)^```/gm)].map(([, example = '']) => example);
    expect(examples.length).toBeGreaterThan(5);
    for (const example of examples) expect(readEntityMap(readJson(example, 'docs/mapping.md')).faults).toEqual([]);
  });
});
