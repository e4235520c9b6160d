/** `migration-analyzer test-connections`: a database that cannot be reached is the answer, not an error. */
import { probeDatabase, type Probe } from '../../../shared/database/inspect/probe.ts';
import type { Side } from '../../../shared/database/session.ts';
import { normalEntities, type NormalEntity } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import type { Invocation } from '../../step.ts';

export interface TestConnectionsRequest {
  readonly verbose: boolean;
  readonly timeout?: number;
}

export async function testConnections(
  { verbose, timeout }: TestConnectionsRequest,
  deps: Invocation,
): Promise<{ connections: Probe[] }> {
  const { entities, notes } = await mappedEntities(deps);
  const probe = async (side: Side): Promise<Probe> => {
    const configured = deps.config[side];
    if (configured === null) return unconfigured(side);
    const relations = entities.map((entity) => entity[side].relation);
    const timeoutMs = timeout ?? configured.connectionTimeoutMs;
    const address = () => deps.addressOf(side);
    const answer = await probeDatabase({ side, place: configured, address, timeoutMs, relations, verbose });
    return { ...answer, notes: [...answer.notes, ...notes] };
  };
  return { connections: await Promise.all([probe('source'), probe('target')]) };
}

/** Which rights are needed follows from the map; without a good one the connections can be tried all the same. */
async function mappedEntities(
  deps: Invocation,
): Promise<{ entities: readonly NormalEntity[]; notes: readonly string[] }> {
  try {
    return { entities: normalEntities(await deps.configuredMap()), notes: [] };
  } catch (error) {
    if (!(error instanceof PortageError)) throw error;
    return { entities: [], notes: [`rights on tables were not looked at, because of the mapping: ${error.message}`] };
  }
}

const unconfigured = (side: Side): Probe => ({
  side,
  address: 'none',
  reachable: false,
  tls: null,
  version: null,
  latencyMs: null,
  rightsMissing: [],
  error: { code: 'SYS002', message: `no ${side} database is configured: ${side.toUpperCase()}_DB_URL` },
  role: null,
  notes: [],
});
