/** `conflict-resolver resolve-manual` as a dry run: what a person's decision would write, column by column. */
import type { ResolveManualRequest, TestStrategyAnswer } from '../../../shared/contracts/resolution.ts';
import { loadMap, type LoadedMap } from '../../../shared/database/engine/load-entities.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { mustFindConflict, noConflict, type Conflict } from '../../../shared/database/ledger/conflicts.ts';
import { DataError } from '../../../shared/database/pg-errors.ts';
import { givenValues } from '../../../shared/database/sql/resolve.ts';
import type { Sides } from '../../dependencies.ts';
import { entityOf } from '../../entity-worker.ts';
import { givenColumns, manualSettlement, refuseChoice } from '../../manual-choice.ts';
import type { Invocation } from '../../step.ts';
import { tryEntity } from './test-strategy.ts';

type TriedConflict = TestStrategyAnswer['conflicts'][number];

export async function tryManual(request: ResolveManualRequest, deps: Invocation): Promise<TestStrategyAnswer> {
  const { conflictId, action, values } = request;
  const map = await deps.configuredMap();
  return deps.withSides('try-manual', [], async (sides) => {
    if ((await ledgerVersion(sides.target)) === 0) throw noConflict('there is no such conflict', conflictId);
    const loaded = await loadMap(sides.source, sides.target, map, 'read');
    const conflict = await mustFindConflict(sides.target, map.name, conflictId);
    const { entity } = conflict;
    refuseChoice(loaded, conflict, request);
    const found: TriedConflict[] = [];
    const counts = await tryEntity(
      sides,
      loaded,
      entity,
      manualSettlement(request, conflict),
      ({ legacyId, kind, rule, action: becomes, columns }) =>
        found.push({ conflictId, entity, legacyId, kind, rule, action: becomes, columns: [...columns] }),
      conflictId,
    );
    const answer = { dryRun: true as const, strategy: action, entities: { [entity]: counts }, conflicts: found };
    const [tried] = found;
    if (values === undefined || tried === undefined || tried.rule === null) return answer;
    const custom = await withValues(sides, loaded, conflict, tried, values);
    const settled = custom.rule === null ? { settled: {}, undecided: 1 } : { settled: { custom: 1 } };
    return { ...answer, entities: { [entity]: { ...counts, ...settled } }, conflicts: [custom] };
  });
}

/** The values over what the target has. A column that is no part of the difference is alike on both sides. */
async function withValues(
  { target }: Sides,
  loaded: LoadedMap,
  { entity: name, legacyKey }: Conflict,
  tried: TriedConflict,
  values: NonNullable<ResolveManualRequest['values']>,
): Promise<TriedConflict> {
  const entity = entityOf(loaded, name);
  const columns = givenColumns(entity, loaded, values);
  try {
    const rows = await target.rows(givenValues(entity, columns), [legacyKey, JSON.stringify(values)]);
    const given = new Map(rows.map((row) => [row['name'] ?? '', row]));
    const beside = rows.filter((row) => tried.columns.every(({ column }) => column !== row['name']));
    return {
      ...tried,
      rule: 'custom',
      action: rows.length === 0 ? tried.action : 'update',
      columns: [
        ...tried.columns.map((each) => {
          const row = given.get(each.column);
          return row === undefined ? each : { ...each, result: row['given'] ?? null };
        }),
        ...beside.map((row) => ({
          column: row['name'] ?? '',
          source: row['now'] ?? null,
          target: row['now'] ?? null,
          result: row['given'] ?? null,
        })),
      ],
    };
  } catch (error) {
    // A value that its column cannot hold: the run would leave the conflict open.
    if (error instanceof DataError) return { ...tried, rule: null, action: null };
    throw error;
  }
}
