/**
 * `migration-analyzer memory-leak-check`: one look reads batches for a while, on the way that a migration takes (COPY from one
 * server into a temporary table of the other, and the decision on each row), writes nothing, collects garbage and looks at
 * what is left.
 */
import { hostname } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { withComparableBases } from '../../../shared/database/ledger/bases.ts';
import { estimateEntity } from '../../../shared/database/engine/estimate.ts';
import { loadMap } from '../../../shared/database/engine/load-entities.ts';
import { relationName } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { memoryGrowth } from '../../../shared/domain/performance/memory-growth.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import { BATCH_ROWS } from '../../../shared/domain/settings.ts';
import type { Invocation } from '../../step.ts';
import type { Sampler } from './sampler.ts';

interface Request {
  readonly entity: readonly string[];
  readonly duration: number;
  readonly batchSize?: number;
}
interface MemorySample {
  readonly at: number;
  readonly bytes: number;
  readonly rssBytes: number;
  readonly rows: number;
  readonly process: string;
}

/** So many looks make a line; more would only be collections. */
const LOOKS = 20;
/** Long enough for some batches, short enough to end on time. */
const LONGEST_WORK_SECONDS = 30;
/** Two processes of one host may have one number after another. */
const PROCESS = `${process.pid} on ${hostname()} since ${new Date(performance.timeOrigin).toISOString()}`;

export const memoryLeakCheck: Sampler<Request, MemorySample> = {
  async look(request, { at, cursor }, deps) {
    // A second of each round is the wait.
    const seconds = Math.min(LONGEST_WORK_SECONDS, Math.max(0.5, request.duration / LOOKS - 1));
    const { rows, cursor: next } = await readBatches(request, cursor, deps, seconds);
    return { sample: { at, ...memoryLeft(), rows, process: PROCESS }, cursor: next };
  },
  async answer(samples) {
    const own = ofOneProcess(samples);
    const growth = memoryGrowth(own.map(({ at: seconds, bytes }) => ({ seconds, bytes })));
    const notes =
      own.length === samples.length
        ? []
        : [
            `looks of ${own.length} of ${samples.length} count: the others are of another process, as functions come and go`,
          ];
    return { samples, rows: samples.reduce((sum, { rows }) => sum + rows, 0), growth, notes };
  },
};

/** Reads on from the cursor for so many seconds; at the end of the entity it begins again. */
async function readBatches(
  { entity: [name], batchSize }: Request,
  cursor: string | null,
  deps: Invocation,
  seconds: number,
): Promise<{ readonly rows: number; readonly cursor: string | null }> {
  const map = await deps.configuredMap();
  const [entityName = ''] = selectEntities([name ?? ''], Object.keys(map.entities));
  const { schema } = relationName(map.entities[entityName]?.source.table ?? '');
  return deps.withSides(`memory-leak-check:${entityName}`, [schema], async (sides) => {
    const known = (await ledgerVersion(sides.target)) > 0;
    const loaded = await loadMap(sides.source, sides.target, map, known ? 'read' : 'none');
    const entity = loaded.entities.get(entityName);
    if (!entity) throw new PortageError('SYS002', 'the map has no such entity', { got: entityName });
    const ends = Date.now() + seconds * 1000;
    const timeIsUp = (): boolean => Date.now() >= ends || deps.timeIsUp();
    const request = {
      ...sides,
      entity: await withComparableBases(sides, entity),
      map: map.name,
      // Every row is staged and judged; a differential run would pass by what is equal.
      mode: 'full' as const,
      entities: loaded.entities,
      takesPart: () => true,
      batchRows: batchSize ?? deps.settings(map).batchRows ?? BATCH_ROWS,
      timeIsUp,
    };
    let [rows, at] = [0, cursor];
    do {
      const read = await estimateEntity(request, at);
      rows += read.counts.read;
      at = read.cursor;
    } while (!timeIsUp() && rows > 0);
    return { rows, cursor: at };
  });
}

let collect: (() => void) | null = null;

/** What a full collection leaves. The flag that gives us the collector changes nothing else. */
function memoryLeft(): { readonly bytes: number; readonly rssBytes: number } {
  if (collect === null) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  // What finalizers free is gone only after the next one.
  collect();
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { bytes: heapUsed + external, rssBytes: rss };
}

/** Of the process that answered most often. */
function ofOneProcess(samples: readonly MemorySample[]): readonly MemorySample[] {
  const groups = Map.groupBy(samples, (sample) => sample.process);
  return [...groups.values()].reduce((most, group) => (group.length > most.length ? group : most), []);
}
