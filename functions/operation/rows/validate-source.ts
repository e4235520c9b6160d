/** `migration-analyzer validate-source`. */
import type { RowProgress } from '../../../shared/contracts/operation.ts';
import {
  checkKeys,
  checkRange,
  checkRows,
  NO_SOURCE_FINDINGS,
  type SourceFindings,
} from '../../../shared/database/engine/check-source.ts';
import { rangeBounds } from '../../../shared/database/engine/key-ranges.ts';
import type { LoadedMap } from '../../../shared/database/engine/load-entities.ts';
import { openConflicts } from '../../../shared/database/inspect/open-conflicts.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import type { Relation } from '../../../shared/domain/catalog.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { SourceAnswer } from '../../../shared/operations/migration-analyzer/validate-source.ts';
import { compiledOf, soundMap, speakOf } from '../../mapped-entities.ts';
import type { RowOutcome } from '../../row-command.ts';
import { isDone, workRows, type RowWork } from '../../row-work.ts';
import type { Invocation } from '../../step.ts';

export interface ValidateSourceRequest {
  readonly entity: 'all' | readonly string[];
  readonly conflictRecordsOnly: boolean;
}

const targetOf = (loaded: LoadedMap, name: string): Relation => {
  const pair = loaded.relations.get(name);
  if (!pair) throw new PortageError('SYS002', 'the map has no such entity', { got: name });
  return pair.target;
};

export async function validateSource(
  request: ValidateSourceRequest,
  progress: RowProgress,
  deps: Invocation,
): Promise<RowOutcome> {
  const map = await deps.configuredMap();
  const names = selectEntities(request.entity, Object.keys(map.entities));
  return deps.withSides('validate-source', [], async (sides) => {
    const loaded = await soundMap(sides, map);
    const whole: RowWork<SourceFindings> = {
      entities: names,
      async begin(name) {
        const entity = compiledOf(loaded, name);
        await speakOf(sides, entity);
        return { bounds: await rangeBounds(sides.source, entity), found: await checkKeys(sides.source, entity) };
      },
      async range(name, range, found) {
        const entity = compiledOf(loaded, name);
        await speakOf(sides, entity);
        return checkRange(sides, entity, targetOf(loaded, name), range, found);
      },
      end: (_name, found) => Promise.resolve(found),
    };
    // Conflicts are few as a rule; a page of them is what a range is to the whole.
    const hasLedger = (await ledgerVersion(sides.target)) > 0;
    const conflicts: RowWork<SourceFindings> = {
      ...whole,
      async begin(name) {
        const entity = compiledOf(loaded, name);
        const ends = hasLedger && entity.entityId !== null ? await openConflicts(sides.target, entity.entityId) : [];
        return { bounds: ends, found: NO_SOURCE_FINDINGS };
      },
      async range(name, range, found) {
        const entity = compiledOf(loaded, name);
        await speakOf(sides, entity);
        const keys =
          hasLedger && entity.entityId !== null ? await openConflicts(sides.target, entity.entityId, range) : [];
        return checkRows(sides, entity, targetOf(loaded, name), keys, found);
      },
    };
    const work = request.conflictRecordsOnly ? conflicts : whole;
    const after = await workRows(work, progress, deps.timeIsUp);
    if (!isDone(work, after)) return { unfinished: after };
    const found = Object.entries(after.found as Record<string, SourceFindings>);
    const answer: SourceAnswer = {
      faulty: found.reduce(
        (sum, [, one]) => sum + one.nullKeys + one.duplicateKeys + one.unreadable + one.unfit + one.nulls,
        0,
      ),
      conflictRecordsOnly: request.conflictRecordsOnly,
      entities: found.map(([entity, one]) => ({
        entity,
        ...one,
        unread: one.unread.map((range) => ({ ...range })),
        examples: one.examples.map((example) => ({ ...example })),
      })),
      notes: [],
    };
    return { answer };
  });
}
