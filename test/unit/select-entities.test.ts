import { expect, test } from '@jest/globals';
import { selectEntities } from '../../shared/domain/select-entities.ts';

const KNOWN = ['offices', 'doctors', 'patients'];

test.each([['all' as const], [['all']], [['doctors', 'all']]])('%p is every entity', (selection) => {
  expect(selectEntities(selection, KNOWN)).toEqual(KNOWN);
});

test('a list comes back in the order of the map, each name once', () => {
  expect(selectEntities(['patients', 'offices', 'patients'], KNOWN)).toEqual(['offices', 'patients']);
});

test('every unknown name is told, with the name that may have been meant', () => {
  const select = () => selectEntities(['docters', 'patients', 'xyz'], KNOWN);
  expect(select).toThrow(
    expect.objectContaining({
      name: 'SYS002',
      message: expect.stringMatching(/no entity docters.*doctors.*; there is no entity xyz/),
      facts: { got: 'docters, xyz', expected: 'offices, doctors, patients', where: 'entities' },
    }),
  );
});
