/** `data-validator analyze-size`: rows, bytes and rates; and what a run that writes all of them takes and costs. */
import { assumed, COMPARED_PER_SECOND, writeRates } from '../../../shared/database/analyze/rates.ts';
import type { LoadedMap } from '../../../shared/database/engine/load-entities.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { unhurried } from '../../../shared/database/session.ts';
import { leafTotals, targetTotals } from '../../../shared/database/sql/leaf.ts';
import { countRows } from '../../../shared/database/sql/source.ts';
import { foreseenSlices, runCost } from '../../../shared/domain/run-cost.ts';
import { secondsOfWaves } from '../../../shared/domain/run-time.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { SizeAnswer } from '../../../shared/operations/data-validator/analyze-size.ts';
import type { Sides } from '../../dependencies.ts';
import { lanesOf } from '../../lane-plan.ts';
import { compiledOf, soundMap, speakOf } from '../../mapped-entities.ts';
import type { Invocation } from '../../step.ts';

export interface AnalyzeSizeRequest {
  readonly entities: 'all' | readonly string[];
  readonly estimateSyncTime: boolean;
}

type Sized = SizeAnswer['entities'][number];

export async function analyzeSize(request: AnalyzeSizeRequest, deps: Invocation): Promise<SizeAnswer> {
  const map = await deps.configuredMap();
  const names = selectEntities(request.entities, Object.keys(map.entities));
  return deps.withSides('analyze-size', [], async (sides) => {
    const loaded = await soundMap(sides, map);
    const rates = (await ledgerVersion(sides.target)) > 0 ? await writeRates(sides.target, map.name) : assumed;
    const entities: Sized[] = [];
    for (const name of names) {
      const { rowsPerSecond, basis } = rates(name);
      entities.push({ ...(await sizeOf(sides, loaded, name)), rowsPerSecond, basis, seconds: null });
    }
    const lanes = lanesOf(map, deps);
    const answer = { map: map.name, entities, estimate: null, notes: [] };
    return request.estimateSyncTime ? withEstimate(answer, loaded, names, lanes) : answer;
  });
}

type Counted = Pick<Sized, 'entity' | 'sourceRows' | 'sourceBytes' | 'targetRows' | 'targetBytes' | 'mapped'>;

async function sizeOf(sides: Sides, loaded: LoadedMap, name: string): Promise<Counted> {
  const { source, target } = sides;
  const entity = compiledOf(loaded, name);
  const pair = loaded.relations.get(name);
  await speakOf(sides, entity);
  const sourceRows = await unhurried(source, async () => Number((await source.one(countRows(entity)))['rows']));
  const known = entity.target.belongs !== null || entity.leaf !== null;
  const counted = await unhurried(target, async () => ({
    targetRows: known ? Number((await target.one(targetTotals(entity)))['rows']) : null,
    mapped: entity.leaf === null ? 0 : Number((await target.one(leafTotals(entity)))['rows']),
  }));
  const bytesOf = (relation: { readonly kind: string; readonly bytes: number } | undefined): number | null =>
    relation === undefined || relation.kind === 'view' || relation.kind === 'foreign' ? null : relation.bytes;
  return {
    entity: name,
    sourceRows,
    sourceBytes: bytesOf(pair?.source),
    ...counted,
    targetBytes: bytesOf(pair?.target),
  };
}

function withEstimate(answer: SizeAnswer, loaded: LoadedMap, names: readonly string[], lanes: number): SizeAnswer {
  const entities = answer.entities.map((one) => ({
    ...one,
    seconds: Number((one.sourceRows / Math.max(1, one.rowsPerSecond)).toFixed(1)),
  }));
  const waves = loaded.order.waves.map((groups) =>
    groups.flatMap((group) => group.entities.filter((entity) => names.includes(entity))),
  );
  const seconds = secondsOfWaves(
    waves,
    (name) => {
      const one = entities.find(({ entity }) => entity === name);
      return one === undefined ? 0 : one.seconds / foreseenSlices(one.sourceRows, lanes);
    },
    lanes,
  );
  const rows = entities.reduce((sum, one) => sum + one.sourceRows, 0);
  const cost = runCost({
    entities: entities.map((one) => ({
      rows: one.sourceRows,
      rowsPerSecond: one.rowsPerSecond,
      slices: foreseenSlices(one.sourceRows, lanes),
    })),
  });
  return {
    ...answer,
    entities,
    estimate: { seconds, secondsUnchanged: Number((rows / COMPARED_PER_SECOND).toFixed(1)), lanes, ...cost },
    notes: [
      'Time and cost of a run that writes every row. List prices of us-east-1: check them before quoting. The databases and the network endpoints cost whether it runs or not.',
      ...(entities.some(({ basis }) => basis === 'assumed') ? ['No run was measured yet: the rate is assumed.'] : []),
    ],
  };
}
