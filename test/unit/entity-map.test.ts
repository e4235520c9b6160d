// What the mapping format accepts, and what it says of everything else: all faults at once, each with its place.
import { describe, expect, test } from '@jest/globals';
import { entityMapSchema, mapFaults, parseEntityMap, readEntityMap } from '../../shared/contracts/entity-map.ts';
import type { Entity, EntityMap } from '../../shared/domain/entity-map.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { clinic } from '../../shared/entities/clinic.ts';

const entity = (
  over: { source?: object; target?: object; columns?: object } & Omit<
    Partial<Entity>,
    'source' | 'target' | 'columns'
  > = {},
) => ({
  ...over,
  source: { table: 'public.old', key: ['no'], ...over.source },
  target: { table: 'public.fresh', key: ['id'], identity: ['legacy_id'], ...over.target },
  columns: { legacy_id: 'no', ...over.columns },
});
const map = (entities: Record<string, unknown>, rest: object = {}) => ({ name: 'm', entities, ...rest });
const faults = (json: unknown) => readEntityMap(json).faults;
const paths = (json: unknown) => faults(json).map(({ path }) => path);

describe('the form', () => {
  test('the clinic that ships is a good map', () => {
    expect(faults(clinic)).toEqual([]);
  });

  test('$schema is for editors and is not part of the map', () => {
    expect(parseEntityMap({ $schema: 'x', ...map({ a: entity() }) }, 'm.json')).toEqual(map({ a: entity() }));
  });

  test('one SYS002 lists all faults, of form and of meaning, with got and expected', () => {
    const broken = map(
      {
        parents: entity({ columns: { x: { form: 'no' }, y: 3 } }),
        children: entity({
          target: { table: 'public.children' },
          columns: { parent_id: { ref: 'parent', from: ['p'] }, other: { ref: 'parents', fron: ['p'] } },
          conflicts: 'newest',
        }),
      },
      { settings: { batchrows: 5 } },
    );
    let thrown: unknown;
    try {
      parseEntityMap(broken, 'clinic.json');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(PortageError);
    const { code, message, facts } = thrown as PortageError;
    expect(code).toBe('SYS002');
    expect(facts.where).toBe('clinic.json');
    expect(message.split('\n').map((line) => line.trim())).toEqual([
      'The mapping has 7 faults (clinic.json):',
      expect.stringMatching(
        /^entities\.parents\.columns\.x: none of the forms .*got \{"form":"no"\}, expected a source column, \{"from"\}/,
      ),
      expect.stringMatching(/^entities\.parents\.columns\.y: none of the forms .*got 3/),
      'entities.children.columns.other.from: it is missing (got nothing, expected a list)',
      'entities.children.columns.other: unknown field "fron"; did you mean "from"? (got "fron", expected only ref, from, onMissing)',
      expect.stringMatching(
        /^entities\.children\.conflicts: not well formed \(got "newest", expected one of source_wins/,
      ),
      expect.stringMatching(/^settings: unknown field "batchrows"; did you mean "batchRows"\?/),
      'entities.children.columns.parent_id.ref: there is no entity "parent"; did you mean "parents"? (got parent, expected one of parents, children)',
    ]);
  });

  test.each([
    ['source.table', { source: { table: '' } }, 'source.table'],
    ['an empty key', { source: { key: [] } }, 'source.key'],
    ['a key that is no list', { target: { key: 'id' } }, 'target.key'],
    ['an unknown delete rule', { deletes: 'soft' }, 'deletes'],
    ['a soft delete without a column', { deletes: 'soft:' }, 'deletes'],
    ['an unknown kind of ids', { ids: 'uuid7' }, 'ids'],
    ['an empty expression', { columns: { x: { sql: ' ' } } }, 'columns.x.sql'],
    ['a misspelled onMissing', { columns: { x: { ref: 'a', from: ['b'], onMissing: 'skip' } } }, 'columns.x.onMissing'],
  ])('%s is refused at its place', (_what, over, place) => {
    expect(paths(map({ a: entity(over as object) }))).toEqual([`entities.a.${place}`]);
  });

  test.each([null, [], 'map', 3])('%j is no map', (json) => {
    expect(paths(json)).toEqual(['the map']);
  });

  test('a map needs an entity, and an entity a name that can be typed', () => {
    expect(paths(map({}))).toEqual(['entities']);
    expect(paths(map({ 'a,b': entity() }))).toEqual(['entities["a,b"]']);
    expect(paths(map({ test: entity() }))).toEqual(['entities.test']);
  });

  test.each(['manual', 'source_wins', 'merge_fields then source_wins', 'newest_wins then manual'])(
    'conflicts: %s',
    (conflicts) => {
      const dated = { source: { updatedAt: 'u' }, target: { updatedAt: 'u' } };
      expect(faults(map({ a: entity({ ...dated, conflicts }) }))).toEqual([]);
    },
  );

  test.each(['', 'sourcewins', 'merge_fields, source_wins', 'manual then', 'manual then manual then manual'])(
    'conflicts: "%s" is refused',
    (conflicts) => {
      expect(paths(map({ a: entity({ conflicts }) }))).toEqual(['entities.a.conflicts']);
    },
  );

  test('every setting is known by its name', () => {
    expect(Object.keys(entityMapSchema.shape.settings.unwrap().shape)).toHaveLength(15);
    expect(
      paths(map({ a: entity() }, { settings: { batchRows: 0, overlap: 'both', deleteThresholdPercent: 101 } })),
    ).toEqual(['settings.batchRows', 'settings.overlap', 'settings.deleteThresholdPercent']);
  });
});

describe('the meaning', () => {
  const found = (entities: Record<string, unknown>) => mapFaults(map(entities) as EntityMap).map(({ path }) => path);

  test('a reference gives a column for each key column of its parent', () => {
    const parent = entity({ source: { key: ['a', 'b'] }, target: { table: 'public.parent' } });
    const child = (reference: object) =>
      found({ parent, child: entity({ columns: { parent_id: { ref: 'parent', ...reference } } }) });
    expect(child({ from: ['x', 'y'] })).toEqual([]);
    expect(child({ from: ['x'] })).toEqual(['entities.child.columns.parent_id.from']);
    expect(child({ sql: 's.x' })).toEqual(['entities.child.columns.parent_id.sql']);
  });

  test('nothing can refer to a table whose target key has several columns', () => {
    const parent = entity({
      target: { table: 'public.p', key: ['a', 'b'], identity: undefined },
      columns: { a: 'a', b: 'b' },
    });
    expect(found({ parent, child: entity({ columns: { p: { ref: 'parent', from: ['x'] } } }) })).toEqual([
      'entities.child.columns.p.ref',
    ]);
  });

  test('a key of several columns is filled by the columns, all of it', () => {
    expect(found({ a: entity({ target: { key: ['x', 'y'] }, columns: { x: 'x' } }) })).toEqual([
      'entities.a.target.key',
    ]);
    expect(found({ a: entity({ target: { key: ['x', 'y'] }, columns: { x: 'x', y: 'y' } }) })).toEqual([]);
  });

  test('a reference that is part of a key cannot become NULL', () => {
    const child = entity({ target: { key: ['p'] }, columns: { p: { ref: 'a', from: ['no'], onMissing: 'null' } } });
    expect(found({ a: entity({ target: { table: 'public.a' } }), child })).toEqual([
      'entities.child.columns.p.onMissing',
    ]);
  });

  test('an identity column is mapped or part of the key', () => {
    expect(found({ a: entity({ target: { identity: ['id'] } }) })).toEqual([]);
    expect(mapFaults(map({ a: entity({ target: { identity: ['legacyid'] } }) }) as EntityMap)).toEqual([
      expect.objectContaining({
        path: 'entities.a.target.identity[0]',
        message: expect.stringContaining('did you mean "legacy_id"?'),
      }),
    ]);
  });

  test('an inherited property of objects is no column', () => {
    expect(found({ a: entity({ target: { identity: ['constructor'] } }) })).toEqual(['entities.a.target.identity[0]']);
    expect(found({ a: entity({ columns: { toString: { ref: 'valueOf', from: ['x'] } } }) })).toEqual([
      'entities.a.columns.toString.ref',
    ]);
  });

  test('a column is named once', () => {
    expect(found({ a: entity({ source: { key: ['k', 'k'] } }) })).toEqual(['entities.a.source.key']);
    expect(found({ a: entity({ target: { identity: ['legacy_id', 'legacy_id'] } }) })).toEqual([
      'entities.a.target.identity',
    ]);
  });

  test('two entities write one table only where a constant tells them apart', () => {
    const book = (value: string | null, identity = ['origin', 'legacy_id'], table = 'public.fresh') =>
      entity({ target: { identity, table }, columns: { origin: { value } } });
    expect(found({ a: book('a'), b: book('b') })).toEqual([]);
    expect(found({ a: book('a'), b: book('a') })).toEqual(['entities.b.target.identity']);
    expect(found({ a: book('a'), b: book(null) })).toEqual(['entities.b.target.identity']);
    expect(found({ a: book('a'), b: book('b', ['legacy_id'], 'fresh') })).toEqual(['entities.b.target.identity']);
    expect(found({ a: book('a'), b: book('b'), c: book('b') })).toEqual(['entities.c.target.identity']);
  });

  test('deleted rows are marked in a column that the mapping leaves alone', () => {
    expect(found({ a: entity({ deletes: 'soft:gone_at' }) })).toEqual([]);
    expect(found({ a: entity({ deletes: 'soft:legacy_id' }) })).toEqual(['entities.a.deletes']);
    expect(found({ a: entity({ deletes: 'soft:id' }) })).toEqual(['entities.a.deletes']);
  });

  test('newest_wins needs to know when both sides changed', () => {
    expect(found({ a: entity({ conflicts: 'newest_wins' }) })).toEqual(['entities.a.conflicts']);
    expect(found({ a: entity({ source: { updatedAt: 'u' }, conflicts: 'merge_fields then newest_wins' }) })).toEqual([
      'entities.a.conflicts',
    ]);
    expect(found({ a: entity({ conflicts: 'merge_fields then merge_fields' }) })).toEqual(['entities.a.conflicts']);
  });
});
