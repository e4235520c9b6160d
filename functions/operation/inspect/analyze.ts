/** `differential-migration analyze`: what a migration would find, before there is one. Reads; its only tables are temporary. */
import { sampleEntity, type SampledEstimate } from '../../../shared/database/analyze/estimate-sample.ts';
import { assumed, COMPARED_PER_SECOND, writeRates, type Rate } from '../../../shared/database/analyze/rates.ts';
import { schemaProblems, type Problem } from '../../../shared/database/analyze/schema-problems.ts';
import { valueProblems } from '../../../shared/database/analyze/value-problems.ts';
import { loadMap, type LoadedMap } from '../../../shared/database/engine/load-entities.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { withComparableBases } from '../../../shared/database/ledger/bases.ts';
import { checkMap } from '../../../shared/database/map-check/check-map.ts';
import { unhurried } from '../../../shared/database/session.ts';
import { leafTotals, targetTotals } from '../../../shared/database/sql/leaf.ts';
import { countRows } from '../../../shared/database/sql/source.ts';
import type { CompiledEntity } from '../../../shared/domain/compiled/types.ts';
import { normalEntities, type NormalEntity } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { quoteIdentifier } from '../../../shared/domain/identifiers.ts';
import { secondsOfWaves } from '../../../shared/domain/run-time.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type {
  AnalyzeAnswer as Answer,
  AnalyzedEntity as Analyzed,
} from '../../../shared/operations/differential-migration/analyze.ts';
import type { Sides } from '../../dependencies.ts';
import { lanesOf } from '../../lane-plan.ts';
import type { Invocation } from '../../step.ts';
import { put, writeOutput } from '../../output-file.ts';

export interface AnalyzeRequest {
  readonly entities: 'all' | readonly string[];
  readonly output?: string;
}

/** As many rows at a time as a piece of the sample has. */
const BATCH_ROWS = 5000;

export async function analyze(request: AnalyzeRequest, deps: Invocation): Promise<Answer> {
  const map = await deps.configuredMap();
  const names = selectEntities(request.entities, Object.keys(map.entities));
  const answer = await deps.withSides('analyze', [], async (sides): Promise<Answer> => {
    const inMap = (path: string): boolean =>
      names.some((name) => path.startsWith(`entities.${name}.`)) || !path.startsWith('entities.');
    const faults = (await checkMap(sides, map)).filter(({ path }) => inMap(path));
    const hasLedger = (await ledgerVersion(sides.target)) > 0;
    const loaded = await loadedOrNull(() => loadMap(sides.source, sides.target, map, hasLedger ? 'read' : 'none'));
    const rates = hasLedger ? await writeRates(sides.target, map.name) : assumed;
    const problems: Problem[] = faults.map((fault) => ({ ...fault }));
    const notes: string[] = [];
    const entities: Analyzed[] = [];
    if (loaded === null) {
      notes.push('rows were not counted: the map does not fit the databases');
      for (const normal of normalEntities(map))
        if (names.includes(normal.name)) entities.push(uncounted(normal, rates(normal.name)));
    } else {
      problems.push(...schemaProblems(loaded, names));
      for (const name of names) {
        const entity = loaded.entities.get(name);
        if (!entity) continue;
        const isLate = deps.timeIsUp();
        if (isLate) notes.push(`${name}: not estimated, the time of a step was up. Analyze fewer entities at a time`);
        const found = await analyzeEntity(sides, loaded, entity, rates(name), deps, isLate);
        entities.push(found.entity);
        problems.push(...found.problems);
        notes.push(...found.notes);
      }
    }
    const waves = loaded === null ? [] : wavesOf(loaded, names);
    return {
      map: map.name,
      generatedAt: deps.now().toISOString(),
      entities,
      waves,
      seconds: loaded === null ? null : totalSeconds(waves, entities, lanesOf(map, deps)),
      problems,
      notes,
    };
  });
  if (request.output === undefined) return answer;
  const output = await writeOutput(request.output, (file) => put(file, `${JSON.stringify(answer, null, 2)}\n`));
  return { ...answer, output };
}

/** A map with faults cannot always be compiled: its faults are the answer then. */
async function loadedOrNull(load: () => Promise<LoadedMap>): Promise<LoadedMap | null> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof PortageError && error.code === 'SYS002') return null;
    throw error;
  }
}

const tableOf = ({ schema, name }: { readonly schema: string; readonly name: string }): string => `${schema}.${name}`;

const uncounted = (normal: NormalEntity, rate: Rate): Analyzed => ({
  entity: normal.name,
  wave: null,
  source: { table: tableOf(normal.source.relation), rows: null, bytes: null },
  target: { table: tableOf(normal.target.relation), rows: null, bytes: null },
  mapped: 0,
  estimate: null,
  seconds: null,
  rate: { ...rate },
});

async function analyzeEntity(
  sides: Sides,
  loaded: LoadedMap,
  entity: CompiledEntity,
  rate: Rate,
  deps: Invocation,
  isLate: boolean,
): Promise<{ entity: Analyzed; problems: readonly Problem[]; notes: readonly string[] }> {
  const { source, target } = sides;
  const pair = loaded.relations.get(entity.name);
  await source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entity.source.schema)}`);
  const rows = await unhurried(source, async () => Number((await source.one(countRows(entity)))['rows']));
  const counted = await unhurried(target, async () => ({
    mapped: entity.leaf === null ? 0 : Number((await target.one(leafTotals(entity)))['rows']),
    rows: await targetRows(sides, entity),
  }));
  const notes: string[] = [];
  const problems = isLate || pair === undefined ? [] : await valueProblems(source, entity, pair.target);
  let estimate: SampledEstimate | null = null;
  if (!isLate) {
    try {
      estimate = await sampleEntity({
        ...sides,
        entity: await withComparableBases(sides, entity),
        entities: loaded.entities,
        takesPart: () => true,
        map: loaded.map.name,
        mode: 'differential',
        batchRows: BATCH_ROWS,
        timeIsUp: deps.timeIsUp,
      });
    } catch (error) {
      if (!(error instanceof PortageError)) throw error;
      notes.push(`${entity.name}: not estimated: ${error.code} ${error.message}`);
    }
    await target.run('DISCARD TEMP');
  }
  const toWrite = estimate === null ? null : estimate.new + estimate.adopted + estimate.changed;
  const compared = counted.mapped === 0 ? 0 : rows / COMPARED_PER_SECOND;
  return {
    entity: {
      entity: entity.name,
      wave: 1 + loaded.order.waves.findIndex((groups) => groups.some((group) => group.entities.includes(entity.name))),
      source: { table: tableOf(entity.normal.source.relation), rows, bytes: pair?.source.bytes ?? null },
      target: { table: tableOf(entity.normal.target.relation), rows: counted.rows, bytes: pair?.target.bytes ?? null },
      mapped: counted.mapped,
      estimate,
      seconds: toWrite === null ? null : Number((compared + toWrite / rate.rowsPerSecond).toFixed(1)),
      rate: { ...rate },
    },
    problems,
    notes,
  };
}

/** The entity's own rows of the target; without identity and mapping nobody can say which they are. */
async function targetRows({ target }: Sides, entity: CompiledEntity): Promise<number | null> {
  if (entity.target.belongs === null && entity.leaf === null) return null;
  return Number((await target.one(targetTotals(entity)))['rows']);
}

const wavesOf = (loaded: LoadedMap, names: readonly string[]): string[][] =>
  loaded.order.waves
    .map((groups) => groups.flatMap((group) => group.entities.filter((entity) => names.includes(entity))))
    .filter((wave) => wave.length > 0);

function totalSeconds(
  waves: readonly (readonly string[])[],
  entities: readonly Analyzed[],
  lanes: number,
): number | null {
  if (entities.some(({ seconds }) => seconds === null)) return null;
  return secondsOfWaves(waves, (name) => entities.find(({ entity }) => entity === name)?.seconds ?? 0, lanes);
}
