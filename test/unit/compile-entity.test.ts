// What an entity is compiled to, against catalogs that no server has to hold.
import { describe, expect, test } from '@jest/globals';
import type { Relation } from '../../shared/domain/catalog.ts';
import { compileEntity } from '../../shared/domain/compiled/compile-entity.ts';
import { type CompileContext } from '../../shared/domain/compiled/key-forms.ts';
import type { CompiledEntity } from '../../shared/domain/compiled/types.ts';
import { normalEntities, type Entity, type EntityMap } from '../../shared/domain/entity-map.ts';
import { column, table, typeOf } from '../support/relations.ts';

const int4 = typeOf('int4');
const text = typeOf('text');
const uuid = typeOf('uuid');
const required = { notNull: true };

const SOURCE: Record<string, Relation> = {
  offices: table('office', [column('office_no', int4, required), column('nm', text)]),
  doctors: table('doctor', [column('doc_no', int4, required), column('office_no', text), column('nm', text)]),
  visits: table('visit', [column('doc_no', int4, required), column('day', typeOf('date'), required)]),
};
const TARGET: Record<string, Relation> = {
  offices: table('offices', [column('id', uuid, required), column('legacy_id', int4), column('name', text)]),
  doctors: table('doctors', [column('id', uuid, required), column('office_id', uuid), column('name', text)]),
  visits: table('visits', [column('doctor_id', uuid, required), column('day', typeOf('date'), required)]),
};
const ENTITIES: Record<string, Entity> = {
  offices: {
    source: { table: 'office', key: ['office_no'] },
    target: { table: 'offices', key: ['id'], identity: ['legacy_id'] },
    columns: { legacy_id: 'office_no', name: 'nm' },
  },
  doctors: {
    source: { table: 'doctor', key: ['doc_no'] },
    target: { table: 'doctors', key: ['id'] },
    columns: { office_id: { ref: 'offices', from: ['office_no'] }, name: 'nm' },
  },
  visits: {
    source: { table: 'visit', key: ['doc_no', 'day'] },
    target: { table: 'visits', key: ['doctor_id', 'day'] },
    columns: { doctor_id: { ref: 'doctors', from: ['doc_no'] }, day: 'day' },
  },
};

interface Change {
  readonly source?: Record<string, Relation>;
  readonly target?: Record<string, Relation>;
  readonly entities?: Record<string, Entity>;
}

function compiled(name: string, change: Change = {}): CompiledEntity {
  const map: EntityMap = { name: 'm', entities: { ...ENTITIES, ...change.entities } };
  const source = { ...SOURCE, ...change.source };
  const target = { ...TARGET, ...change.target };
  const facts = normalEntities(map).map((normal, i) => {
    const own = { normal, source: source[normal.name]!, target: target[normal.name]!, entityId: i + 1 };
    return [normal.name, own] as const;
  });
  const context: CompileContext = {
    facts: new Map(facts),
    cut: new Set(['doctors.office_id']),
    sourceVersion: 180000,
    targetVersion: 180000,
    sourceHasType: () => true,
  };
  return compileEntity(context, name);
}

describe('the legacy key', () => {
  test('of one integer is a number on both sides', () => {
    expect(compiled('offices')).toMatchObject({ order: 'integer', source: { key: 's."office_no"', nullKey: null } });
  });

  test('of several columns is a JSON array, compared by bytes', () => {
    const { order, source } = compiled('visits');
    expect(order).toBe('text');
    expect(source.key).toBe(
      '(CASE WHEN ((s."doc_no")::pg_catalog."int4") IS NOT NULL AND ((s."day")::pg_catalog."date") IS NOT NULL THEN ' +
        'jsonb_build_array((s."doc_no")::pg_catalog."int4", (s."day")::pg_catalog."date")::text END) COLLATE "C"',
    );
  });

  test.each<[string, Partial<Relation>, boolean]>([
    ['a primary key', {}, true],
    ['nothing', { primaryKey: null }, false],
    ['a partial unique index', { primaryKey: null, uniqueKeys: [unique(['office_no'], 'office_no > 0')] }, false],
    ['a unique index with more columns', { primaryKey: null, uniqueKeys: [unique(['office_no', 'nm'])] }, false],
    ['a unique index over an expression', { primaryKey: null, uniqueKeys: [unique([])] }, false],
    ['a unique index', { primaryKey: null, uniqueKeys: [unique(['office_no'])] }, true],
  ])('proved by %s: %#', (_, more, expected) => {
    expect(compiled('offices', { source: { offices: { ...SOURCE['offices']!, ...more } } }).keyIsUnique).toBe(expected);
  });

  test('that may be NULL is looked for, and kept out of every range', () => {
    const nullable = { ...SOURCE['offices']!, columns: [column('office_no', int4), column('nm', text)] };
    const { source } = compiled('offices', { source: { offices: nullable } });
    expect(source.nullKey).toBe('s."office_no" IS NULL');
    expect(source.where).toEqual(['NOT (s."office_no" IS NULL)']);
  });

  test('of a view may be NULL whatever its columns say', () => {
    const view = { ...SOURCE['offices']!, kind: 'view' as const };
    expect(compiled('offices', { source: { offices: view } }).source.nullKey).toBe('s."office_no" IS NULL');
  });
});

describe('a reference', () => {
  test("casts the child's value to the type of its parent's key before it is compared", () => {
    const [column] = compiled('doctors').columns;
    expect(column).toMatchObject({ source: '((s."office_no")::pg_catalog."int4")::bigint', wire: 'pg_catalog.int8' });
  });

  test('knows where its parent is mapped, that it is cut, and that it may be NULL', () => {
    expect(compiled('doctors').references).toEqual([
      expect.objectContaining({ parent: 'offices', parentLeaf: 'portage.uuid_mappings_1', cut: true, nullable: true }),
    ]);
    expect(compiled('visits').references[0]).toMatchObject({ cut: false, nullable: false, onMissing: 'setAside' });
  });

  test('to an entity that the map lacks is a fault', () => {
    const lost = { ...ENTITIES['doctors']!, columns: { office_id: { ref: 'gone', from: ['office_no'] } } };
    const compile = () => compiled('doctors', { entities: { doctors: lost } });
    expect(compile).toThrow(
      expect.objectContaining({ name: 'SYS002', facts: expect.objectContaining({ got: 'gone' }) }),
    );
  });
});

describe('the target key', () => {
  test('that no column fills is a UUID of the mapping and part of the hash', () => {
    const { target } = compiled('offices');
    expect(target).toMatchObject({ keyKind: 'uuid', surrogate: true, keyDesired: null });
    expect(target.hash).toContain('uuid_hash_extended((t."id"), 1)');
    expect(target.hashDesired).toContain('uuid_hash_extended(w.target_uuid, 1)');
  });

  test('that columns fill is text, and the identity too', () => {
    const { target } = compiled('visits');
    expect(target).toMatchObject({ keyKind: 'text', surrogate: false });
    expect(target.keyOfRow).toBe('jsonb_build_array(t."doctor_id", t."day")::text COLLATE "C"');
    expect(target.matchesIdentity).toContain('t."doctor_id" = ');
  });

  test('without an identity leaves nothing to adopt', () => {
    expect(compiled('doctors').target).toMatchObject({ matchesIdentity: null, belongs: null });
  });
});

describe('the shape of bases', () => {
  const changed = (columns: Entity['columns']) =>
    compiled('offices', { entities: { offices: { ...ENTITIES['offices']!, columns } } });
  const { sourceShape, targetShape } = compiled('offices');

  test('is that of the values: another expression of the same type is seen by what it changes', () => {
    const other = changed({ legacy_id: 'office_no', name: { sql: 'upper(s.nm)' } });
    expect([other.sourceShape, other.targetShape]).toEqual([sourceShape, targetShape]);
  });

  test('changes with the type of a column, on both sides', () => {
    const columns = [...TARGET['offices']!.columns.slice(0, 2), column('name', typeOf('jsonb'))];
    const other = compiled('offices', { target: { offices: { ...TARGET['offices']!, columns } } });
    expect(other.sourceShape).not.toBe(sourceShape);
    expect(other.targetShape).not.toBe(targetShape);
  });

  test('changes with the parent of a reference, whose keys mean other rows', () => {
    const other = {
      ...ENTITIES['doctors']!,
      columns: { office_id: { ref: 'doctors', from: ['office_no'] }, name: 'nm' },
    };
    const { sourceShape } = compiled('doctors', { entities: { doctors: other } });
    expect(sourceShape).not.toBe(compiled('doctors').sourceShape);
  });

  test('does not change with a column that is written on insert alone', () => {
    const target = { offices: { ...TARGET['offices']!, columns: [...TARGET['offices']!.columns, column('at', text)] } };
    const columns = { ...ENTITIES['offices']!.columns, at: { sql: 'now()', onInsertOnly: true } };
    const other = compiled('offices', { target, entities: { offices: { ...ENTITIES['offices']!, columns } } });
    expect([other.sourceShape, other.targetShape]).toEqual([sourceShape, targetShape]);
    expect(other.baseColumns).toEqual(['legacy_id', 'name']);
  });

  test('changes with a constant, which is a value of the source as much as any', () => {
    expect(changed({ legacy_id: 'office_no', name: { value: 'a' } }).sourceShape).not.toBe(
      changed({ legacy_id: 'office_no', name: { value: 'b' } }).sourceShape,
    );
  });
});

test('a column that a catalog does not have is a fault of the map, told with its place', () => {
  const columns = { ...ENTITIES['offices']!.columns, phone: 'nm' };
  const compile = () => compiled('offices', { entities: { offices: { ...ENTITIES['offices']!, columns } } });
  expect(compile).toThrow(
    expect.objectContaining({
      name: 'SYS002',
      facts: expect.objectContaining({ where: 'entities.offices.columns.phone' }),
    }),
  );
});

function unique(columns: readonly string[], predicate: string | null = null) {
  return { name: 'u', columns, deferrable: false, predicate };
}
