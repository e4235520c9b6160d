/** What the steps work with: configuration, sessions on both databases, the compiled map. Made once a container. */
import { hostname } from 'node:os';
import { readConfig, type Config, type DatabaseConfig } from '../shared/config.ts';
import { loadMap as compileMap, type LoadedMap } from '../shared/database/engine/load-entities.ts';
import { useHashKey } from '../shared/database/ledger/hash-key.ts';
import { ledgerVersion } from '../shared/database/ledger/apply.ts';
import { readMap, readOperation, type Operation } from '../shared/database/ledger/operations.ts';
import { openSession, type Session } from '../shared/database/session.ts';
import type { EntityMap, Settings } from '../shared/domain/entity-map.ts';
import { PortageError } from '../shared/domain/errors.ts';
import { loadMap } from '../shared/entities/load-map.ts';

export interface Sides {
  readonly source: Session;
  readonly target: Session;
}

/** An operation, with its map compiled. */
export interface LoadedOperation extends LoadedMap {
  readonly operation: Operation;
}

export interface Dependencies {
  readonly config: Config;
  readonly host: string;
  now(): Date;
  /** The map of the configuration: a file, or the one that ships. */
  configuredMap(): Promise<EntityMap>;
  /** Settings of the environment win over those of the map. */
  settings(map: EntityMap): Settings;
  /** Opens both sessions for the work and closes them after it, whatever happens. */
  withSides<T>(step: string, schemas: readonly string[], work: (sides: Sides) => Promise<T>): Promise<T>;
  withTarget<T>(step: string, work: (target: Session) => Promise<T>): Promise<T>;
  /** The operation with its map as it was registered; compiled once an operation and container. */
  loadOperation(sides: Sides, operationId: string): Promise<LoadedOperation>;
}

/** The last compiled operation of this container: steps of one operation follow each other. */
let compiled: { readonly operationId: string; readonly loaded: Promise<LoadedMap> } | null = null;

function databaseOf(config: Config, side: 'source' | 'target'): DatabaseConfig {
  const database = config[side];
  if (database === null) throw new PortageError('SYS002', `no ${side} database is configured`, { where: `${side.toUpperCase()}_DB_URL`, got: 'nothing' });
  return database;
}

/** Dependencies from the configuration of this moment. */
export function dependencies(): Promise<Dependencies> {
  const config = readConfig();
  const open = (side: 'source' | 'target', step: string, schemas: readonly string[]): Promise<Session> => {
    const batchTimeoutMs = config.settings.batchTimeoutMs;
    return openSession(side, databaseOf(config, side), {
      applicationName: `portage:${step}`,
      searchPath: side === 'source' ? schemas : [],
      ...(batchTimeoutMs === undefined ? {} : { statementTimeoutMs: batchTimeoutMs }),
      idleInTransactionTimeoutMs: Math.max(1000, Math.min(30_000, config.leaseSeconds * 900)),
    });
  };
  const openTarget = async (step: string): Promise<Session> => {
    const target = await open('target', step, []);
    if ((await ledgerVersion(target)) > 0) await useHashKey(target, config.hashKey);
    return target;
  };
  const deps: Dependencies = {
    config,
    host: hostname(),
    now: () => new Date(),
    configuredMap: () => loadMap(config.mapFile),
    settings: (map) => ({ ...map.settings, ...Object.fromEntries(Object.entries(config.settings).filter(([, value]) => value !== undefined)) }),
    async withSides(step, schemas, work) {
      const opened = await Promise.allSettled([open('source', step, schemas), openTarget(step)] as const);
      const [source, target] = opened;
      try {
        if (source.status === 'rejected') throw source.reason;
        if (target.status === 'rejected') throw target.reason;
        return await work({ source: source.value, target: target.value });
      } finally {
        await Promise.all(opened.map((session) => (session.status === 'fulfilled' ? session.value.end() : undefined)));
      }
    },
    async withTarget(step, work) {
      const target = await openTarget(step);
      try {
        return await work(target);
      } finally {
        await target.end();
      }
    },
    async loadOperation(sides, operationId) {
      const operation = await readOperation(sides.target, operationId);
      if (compiled?.operationId !== operationId) {
        const loaded = readMap(sides.target, operation.mapName, operation.mapHash).then((map) => compileMap(sides.source, sides.target, map, 'read'));
        compiled = { operationId, loaded };
        loaded.catch(() => {
          compiled = null;
        });
      }
      return { ...(await compiled.loaded), operation };
    },
  };
  return Promise.resolve(deps);
}

/** Forgets what was compiled: the schema changed, or the process ends. */
export function closeDependencies(): Promise<void> {
  compiled = null;
  return Promise.resolve();
}

