/**
 * How much is done side by side. A lane works on one slice with one session on either side, so lanes are connections: they
 * never outnumber what the configuration allows, and with `--optimize-connections` they are as few as keep the cores busy
 * and leave a fifth of each server's connections to others.
 */

/** Lanes for the entities of a wave, and for the slices of one of them. */
export interface Lanes {
  readonly entityLanes: number;
  readonly sliceLanes: number;
}

/** What one server has to give. */
export interface ServerRoom {
  readonly maxConnections: number;
  /** Sessions of others, of whatever database. */
  readonly used: number;
  /** What the configuration lets us have (`SOURCE_DB_MAX_CONNECTIONS`). */
  readonly allowed: number;
}

/** Share of a server's connections that stays free. */
const FREE_SHARE = 0.2;
/** A lane waits while it reads or writes elsewhere: two keep a core busy. */
const LANES_PER_CORE = 2;
/** Unless said otherwise: what a small server does with ease, and more than one that is far away keeps waiting. */
const USUAL_LANES = 4;
/** While one lane reads, another writes. */
const LEAST_LANES = 2;
/** Beside the lanes one session looks at their progress. */
const LOOKING_ON = 1;

/** Connections that we may take of a server. */
export const roomOf = ({ maxConnections, used, allowed }: ServerRoom): number =>
  Math.min(allowed, Math.floor(maxConnections * (1 - FREE_SHARE)) - used) - LOOKING_ON;

/** Where a server runs: its cores are those of the machine that works, or nobody knows them. */
export type ServerPlace = 'here' | 'elsewhere';

/**
 * Lanes where nobody asks for any. A server on the machine that works shares its cores with the lanes: more lanes than cores
 * wait for each other there, in the same step at the same time (measured on two cores, 1M rows: four lanes load 3 to 6 % less a
 * second than two, and take as much more of the processors).
 */
export const usualLanes = (cores: number, target: ServerPlace): number =>
  target === 'elsewhere' ? USUAL_LANES : Math.min(USUAL_LANES, Math.max(LEAST_LANES, cores));

/** Lanes that keep so many cores busy. */
export const lanesFor = (cores: number, target: ServerPlace): number =>
  target === 'elsewhere' ? cores * LANES_PER_CORE : Math.max(LEAST_LANES, cores);

/**
 * The fewest lanes that keep the cores busy; at least one, because a run that has no room is refused by the server, and not
 * by arithmetic.
 * @param wanted lanes that keep them busy (`lanesFor`)
 * @param shared both databases are on one server, of which a lane then takes two connections
 */
export function fewestLanes(
  wanted: number,
  source: ServerRoom,
  target: ServerRoom,
  shared: boolean,
): { readonly lanes: number; readonly bound: 'cores' | 'connections' } {
  const room = shared
    ? Math.min(
        source.allowed - LOOKING_ON,
        target.allowed - LOOKING_ON,
        Math.floor(roomOf({ ...source, allowed: Infinity }) / 2),
      )
    : Math.min(roomOf(source), roomOf(target));
  return room < wanted ? { lanes: Math.max(1, room), bound: 'connections' } : { lanes: wanted, bound: 'cores' };
}

/**
 * Divides lanes among the entities of one wave: each has one, and large ones share what is left.
 * @param large entities of the wave that are worth cutting into slices
 */
export function divideLanes(lanes: number, entities: number, large: number): Lanes {
  const entityLanes = Math.max(1, Math.min(lanes, entities));
  const cut = Math.min(large, entityLanes);
  if (cut === 0) return { entityLanes, sliceLanes: 1 };
  return { entityLanes, sliceLanes: Math.max(1, Math.floor((lanes - (entityLanes - cut)) / cut)) };
}

/** As wide as wanted, or narrower where there are not so many connections: slices give way before entities do. */
export function withinConnections({ entityLanes, sliceLanes }: Lanes, most: number): Lanes {
  const entities = Math.max(1, Math.min(entityLanes, most));
  return { entityLanes: entities, sliceLanes: Math.max(1, Math.min(sliceLanes, Math.floor(most / entities))) };
}
