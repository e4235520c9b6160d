import { expect, test } from '@jest/globals';
import type { Relation } from '../../shared/domain/catalog.ts';
import { writeOrder } from '../../shared/domain/write-order.ts';
import { column, foreignKey, table, typeOf } from '../support/relations.ts';

const ID = [column('id', typeOf('uuid'))];
const tables = (...list: Relation[]) => {
  const known = new Map(list.map((relation) => [relation.name, relation]));
  return (entity: string) => known.get(entity);
};

test('the parent of a constraint that cannot wait is written first', () => {
  const target = tables(table('a', ID, { foreignKeys: [foreignKey('b')] }), table('b', ID));
  expect(writeOrder(['a', 'b'], target)).toEqual(['b', 'a']);
});

test('a constraint that waits until the end asks for no order', () => {
  const target = tables(table('a', ID, { foreignKeys: [foreignKey('b', { deferrable: true })] }), table('b', ID));
  expect(writeOrder(['a', 'b'], target)).toEqual(['a', 'b']);
});

test('a table that refers to itself is in no circle with others', () => {
  const target = tables(table('a', ID, { foreignKeys: [foreignKey('a')] }));
  expect(writeOrder(['a'], target)).toEqual(['a']);
});

test('a circle of constraints that cannot wait is named', () => {
  const target = tables(
    table('a', ID, { foreignKeys: [foreignKey('b')] }),
    table('b', ID, { foreignKeys: [foreignKey('a')] }),
  );
  expect(() => writeOrder(['a', 'b'], target)).toThrow(expect.objectContaining({ name: 'M007' }));
});
