/** `migration-analyzer system-info`: for a bug report, so it must answer also where a database does not. */
import { arch, availableParallelism, freemem, platform, release, totalmem } from 'node:os';
import type { DatabaseConfig } from '../../../shared/config.ts';
import { LEDGER_VERSION, ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { mapHash } from '../../../shared/database/engine/load-entities.ts';
import type { Side } from '../../../shared/database/session.ts';
import { ledgerCounts, serverFacts, serverSettings, tableSizes } from '../../../shared/database/watch/server-info.ts';
import { ledgerTables } from '../../../shared/database/watch/snapshot.ts';
import { normalEntities, type EntityMap } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import type { SystemInfoAnswer } from '../../../shared/operations/migration-analyzer/system-info.ts';
import { lookAt } from '../../one-side.ts';
import { programVersion } from '../../program-version.ts';
import type { Invocation } from '../../step.ts';

type Facts = SystemInfoAnswer['program'];

export async function systemInfo(
  { comprehensive }: { readonly comprehensive: boolean },
  deps: Invocation,
): Promise<SystemInfoAnswer> {
  const map = await mapOrFault(deps);
  const entities = map instanceof PortageError ? [] : normalEntities(map);
  const look = (side: Side) =>
    lookAt(deps, side, 'system-info', async (session) => {
      const version = side === 'target' ? await ledgerVersion(session) : 0;
      return {
        server: await serverFacts(session),
        settings: comprehensive ? await serverSettings(session) : {},
        tables: comprehensive
          ? await tableSizes(
              session,
              entities.map((entity) => entity[side].relation),
            )
          : [],
        ledger: version === 0 ? {} : { version, ...(await ledgerCounts(session, await ledgerTables(session))) },
      };
    });
  const [source, target] = await Promise.all([look('source'), look('target')]);
  const told = ({ address, found, error }: typeof source): Facts =>
    found === null ? { address, error: `${error?.code ?? ''} ${error?.message ?? ''}` } : { address, ...found.server };
  return {
    at: deps.now().toISOString(),
    program: { version: programVersion(), ledgerVersion: LEDGER_VERSION, node: process.versions.node },
    machine: {
      platform: `${platform()} ${release()} ${arch()}`,
      processors: availableParallelism(),
      memoryMb: Math.round(totalmem() / 2 ** 20),
      freeMemoryMb: Math.round(freemem() / 2 ** 20),
      processMemoryMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    },
    configuration: configurationOf(deps),
    map: mapFacts(map),
    source: told(source),
    target: told(target),
    ledger: target.found?.ledger ?? {},
    ...(comprehensive && {
      sourceSettings: source.found?.settings ?? {},
      targetSettings: target.found?.settings ?? {},
      tables: [
        ...(source.found?.tables ?? []).map((table) => ({ side: 'source' as const, ...table })),
        ...(target.found?.tables ?? []).map((table) => ({ side: 'target' as const, ...table })),
      ],
    }),
  };
}

const mapOrFault = (deps: Invocation): Promise<EntityMap | PortageError> =>
  deps.configuredMap().catch((error: unknown) => {
    if (error instanceof PortageError) return error;
    throw error;
  });

const mapFacts = (map: EntityMap | PortageError): Facts =>
  map instanceof PortageError
    ? { error: `${map.code} ${map.message}` }
    : { name: map.name, hash: mapHash(map), entities: Object.keys(map.entities).join(', ') };

/** What is in force, and of secrets that they are there. */
function configurationOf({ config }: Invocation): Facts {
  const side = (name: string, database: DatabaseConfig | null): Facts =>
    database === null
      ? { [name]: 'embedded' }
      : {
          [`${name}User`]: database.user,
          [`${name}Password`]: secret(database.password),
          [`${name}SecretArn`]: secret(database.secretArn),
          [`${name}Ssl`]: database.ssl,
          [`${name}MaxConnections`]: database.maxConnections,
          [`${name}ConnectionTimeoutMs`]: database.connectionTimeoutMs,
        };
  return {
    mapFile: config.mapFile ?? 'the map that ships',
    leaseSeconds: config.leaseSeconds,
    stepBudgetMs: config.stepBudgetMs,
    hashKey: secret(config.hashKey),
    ...side('source', config.source),
    ...side('target', config.target),
    ...Object.fromEntries(
      Object.entries(config.settings).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
  };
}

const secret = (value: string | null): string => (value === null ? 'not set' : 'set, not shown');
