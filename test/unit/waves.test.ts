// The order of entities, against a model that knows nothing but "can be reached from".
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { components, loadOrder, referenceName, type Reference } from '../../shared/domain/waves.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const name = fc.constantFrom(...NAMES);
const edges = fc.uniqueArray(fc.record({ child: name, parent: name, nullable: fc.boolean() }), { maxLength: 12 });
const references = edges.map((list): Reference[] => list.map((edge, i) => ({ ...edge, column: `r${i}` })));

type Edge = Pick<Reference, 'child' | 'parent'>;
const parentsIn = (list: readonly Edge[]) => (node: string) =>
  list.filter((edge) => edge.child === node).map((edge) => edge.parent);

/** Every node that a walk of at least one step along the references gets to. */
function reachable(list: readonly Edge[], from: string): Set<string> {
  const seen = new Set<string>();
  const walk = (node: string): void => {
    for (const parent of parentsIn(list)(node)) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      walk(parent);
    }
  };
  walk(from);
  return seen;
}
const inOneCircle = (list: readonly Edge[], a: string, b: string): boolean =>
  a === b || (reachable(list, a).has(b) && reachable(list, b).has(a));

describe('components of references', () => {
  test('two entities share one exactly when each can be reached from the other', () => {
    fc.assert(
      fc.property(references, (list) => {
        const found = components(NAMES, parentsIn(list));
        expect(found.flat().sort()).toEqual(NAMES);
        const number = new Map(found.flatMap((group, i) => group.map((node) => [node, i])));
        for (const a of NAMES)
          for (const b of NAMES) expect(number.get(a) === number.get(b)).toBe(inOneCircle(list, a, b));
      }),
    );
  });

  test('a parent comes before its children', () => {
    fc.assert(
      fc.property(references, (list) => {
        const found = components(NAMES, parentsIn(list));
        const number = new Map(found.flatMap((group, i) => group.map((node) => [node, i])));
        for (const { child, parent } of list) expect(number.get(parent)).toBeLessThanOrEqual(number.get(child)!);
      }),
    );
  });

  test('a chain of a hundred thousand entities does not exhaust the stack', () => {
    const nodes = Array.from({ length: 100_000 }, (_, i) => String(i));
    const found = components(nodes, (node) => (node === '99999' ? [] : [String(Number(node) + 1)]));
    expect(found).toHaveLength(100_000);
    expect(found[0]).toEqual(['99999']);
  });
});

describe('the load order', () => {
  const waveOf = (order: ReturnType<typeof loadOrder>, entity: string): number =>
    order.waves.findIndex((wave) => wave.some((group) => group.entities.includes(entity)));

  test('has every entity once, in groups without order among each other', () => {
    fc.assert(
      fc.property(references, (list) => {
        const { waves } = loadOrder(NAMES, list);
        expect(waves.flatMap((wave) => wave.flatMap((group) => group.entities)).sort()).toEqual(NAMES);
        for (const wave of waves) expect(wave.length).toBeGreaterThan(0);
      }),
    );
  });

  test('puts a parent into an earlier wave, unless the reference is cut or both load together', () => {
    fc.assert(
      fc.property(references, (list) => {
        const order = loadOrder(NAMES, list);
        for (const reference of list) {
          if (order.cut.has(referenceName(reference))) continue;
          const [child, parent] = [waveOf(order, reference.child), waveOf(order, reference.parent)];
          const together = order.waves[child]!.some(
            (group) => group.entities.includes(reference.child) && group.entities.includes(reference.parent),
          );
          expect(together || parent < child).toBe(true);
        }
      }),
    );
  });

  test('cuts nullable references inside a circle, and those alone', () => {
    fc.assert(
      fc.property(references, (list) => {
        const { cut } = loadOrder(NAMES, list);
        const expected = list.filter((r) => r.nullable && inOneCircle(list, r.child, r.parent)).map(referenceName);
        expect([...cut].sort()).toEqual(expected.sort());
      }),
    );
  });

  test('loads entities together exactly where references that cannot be NULL lead in a circle', () => {
    fc.assert(
      fc.property(references, (list) => {
        const order = loadOrder(NAMES, list);
        const uncut = list.filter((r) => !order.cut.has(referenceName(r)));
        for (const { entities, cycle } of order.waves.flat()) {
          expect(cycle).toBe(entities.some((entity) => reachable(uncut, entity).has(entity)));
          if (!cycle) expect(entities).toHaveLength(1);
        }
      }),
    );
  });

  test('ignores references to entities that are not there', () => {
    const order = loadOrder(['a'], [{ child: 'a', parent: 'gone', column: 'x', nullable: false }]);
    expect(order).toEqual({ waves: [[{ entities: ['a'], cycle: false }]], cut: new Set() });
  });

  test('cuts a nullable reference to itself and loads one that is not nullable as a circle', () => {
    const self = (nullable: boolean) => loadOrder(['a'], [{ child: 'a', parent: 'a', column: 'boss', nullable }]);
    expect(self(true)).toEqual({ waves: [[{ entities: ['a'], cycle: false }]], cut: new Set(['a.boss']) });
    expect(self(false)).toEqual({ waves: [[{ entities: ['a'], cycle: true }]], cut: new Set() });
  });
});
