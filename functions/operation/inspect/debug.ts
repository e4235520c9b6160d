/** `migration-analyzer debug`: the map, the ledger and the sessions, side by side. */
import { listCheckpoints } from '../../../shared/database/inspect/checkpoint-list.ts';
import {
  lastBatches,
  lastErrors,
  lastFailures,
  ledgerState,
  locksOn,
  sessionsOn,
} from '../../../shared/database/inspect/entity-state.ts';
import { loadMap, type LoadedMap } from '../../../shared/database/engine/load-entities.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { entityIds } from '../../../shared/database/ledger/entities.ts';
import { normalEntities, type NormalEntity } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { EntityState } from '../../../shared/operations/migration-analyzer/debug.ts';
import type { Sides } from '../../dependencies.ts';
import type { Invocation } from '../../step.ts';

export interface DebugRequest {
  readonly entity: 'all' | readonly string[];
  readonly verbose: boolean;
}

/** What fits a page, and what `--verbose` shows. */
const SHORT = { checkpoints: 3, batches: 5, failures: 5, errors: 3 };
const LONG = { checkpoints: 20, batches: 25, failures: 50, errors: 20 };

const NOTHING_KNOWN = {
  entityId: null,
  leaf: null,
  mapped: {},
  setAside: {},
  parked: 0,
  pendingReferences: {},
  differentials: {},
  fence: null,
};

export async function debug(request: DebugRequest, deps: Invocation): Promise<{ entities: readonly EntityState[] }> {
  const map = await deps.configuredMap();
  const names = selectEntities(request.entity, Object.keys(map.entities));
  const normal = normalEntities(map);
  const most = request.verbose ? LONG : SHORT;
  return deps.withSides('debug', [], async (sides) => {
    const hasLedger = (await ledgerVersion(sides.target)) > 0;
    const ids = hasLedger ? await entityIds(sides.target, map.name) : new Map<string, number>();
    // Where the databases no longer fit the map, everything else is worth knowing all the more.
    const loaded = await loadMap(sides.source, sides.target, map, hasLedger ? 'read' : 'none').catch(
      (error: unknown) => {
        if (error instanceof PortageError) return error;
        throw error;
      },
    );
    const entities: EntityState[] = [];
    for (const name of names) {
      const own = normal.find((entity) => entity.name === name);
      if (own === undefined) continue;
      entities.push({
        entity: name,
        mapping: mappingOf(own, normal, loaded),
        ...(await known(sides, own, ids.get(name), map.name, most)),
        notes: [
          ...(hasLedger ? [] : ['the target database has no ledger yet: nothing was ever migrated']),
          ...(loaded instanceof PortageError
            ? [
                `the map does not fit the databases: ${loaded.message}. See portage migration-analyzer validate-config --comprehensive`,
              ]
            : []),
        ],
      });
    }
    return { entities };
  });
}

function mappingOf(
  entity: NormalEntity,
  all: readonly NormalEntity[],
  loaded: LoadedMap | PortageError,
): EntityState['mapping'] {
  const wave =
    loaded instanceof PortageError
      ? -1
      : loaded.order.waves.findIndex((groups) => groups.some((group) => group.entities.includes(entity.name)));
  const refersTo = (child: NormalEntity): readonly { column: string; parent: string }[] =>
    child.columns.flatMap((column) => (column.kind === 'reference' ? [column] : []));
  return {
    source: `${entity.source.relation.schema}.${entity.source.relation.name}`,
    sourceKey: [...entity.source.key],
    where: entity.source.where,
    target: `${entity.target.relation.schema}.${entity.target.relation.name}`,
    targetKey: [...entity.target.key],
    identity: [...entity.target.identity],
    deletes: entity.deletes,
    columns: entity.columns.length,
    references: refersTo(entity).map(({ column, parent }) => `${column} -> ${parent}`),
    referredToBy: all.flatMap((child) =>
      refersTo(child)
        .filter(({ parent }) => parent === entity.name)
        .map(({ column }) => `${child.name}.${column}`),
    ),
    wave: wave < 0 ? null : wave + 1,
  };
}

async function known(
  { source, target }: Sides,
  entity: NormalEntity,
  entityId: number | undefined,
  mapName: string,
  most: typeof SHORT,
): Promise<Omit<EntityState, 'entity' | 'mapping' | 'notes'>> {
  const servers = {
    sessions: [...(await sessionsOn(target, entity.name)), ...(await sessionsOn(source, entity.name))].map(
      (session) => ({
        ...session,
        blockedBy: [...session.blockedBy],
      }),
    ),
    locks: await locksOn(target, entity.target.relation),
  };
  if (entityId === undefined)
    return { ledger: NOTHING_KNOWN, checkpoints: [], batches: [], failures: [], lastErrors: [], ...servers };
  const checkpoints = await listCheckpoints(target, { mapName, entities: [entity.name], status: null, history: true });
  return {
    ledger: await ledgerState(target, entityId),
    checkpoints: checkpoints.slice(0, most.checkpoints).map((checkpoint) => ({ ...checkpoint })),
    batches: await lastBatches(target, entityId, most.batches),
    failures: await lastFailures(target, entityId, most.failures),
    lastErrors: await lastErrors(target, entityId, most.errors),
    ...servers,
  };
}
