/**
 * `validate --entities test`: no entity, but the question whether a validation could read and write at all. Both databases are
 * reached, the rights that the map needs are looked at, and two rows go the way that rows go, into a temporary table and back.
 */
import type { Finding, JudgeOutput, ValidateRequest } from '../shared/contracts/validation.ts';
import { copyRows } from '../shared/database/engine/copy-rows.ts';
import { readRights } from '../shared/database/inspect/rights.ts';
import { normalEntities, type EntityMap } from '../shared/domain/entity-map.ts';
import { PortageError } from '../shared/domain/errors.ts';
import type { Sides } from './dependencies.ts';
import type { Invocation } from './step.ts';

const PROBE = 'test';
/** One with everything that a text may hold, and one without a value. */
const ROWS = "(VALUES (1, E'\u{e9} \\t \\\\ \\n'), (2, NULL)) AS v (n, t)";
const TEXT = "coalesce(json_agg(json_build_array(n, t) ORDER BY n), '[]')::text AS text";

/** Whether the request asks for the probe; an entity of that name goes first. */
export const isProbe = ({ entities }: Pick<ValidateRequest, 'entities'>, map: EntityMap): boolean =>
  Array.isArray(entities) && entities.length === 1 && entities[0] === PROBE && !Object.hasOwn(map.entities, PROBE);

/** @returns what is missing. @throws PortageError where a database cannot be reached, or gives back other rows */
export async function probe(map: EntityMap, deps: Invocation): Promise<readonly Finding[]> {
  const entities = normalEntities(map);
  return deps.withSides('probe', [], async (sides) => {
    await roundTrip(sides);
    const missing = async (side: keyof Sides): Promise<Finding[]> => {
      const rights = await readRights(
        sides[side],
        entities.map((entity) => entity[side].relation),
      );
      return rights
        .filter(({ granted }) => !granted)
        .map(({ right }) => ({ entity: PROBE, code: 'SYS007', message: `the ${side} role lacks: ${right}` }));
    };
    return [...(await missing('source')), ...(await missing('target'))];
  });
}

async function roundTrip({ source, target }: Sides): Promise<void> {
  const sent = await source.one<{ text: string }>(`SELECT ${TEXT} FROM ${ROWS}`);
  await target.run('CREATE TEMPORARY TABLE portage_probe (n integer, t text)');
  try {
    await copyRows(
      source,
      `COPY (SELECT n, t FROM ${ROWS}) TO STDOUT`,
      target,
      'COPY pg_temp.portage_probe FROM STDIN',
    );
    const came = await target.one<{ text: string }>(`SELECT ${TEXT} FROM pg_temp.portage_probe`);
    if (came.text !== sent.text)
      throw new PortageError('SYS008', 'rows are others after their way to the target', {
        got: came.text,
        expected: sent.text,
      });
  } finally {
    await target.run('DROP TABLE pg_temp.portage_probe');
  }
}

/** A probe reads no row of an entity, so that nothing is said of any. */
export const probeAnswer = (type: ValidateRequest['type'], findings: readonly Finding[]): JudgeOutput => ({
  operationId: '',
  batchId: null,
  status: findings.length > 0 ? 'completed_with_findings' : 'completed',
  type,
  verdict: 'unknown',
  coverage: { complete: false, sampled: true, entities: {}, holes: [] },
  entities: {},
  findings: [...findings],
  codes: [...new Set(findings.map(({ code }) => code))],
  notes: [
    'Both databases were reached, and two rows came from the source into a temporary table of the target as they are.',
    findings.length === 0 ? 'No right that the map needs is missing.' : 'Rights are missing.',
    'No row of an entity was read: name entities for a verdict.',
  ],
});
