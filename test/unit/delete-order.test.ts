// The order of deletions: by the foreign keys of the target, children first.
import { expect, test } from '@jest/globals';
import type { Relation } from '../../shared/domain/catalog.ts';
import { deleteOrder } from '../../shared/domain/delete-order.ts';

type Table = Pick<Relation, 'schema' | 'name' | 'foreignKeys'>;
const table = (name: string, ...parents: readonly string[]): Table => ({
  schema: 'public',
  name,
  foreignKeys: parents.map((parentTable) => ({
    name: parentTable,
    columns: ['x'],
    parentSchema: 'public',
    parentTable,
    parentColumns: ['id'],
    deferrable: false,
    validated: true,
    onDelete: 'cascade',
  })),
});
const order = (tables: Readonly<Record<string, Table>>, chosen = Object.keys(tables)) =>
  deleteOrder(
    Object.keys(tables),
    (entity) => tables[entity],
    (entity) => chosen.includes(entity),
  );

test('rows that refer go before those that they refer to', () => {
  expect(order({ wards: table('w'), shifts: table('s', 'n'), nurses: table('n', 'w', 'n') })).toEqual([
    ['shifts'],
    ['nurses'],
    ['wards'],
  ]);
});

test('tables in a circle go together, and so do entities that share a table', () => {
  const groups = order({ a: table('a', 'b'), b: table('b', 'a'), c: table('c', 'a'), d: table('c', 'a') });
  expect(groups.map((group) => [...group].sort())).toEqual([
    ['c', 'd'],
    ['a', 'b'],
  ]);
});

test('an entity that deletes nothing is left out, and keeps the others in order', () => {
  expect(order({ wards: table('w'), nurses: table('n', 'w'), shifts: table('s', 'n') }, ['wards', 'shifts'])).toEqual([
    ['shifts'],
    ['wards'],
  ]);
});
