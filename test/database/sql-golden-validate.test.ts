// The exact SQL that a verdict rests on, for an entity with one of everything and for one whose identity is no legacy key.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { HashMode } from '../../shared/domain/compiled/verification-types.ts';
import { compareStaged, createFound, explainMissing, keepOnly } from '../../shared/database/sql/validate/compare.ts';
import * as mappings from '../../shared/database/sql/validate/mappings.ts';
import { partColumns, sourcePartsOf, targetPartsOf } from '../../shared/database/sql/validate/parts.ts';
import type { Look } from '../../shared/database/sql/validate/project.ts';
import * as sums from '../../shared/database/sql/validate/sums.ts';
import { writesTo } from '../../shared/database/sql/validate/writes.ts';
import { expectGolden } from '../support/golden.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';

const look = (mode: HashMode, more: Partial<Look> = {}): Look => ({
  mode,
  piece: { part: 0, of: 1 },
  share: null,
  compared: 'everything',
  without: [],
  ...more,
});
const ALL = { keys: true, values: true, references: true };

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(
    `CREATE TABLE maker (no bigint PRIMARY KEY, nm text);
     CREATE TABLE thing (no integer PRIMARY KEY, maker_no bigint, price numeric(10,2), ratio numeric, size bigint, weight double precision, made timestamptz, more jsonb);
     CREATE TABLE word (no integer PRIMARY KEY, w text)`,
    `CREATE TABLE makers (id uuid PRIMARY KEY, legacy_id bigint UNIQUE, name text);
     CREATE TABLE things (id uuid PRIMARY KEY, legacy_id integer UNIQUE, maker_id uuid REFERENCES makers, price numeric(10,2), ratio numeric, size bigint, weight double precision, made timestamptz, more jsonb, origin text);
     CREATE TABLE words (id uuid PRIMARY KEY, word text UNIQUE)`,
    {
      name: 'golden',
      entities: {
        makers: {
          source: { table: 'public.maker', key: ['no'] },
          target: { table: 'public.makers', key: ['id'], identity: ['legacy_id'] },
          columns: { legacy_id: 'no', name: 'nm' },
        },
        things: {
          source: { table: 'public.thing', key: ['no'] },
          target: { table: 'public.things', key: ['id'], identity: ['legacy_id'] },
          columns: {
            legacy_id: 'no',
            maker_id: { ref: 'makers', from: ['maker_no'] },
            price: 'price',
            ratio: 'ratio',
            size: 'size',
            weight: 'weight',
            made: 'made',
            more: 'more',
            origin: { value: 'old' },
          },
        },
        words: {
          source: { table: 'public.word', key: ['no'] },
          target: { table: 'public.words', key: ['id'], identity: ['word'] },
          columns: { word: { sql: 'lower(s.w)' } },
        },
      },
    },
  );
});
afterAll(() => p.end());

test('the text of what a verdict asks', () => {
  const [things, words] = [p.entity('things'), p.entity('words')];
  const buckets = { count: 64, chosen: [3, 5] };
  expectGolden('validate', {
    sourceBuckets: sums.sourceBuckets(things, look('record'), 64),
    'targetBuckets with the witness': sums.targetBuckets(things, look('record'), 64, true),
    'sourceBuckets by text': sums.sourceBuckets(things, look('text'), 64),
    'targetBuckets by sha256, of keys alone, in a sample of a range': sums.targetBuckets(
      things,
      look('sha256', { compared: 'keys', share: 8, piece: { range: { from: '10', to: '20' } } }),
      64,
      false,
    ),
    'sourceBuckets by what the identity holds': sums.sourceBuckets(words, look('record'), 64),
    'targetBuckets by what the identity holds': sums.targetBuckets(words, look('record'), 64, false),
    sourceRowsIn: sums.sourceRowsIn(things, look('record', { without: ['7'] }), buckets),
    targetRowsIn: sums.targetRowsIn(things, look('record', { without: ['7'] }), buckets),
    sourcePartsOf: sourcePartsOf(things, look('record'), ['3']),
    targetPartsOf: targetPartsOf(things, look('record'), ['3']),
    compareStaged: compareStaged(things, ['3'], ALL),
    keepOnly: keepOnly(things, '3', { presence: false, columns: ['price'] }),
    explainMissing: explainMissing(things),
    mappingSums: mappings.mappingSums(things),
    identitySums: mappings.identitySums(things),
    duplicateMappings: mappings.duplicateMappings(things),
    conflictingMappings: mappings.conflictingMappings(things) ?? '',
    danglingMappings: mappings.danglingMappings(things),
    countUnmapped: mappings.countUnmapped(things),
    writesTo: writesTo({ schema: 'public', name: 'thing' }, 180000),
    'writesTo before 12': writesTo({ schema: 'public', name: 'thing' }, 110000),
  });
});

test('parts stand for columns, in their order', () => {
  expect(partColumns(p.entity('things'), look('record'))).toEqual([
    null,
    'maker_id',
    'price',
    'ratio',
    'size',
    'weight',
    'made',
    'more',
  ]);
});

test('and both servers run it', async () => {
  const [things, words] = [p.entity('things'), p.entity('words')];
  await p.target.run(createFound(things));
  for (const mode of ['record', 'text', 'sha256'] as const)
    for (const entity of [things, words]) {
      await p.source.run(sums.sourceBuckets(entity, look(mode), 64));
      await p.source.run(sourcePartsOf(entity, look(mode), ['3']));
      await p.target.run(sums.targetBuckets(entity, look(mode), 64, entity === things));
      await p.target.run(targetPartsOf(entity, look(mode), ['3']));
    }
  await p.target.run(keepOnly(things, '3', { presence: true, columns: [] }));
  await p.target.run(keepOnly(things, '3', { presence: false, columns: ['price'] }));
  expect(await p.target.rows(mappings.identitySums(things))).toEqual([{ rows: '0', hashes: null }]);
});
