/** The repair of references: of the chosen entities, and to them. */
import type { RowProgress } from '../shared/contracts/operation.ts';
import {
  brokenOf,
  inspectRange,
  inspectUnmapped,
  noFindings,
  sidesOf,
  type EntityFindings,
} from '../shared/database/engine/inspect-references.ts';
import { rangeBounds } from '../shared/database/engine/key-ranges.ts';
import { mendReferences } from '../shared/database/engine/repair-references.ts';
import { countMendedRows } from '../shared/database/sql/mend-references.ts';
import type { EntityMap } from '../shared/domain/entity-map.ts';
import type { Sides } from './dependencies.ts';
import { compiledOf, speakOf } from './mapped-entities.ts';
import { isRepaired, workRepair, type Repair, type RepairRequest } from './repair-run.ts';
import type { Invocation } from './step.ts';

const repairOf = (entities: readonly string[]): Repair<EntityFindings> => ({
  entities,
  async begin(sides, loaded, name) {
    const entity = compiledOf(loaded, name);
    await speakOf(sides, entity);
    return { bounds: await rangeBounds(sides.source, entity), found: noFindings(entity) };
  },
  async range(worker, loaded, range, before) {
    const { entity } = worker;
    let stopped = false;
    const found = await inspectRange(worker, sidesOf(loaded, entity), entity, range, before, async (sides) => {
      if (stopped) return { mended: 0, refused: 0 };
      const mended = await mendReferences(worker, sides);
      stopped = mended.stopped;
      return mended;
    });
    const touched = Number((await worker.target.one(countMendedRows))['rows']);
    return { found, rows: found.rows - before.rows, touched, stopped };
  },
  end: (worker, loaded, found) => inspectUnmapped(worker.target, sidesOf(loaded, worker.entity), found),
});

/** Goes on with the repair. @returns `done` with what was found and mended, by entity */
export async function repairReferences(
  sides: Sides,
  map: EntityMap,
  entities: readonly string[],
  execution: string,
  request: RepairRequest,
  progress: RowProgress,
  deps: Invocation,
): Promise<{ readonly done: boolean; readonly progress: RowProgress }> {
  const repair = repairOf(entities);
  const after = await workRepair(repair, sides, map, execution, request, progress, deps);
  return { done: isRepaired(repair, progress), progress: after };
}

/** What is broken still: a mended one is not. */
export const leftOf = (found: Readonly<Record<string, EntityFindings>>): number =>
  Object.values(found).reduce(
    (sum, { references }) => sum + references.reduce((n, one) => n + brokenOf(one) - one.mended, 0),
    0,
  );
