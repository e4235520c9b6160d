// What the compiler says of a map in TypeScript: each @ts-expect-error is an error in an editor.
import { expect, test } from '@jest/globals';
import { mapFaults } from '../../shared/contracts/entity-map.ts';
import { defineEntities } from '../../shared/entities/define-entities.ts';

test('a good map comes back as it was given', () => {
  const map = defineEntities({
    name: 'good',
    entities: {
      offices: {
        source: { table: 'public.office_mst', key: ['office_no'] },
        target: { table: 'public.offices', key: ['id'], identity: ['legacy_id'] },
        columns: { legacy_id: 'office_no', parent_id: { ref: 'offices', sql: 'nullif(s.parent_no, 0)' } },
      },
      doctors: {
        source: { table: 'public.doctor_mst', key: ['doc_no'] },
        target: { table: 'public.doctors', key: ['id'], identity: ['id'] },
        columns: { office_id: { ref: 'offices', from: ['office_no'], onMissing: 'null' } },
      },
    },
  });
  expect(mapFaults(map)).toEqual([]);
});

test('a reference to an unknown entity does not compile', () => {
  const map = defineEntities({
    name: 'bad',
    entities: {
      doctors: {
        source: { table: 'public.doctor_mst', key: ['doc_no'] },
        target: { table: 'public.doctors', key: ['id'] },
        // @ts-expect-error: it is "doctors"
        columns: { chief_id: { ref: 'doctor', from: ['chief_no'] } },
      },
    },
  });
  expect(mapFaults(map).map(({ path }) => path)).toEqual(['entities.doctors.columns.chief_id.ref']);
});

test('an identity column that is not mapped does not compile', () => {
  const map = defineEntities({
    name: 'bad',
    entities: {
      doctors: {
        source: { table: 'public.doctor_mst', key: ['doc_no'] },
        // @ts-expect-error: it is legacy_id
        target: { table: 'public.doctors', key: ['id'], identity: ['legacy_no'] },
        columns: { legacy_id: 'doc_no' },
      },
    },
  });
  expect(mapFaults(map).map(({ path }) => path)).toEqual(['entities.doctors.target.identity[0]']);
});

test('a form that is not known does not compile', () => {
  const map = defineEntities({
    name: 'bad',
    entities: {
      doctors: {
        source: { table: 'public.doctor_mst', key: ['doc_no'] },
        target: { table: 'public.doctors', key: ['id'] },
        // @ts-expect-error: it is sql
        columns: { name: { expression: 's.doc_nm' } },
      },
    },
  });
  expect(map.name).toBe('bad');
});
