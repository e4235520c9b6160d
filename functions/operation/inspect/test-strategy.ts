/** `conflict-resolver test-strategy`, and `resolve` as a dry run: what a strategy would do to each open conflict. */
import type {
  ResolveRequest,
  TestStrategyRequest,
  TestStrategyAnswer,
  Trial,
} from '../../../shared/contracts/resolution.ts';
import { tryStrategy, type Tried } from '../../../shared/database/engine/try-strategy.ts';
import { loadMap, type LoadedMap } from '../../../shared/database/engine/load-entities.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { quoteIdentifier } from '../../../shared/domain/identifiers.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import { resolutionOf } from '../../../shared/domain/settlement.ts';
import type { Sides } from '../../dependencies.ts';
import type { Invocation } from '../../step.ts';

type Request = TestStrategyRequest | ResolveRequest;

/** A long list is for nobody: the counts tell of all of them. */
const MOST_SHOWN = 200;

export async function testStrategy(request: Request, deps: Invocation): Promise<TestStrategyAnswer> {
  const map = await deps.configuredMap();
  const names = selectEntities(request.entity, Object.keys(map.entities));
  return deps.withSides('test-strategy', [], async (sides) => {
    const answer = { dryRun: true as const, strategy: request.strategy, entities: {}, conflicts: [] };
    if ((await ledgerVersion(sides.target)) === 0) return answer;
    const loaded = await loadMap(sides.source, sides.target, map, 'read');
    const entities: Record<string, Trial> = {};
    const conflicts: TestStrategyAnswer['conflicts'] = [];
    for (const name of names) {
      entities[name] = await tryEntity(sides, loaded, name, request, (tried) => {
        if (conflicts.length >= MOST_SHOWN) return;
        const { conflictId, legacyId, kind, rule, action, columns } = tried;
        conflicts.push({ conflictId, entity: name, legacyId, kind, rule, action, columns: [...columns] });
      });
    }
    return { ...answer, entities, conflicts };
  });
}

/**
 * Counts what would become of the entity's open conflicts.
 * @param only one of them, by its id
 */
export async function tryEntity(
  sides: Sides,
  loaded: LoadedMap,
  name: string,
  request: Readonly<Record<string, unknown>>,
  see: (tried: Tried) => void = () => undefined,
  only: string | null = null,
): Promise<Trial> {
  const counts = { open: 0, settled: {} as Record<string, number>, undecided: 0, moved: 0, gone: 0, unreadable: 0 };
  const entity = loaded.entities.get(name);
  if (!entity?.leaf) return counts;
  await sides.source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entity.source.schema)}`);
  const settlement = resolutionOf(request, entity.normal.conflicts);
  for await (const page of tryStrategy(sides, entity, loaded.map.name, settlement, only)) {
    for (const tried of page.filter(({ conflictId }) => only === null || conflictId === only)) {
      see(tried);
      counts.open++;
      if (tried.rule !== null) counts.settled[tried.rule] = (counts.settled[tried.rule] ?? 0) + 1;
      else if (tried.code === 'gone') counts.gone++;
      else if (tried.code === 'moved') counts.moved++;
      else if (tried.code === 'unreadable') counts.unreadable++;
      else counts.undecided++;
    }
  }
  return counts;
}
