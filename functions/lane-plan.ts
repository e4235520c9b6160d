/** How wide each wave of a run is worked on: what the map or the flags ask for, within the connections that there are. */
import { availableParallelism } from 'node:os';
import type { LoadedMap } from '../shared/database/engine/load-entities.ts';
import { readServer } from '../shared/database/inspect/server-room.ts';
import { isOnThisMachine } from '../shared/config.ts';
import type { EntityMap } from '../shared/domain/entity-map.ts';
import {
  divideLanes,
  fewestLanes,
  lanesFor,
  usualLanes,
  withinConnections,
  type Lanes,
  type ServerPlace,
} from '../shared/domain/lanes.ts';
import type { LoadGroup } from '../shared/domain/waves.ts';
import type { Sides } from './dependencies.ts';
import type { Invocation } from './step.ts';

/** Two lanes on a smaller table cost more to plan than they save. */
const LARGE_ROWS = 20_000;
const ONE: Lanes = { entityLanes: 1, sliceLanes: 1 };

export interface LanePlan {
  /** Of a wave, by its groups. */
  readonly of: (groups: readonly LoadGroup[]) => Lanes;
  /** What a person should know of it. */
  readonly notices: readonly string[];
}

/** What an operation's request says of its width. */
export interface Width {
  readonly sequential?: unknown;
  readonly enableCheckpointing?: unknown;
  readonly optimizeConnections?: unknown;
  /** The work is no range that could be cut. */
  readonly whole?: boolean;
}

export async function planLanes(width: Width, loaded: LoadedMap, sides: Sides, deps: Invocation): Promise<LanePlan> {
  if (width.sequential === true) return { of: () => ONE, notices: [] };
  const whole = width.whole === true || width.enableCheckpointing === false;
  const cut = (lanes: Lanes): Lanes => (whole ? { ...lanes, sliceLanes: 1 } : lanes);
  if (width.optimizeConnections === true) return fewest(loaded, sides, deps, cut);
  const lanes = lanesOf(loaded.map, deps);
  const most = mostConnections(deps);
  return { of: () => withinConnections(cut({ entityLanes: lanes, sliceLanes: lanes }), most), notices: [] };
}

/** For a dry run, which reads entity by entity. */
export const estimateLanes = (map: EntityMap, deps: Invocation): number =>
  withinConnections({ entityLanes: lanesOf(map, deps), sliceLanes: 1 }, mostConnections(deps)).entityLanes;

const placeOf = (deps: Invocation): ServerPlace =>
  isOnThisMachine(deps.config.target?.host ?? '/') ? 'here' : 'elsewhere';

/** Lanes that the map or a variable asks for, or as many as are usual where the target runs. */
export const lanesOf = (map: EntityMap, deps: Invocation): number =>
  deps.settings(map).lanes ?? usualLanes(availableParallelism(), placeOf(deps));

const allowedOn = (deps: Invocation, side: 'source' | 'target'): number =>
  deps.config[side]?.maxConnections ?? Infinity;

/** A lane takes one connection on either side; one more on the target looks at the progress. */
const mostConnections = (deps: Invocation): number =>
  Math.max(1, Math.min(allowedOn(deps, 'source'), allowedOn(deps, 'target') - 1));

/** For work on the target alone; this step's own session is one of them. */
export const targetLanes = (loaded: LoadedMap, deps: Invocation): number =>
  Math.max(1, Math.min(lanesOf(loaded.map, deps), allowedOn(deps, 'target') - 1));

async function fewest(
  loaded: LoadedMap,
  sides: Sides,
  deps: Invocation,
  cut: (lanes: Lanes) => Lanes,
): Promise<LanePlan> {
  const [source, target] = [await readServer(sides.source), await readServer(sides.target)];
  const shared = source.identity === target.identity;
  const cores = availableParallelism();
  const { lanes, bound } = fewestLanes(
    lanesFor(cores, placeOf(deps)),
    { ...source, allowed: allowedOn(deps, 'source') },
    { ...target, allowed: allowedOn(deps, 'target') },
    shared,
  );
  const isLarge = ({ entities: [name = ''], cycle }: LoadGroup): boolean => {
    const rows = loaded.entities.get(name)?.source.estimatedRows ?? -1;
    return !cycle && (rows < 0 || rows >= LARGE_ROWS);
  };
  const taken = ({ used, maxConnections }: typeof source): string => `others use ${used} of ${maxConnections}`;
  const servers = shared ? taken(target) : `source: ${taken(source)}; target: ${taken(target)}`;
  const why =
    bound === 'cores'
      ? `which keeps ${cores === 1 ? '1 core' : `${cores} cores`} busy`
      : 'no more can be had while a fifth stays free';
  return {
    of: (groups) => cut(divideLanes(lanes, groups.length, groups.filter(isLarge).length)),
    notices: [`at most ${lanes === 1 ? '1 connection' : `${lanes} connections`} to each database, ${why} (${servers})`],
  };
}
