import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  divideLanes,
  fewestLanes,
  lanesFor,
  roomOf,
  usualLanes,
  withinConnections,
} from '../../shared/domain/lanes.ts';

const server = (maxConnections: number, used: number, allowed = 20) => ({ maxConnections, used, allowed });

describe('the fewest lanes that keep the cores busy', () => {
  test.each([
    ['as many as are wanted', 4, server(100, 3), server(100, 3), false, { lanes: 4, bound: 'cores' }],
    ['what the source allows', 16, server(100, 3, 6), server(100, 3), false, { lanes: 5, bound: 'connections' }],
    ['what the target allows', 16, server(100, 3), server(100, 3, 4), false, { lanes: 3, bound: 'connections' }],
    ['what leaves a fifth free', 16, server(100, 70), server(100, 3), false, { lanes: 9, bound: 'connections' }],
    ['half of it on one server', 16, server(100, 70), server(100, 70), true, { lanes: 4, bound: 'connections' }],
    ['one, where nothing is left', 4, server(100, 99), server(100, 3), false, { lanes: 1, bound: 'connections' }],
  ] as const)('are %s', (_, wanted, source, target, shared, lanes) => {
    expect(fewestLanes(wanted, source, target, shared)).toEqual(lanes);
  });

  test('never take what must stay free, unless there is only one', () => {
    const servers = fc.record({
      maxConnections: fc.integer({ min: 1, max: 500 }),
      used: fc.nat(500),
      allowed: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), servers, servers, fc.boolean(), (wanted, source, target, shared) => {
        const { lanes } = fewestLanes(wanted, source, target, shared);
        expect(lanes).toBeGreaterThanOrEqual(1);
        if (lanes === 1) return;
        const taken = shared ? 2 * lanes : lanes;
        expect(taken + source.used).toBeLessThanOrEqual(source.maxConnections * 0.8);
        if (!shared) expect(lanes + target.used).toBeLessThanOrEqual(target.maxConnections * 0.8);
        expect(lanes).toBeLessThan(Math.min(source.allowed, target.allowed) + 1);
      }),
    );
  });

  test('count one session that looks on', () => {
    expect(roomOf(server(10, 0, 100))).toBe(7);
  });
});

describe('lanes where nobody asks for any', () => {
  test.each([
    [1, 'here', 2],
    [2, 'here', 2],
    [3, 'here', 3],
    [16, 'here', 4],
    [2, 'elsewhere', 4],
    [16, 'elsewhere', 4],
  ] as const)('on %i cores, the target %s: %i', (cores, place, lanes) => {
    expect(usualLanes(cores, place)).toBe(lanes);
  });

  test('keep all cores busy where they are to: two a core, one where the server needs it too', () => {
    expect(lanesFor(8, 'elsewhere')).toBe(16);
    expect(lanesFor(8, 'here')).toBe(8);
    expect(lanesFor(1, 'here')).toBe(2);
  });
});

describe('lanes of a wave', () => {
  test.each([
    ['a large entity alone has all', 4, 1, 1, { entityLanes: 1, sliceLanes: 4 }],
    ['small ones have one each', 4, 3, 0, { entityLanes: 3, sliceLanes: 1 }],
    ['a large one has what the small ones leave', 4, 3, 1, { entityLanes: 3, sliceLanes: 2 }],
    ['two large ones share', 4, 2, 2, { entityLanes: 2, sliceLanes: 2 }],
    ['more than lanes wait', 4, 30, 10, { entityLanes: 4, sliceLanes: 1 }],
  ])('%s', (_, lanes, entities, large, divided) => {
    expect(divideLanes(lanes, entities, large)).toEqual(divided);
  });

  test('are never more than there are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 64 }),
        fc.nat(64),
        (lanes, entities, some) => {
          const large = Math.min(some, entities);
          const { entityLanes, sliceLanes } = divideLanes(lanes, entities, large);
          const cut = Math.min(large, entityLanes);
          expect(cut * sliceLanes + (entityLanes - cut)).toBeLessThanOrEqual(lanes);
        },
      ),
    );
  });

  test.each([
    [{ entityLanes: 4, sliceLanes: 4 }, 19, { entityLanes: 4, sliceLanes: 4 }],
    [{ entityLanes: 4, sliceLanes: 4 }, 9, { entityLanes: 4, sliceLanes: 2 }],
    [{ entityLanes: 4, sliceLanes: 4 }, 2, { entityLanes: 2, sliceLanes: 1 }],
  ])('%j within %i connections', (wanted, most, lanes) => {
    expect(withinConnections(wanted, most)).toEqual(lanes);
  });
});
