/** What the steps work with: configuration, sessions on both databases, the compiled map. Made once a container. */
import { availableParallelism, hostname } from 'node:os';
import { isOnThisMachine, readConfig, type Config, type DatabaseConfig } from '../shared/config.ts';
import { loadMap as compileMap, type LoadedMap } from '../shared/database/engine/load-entities.ts';
import { useHashKey } from '../shared/database/ledger/hash-key.ts';
import { ledgerVersion } from '../shared/database/ledger/apply.ts';
import { readMap, readOperation, type Operation } from '../shared/database/ledger/operations.ts';
import { openSession, type Session } from '../shared/database/session.ts';
import type { EntityMap } from '../shared/domain/entity-map.ts';
import type { Settings } from '../shared/domain/settings.ts';
import { PortageError } from '../shared/domain/errors.ts';
import { loadMap } from '../shared/entities/load-map.ts';
import { openCounted, tellRetries } from './connection-retries.ts';
import { endIdleSessions, poolUse, withPooled, type PoolUse, type Wanted } from './session-pool.ts';

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
  /** Where a side is, with the user and the password of this moment. */
  addressOf(side: 'source' | 'target'): Promise<DatabaseConfig>;
  /** The sessions that this process has to a side. */
  pool(side: 'source' | 'target'): PoolUse;
  /** The operation with its map as it was registered; compiled once an execution and container. */
  loadOperation(sides: Sides, operationId: string): Promise<LoadedOperation>;
}

/** The last compiled execution of this container: its steps follow each other. One that resumes compiles anew: schemas may have changed. */
let compiled: { readonly execution: string; readonly loaded: Promise<LoadedMap> } | null = null;

function databaseOf(config: Config, side: 'source' | 'target'): DatabaseConfig {
  const database = config[side];
  if (database === null)
    throw new PortageError('SYS002', `no ${side} database is configured`, {
      where: `${side.toUpperCase()}_DB_URL`,
      got: 'nothing',
    });
  return database;
}

/** The address with what opens it. The clients of AWS are loaded where a secret or a token does, and nowhere else. */
export async function openedBy(database: DatabaseConfig): Promise<DatabaseConfig> {
  if (database.secretArn === null && database.auth === 'password') return database;
  const { databaseLogin } = await import('../shared/aws/database-login.ts');
  return { ...database, ...(await databaseLogin(database)) };
}

const keyOf = (side: string, { user, host, port, name }: DatabaseConfig): string =>
  `${side} ${user}@${host}:${port}/${name}`;

/** Sessions that have the key of sensitive columns; a new target gets its ledger, and so its key, only in the first step. */
const keyed = new WeakSet<Session>();

async function giveHashKey(target: Session, configured: string | null): Promise<void> {
  if (keyed.has(target) || (await ledgerVersion(target)) === 0) return;
  await useHashKey(target, configured);
  keyed.add(target);
}

/** How a step opens its connections. */
export interface Connecting {
  /** Further tries after the first (`--connection-retries`). */
  readonly retries: number;
  /** False when the step has no time for another. */
  readonly hasTime: () => boolean;
  /** Cuts off whatever is connected then. */
  readonly signal?: AbortSignal;
}

/** Dependencies from the configuration of this moment. */
export function dependencies(connecting: Connecting = { retries: 0, hasTime: () => true }): Promise<Dependencies> {
  const config = readConfig();
  const wanted = (side: 'source' | 'target', step: string, searchPath: readonly string[]): Wanted => {
    const database = databaseOf(config, side);
    const { batchTimeoutMs } = config.settings;
    const applicationName = `portage:${step}`;
    const options = {
      applicationName,
      searchPath,
      ...(batchTimeoutMs === undefined ? {} : { statementTimeoutMs: batchTimeoutMs }),
      // A worker that hangs loses its transaction before its lease.
      idleInTransactionTimeoutMs: Math.max(1000, Math.min(30_000, config.leaseSeconds * 900)),
      // Processes that share cores wait for each other, and each makes its own hash table for a join (measured on two cores: a
      // verdict takes 0.08 s of 1.4 less with one worker a query than with two).
      ...(isOnThisMachine(database.host) ? { mostParallelWorkers: availableParallelism() - 1 } : {}),
    };
    return {
      key: keyOf(side, database),
      applicationName,
      searchPath,
      signal: connecting.signal,
      open: () => openCounted(async () => openSession(side, await openedBy(database), options), connecting),
    };
  };
  const withTarget = <T>(step: string, work: (target: Session) => Promise<T>): Promise<T> =>
    withPooled(wanted('target', step, []), async (target) => {
      await giveHashKey(target, config.hashKey);
      return work(target);
    });
  const deps: Dependencies = {
    config,
    host: hostname(),
    now: () => new Date(),
    configuredMap: () => loadMap(config.mapFile),
    settings: (map) => ({
      ...map.settings,
      ...Object.fromEntries(Object.entries(config.settings).filter(([, value]) => value !== undefined)),
    }),
    withSides: (step, schemas, work) =>
      withPooled(wanted('source', step, schemas), (source) => withTarget(step, (target) => work({ source, target }))),
    withTarget,
    addressOf: (side) => openedBy(databaseOf(config, side)),
    pool: (side) => poolUse(keyOf(side, databaseOf(config, side))),
    async loadOperation(sides, operationId) {
      await tellRetries(sides.target, operationId);
      const operation = await readOperation(sides.target, operationId);
      if (compiled?.execution !== operation.execution) {
        const loaded = readMap(sides.target, operation.mapName, operation.mapHash).then((map) =>
          compileMap(sides.source, sides.target, map, 'read'),
        );
        compiled = { execution: operation.execution, loaded };
        loaded.catch(() => {
          compiled = null;
        });
      }
      return { ...(await compiled.loaded), operation };
    },
  };
  return Promise.resolve(deps);
}

/** Forgets what was compiled and ends what was opened: the process ends. */
export async function closeDependencies(): Promise<void> {
  compiled = null;
  await endIdleSessions();
}
