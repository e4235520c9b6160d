/** The answer of a validation, made from what its pieces recorded in the ledger. */
import type { Difference, Finding, JudgeOutput, ValidateRequest } from '../shared/contracts/validation.ts';
import type { CheckName, Piece } from '../shared/database/ledger/validation-pieces.ts';
import type { MappingCounts } from '../shared/database/validate/check-mappings.ts';
import type { StructureFindings } from '../shared/database/validate/check-structure.ts';
import type { PerformanceCheck } from '../shared/database/validate/check-performance.ts';
import type { FindingKind, ListedFinding } from '../shared/database/validate/read-findings.ts';
import { isGapless } from '../shared/domain/coverage.ts';
import { verdictOf, verdictOfAll, type Verdict } from '../shared/domain/verdict.ts';
import { checksOf, readsRows } from './validation-checks.ts';

type Counts = Readonly<Partial<Record<FindingKind, number>>>;

export interface Evidence {
  readonly request: ValidateRequest;
  readonly entities: readonly string[];
  readonly pieces: readonly Piece[];
  readonly counts: ReadonlyMap<string, Counts>;
}

/** What was read, and what was not. */
export function coverageOf({ request, entities, pieces }: Evidence): JudgeOutput['coverage'] {
  const holes: JudgeOutput['coverage']['holes'] = [];
  for (const entity of entities) {
    for (const check of checksOf(request)) {
      if (request.quick && check === 'relationships' && !readsRows(request.type, check)) continue;
      const own = pieces.filter((piece) => piece.entity === entity && reads(piece, check));
      for (const piece of own.filter(({ status }) => status !== 'done'))
        holes.push({
          entity,
          check,
          selection: piece.selection,
          code: piece.errorCode,
          message: piece.errorMessage ?? 'not read: its worker did not come to an end',
        });
      // Where the rows were not read, nobody could hear what they say of the mappings.
      if (own.length === 0 && !readsRows(request.type, check) && holes.some((hole) => hole.entity === entity)) continue;
      if (!isGapless(own.map(({ selection }) => selection)))
        holes.push({
          entity,
          check,
          selection: null,
          code: null,
          message: readsRows(request.type, check) ? 'the pieces leave keys out' : 'not read',
        });
    }
  }
  const sampled = pieces.some(({ share }) => share !== null);
  return {
    complete: holes.length === 0 && !sampled,
    sampled,
    entities: Object.fromEntries(
      entities.map((entity) => [
        entity,
        { pieces: pieces.filter((piece) => piece.entity === entity && piece.status === 'done').map(readOf) },
      ]),
    ),
    holes,
  };
}

/** The mappings may have been read with the rows: that is proved by what was found of them. */
const reads = ({ check, details }: Piece, wanted: CheckName): boolean =>
  check === wanted || (wanted === 'relationships' && details?.['mappings'] !== undefined);

const readOf = (piece: Piece): JudgeOutput['coverage']['entities'][string]['pieces'][number] => ({
  check: piece.check,
  selection: piece.selection,
  ...(piece.share === null ? {} : { share: Math.round((piece.share / 1024) * 10_000) / 10_000 }),
  sourceRows: piece.sourceRows,
  targetRows: piece.targetRows,
  buckets: piece.buckets,
  differing: piece.differing,
  bytes: piece.bytes,
  hash: piece.hashMode,
  readFrom: piece.readFrom,
  readTo: piece.readTo,
});

/** Whether every key of the entity was read by each check that reads rows, none of them as a sample. */
export const isWhole = ({ request, pieces }: Evidence, coverage: JudgeOutput['coverage'], entity: string): boolean =>
  checksOf(request).some((check) => readsRows(request.type, check)) &&
  !pieces.some((piece) => piece.entity === entity && piece.share !== null) &&
  !coverage.holes.some((hole) => hole.entity === entity && hole.check !== 'performance');

const sumOf = (pieces: readonly Piece[], side: 'sourceRows' | 'targetRows'): number | null => {
  const read = pieces.flatMap((piece) => (piece[side] === null ? [] : [piece[side]]));
  return read.length === 0 ? null : read.reduce((sum, rows) => sum + rows, 0);
};

const mappingsOf = (pieces: readonly Piece[]): MappingCounts | undefined =>
  pieces.map((piece) => piece.details?.['mappings'] as MappingCounts | undefined).find((value) => value !== undefined);
const performanceOf = (pieces: readonly Piece[]): PerformanceCheck | undefined =>
  pieces
    .map((piece) => piece.details?.['performance'] as PerformanceCheck | undefined)
    .find((value) => value !== undefined);

const structureOf = (pieces: readonly Piece[]): StructureFindings =>
  pieces
    .map((piece) => piece.details?.['structure'] as StructureFindings | undefined)
    .find((value) => value !== undefined) ?? { findings: [], notes: [] };

export function entitiesOf(evidence: Evidence, coverage: JudgeOutput['coverage']): JudgeOutput['entities'] {
  return Object.fromEntries(
    evidence.entities.map((entity) => {
      const own = evidence.pieces.filter((piece) => piece.entity === entity);
      const rows = own.filter(({ check }) => check !== 'performance');
      const counts = evidence.counts.get(entity) ?? {};
      const differences = Object.values(counts).reduce((sum, count) => sum + count, 0);
      const mappings = mappingsOf(own);
      return [
        entity,
        {
          verdict: verdictOf({ differences, complete: isWhole(evidence, coverage, entity) }),
          sourceRows: sumOf(rows, 'sourceRows'),
          targetRows: sumOf(rows, 'targetRows'),
          missing: counts.missing ?? 0,
          extra: counts.extra ?? 0,
          value: counts.value ?? 0,
          orphan: counts.orphan ?? 0,
          wrongParent: counts.wrong_parent ?? 0,
          ...(mappings === undefined ? {} : { mappings }),
        },
      ];
    }),
  );
}

/** Performance alone says nothing about the data, so it is unknown whether they match. */
export const verdictOfEntities = (entities: JudgeOutput['entities']): Verdict =>
  verdictOfAll(Object.values(entities).map(({ verdict }) => verdict));

export const differenceOf = (found: ListedFinding): Difference | null =>
  found.kind === 'mapping'
    ? null
    : {
        entity: found.entity,
        legacyId: found.legacyKey,
        kind: found.kind,
        columns: [...found.columns],
        reason: found.reason,
        ...(Object.keys(found.reasons).length === 0 ? {} : { reasons: { ...found.reasons } }),
      };

/** Findings beside the rows: mappings in numbers, constraints and rates in words. */
export function findingsBeside({ entities, pieces }: Evidence): Finding[] {
  return entities.flatMap((entity) => {
    const own = pieces.filter((piece) => piece.entity === entity);
    const mappings = mappingsOf(own);
    const performance = performanceOf(own);
    const wrong =
      mappings === undefined
        ? []
        : (['duplicate', 'conflicting', 'dangling'] as const).filter((kind) => mappings[kind] > 0);
    return [
      ...wrong.map((kind) => ({ entity, code: 'M004', message: `${kind} mappings: ${mappings?.[kind] ?? 0}` })),
      ...structureOf(own).findings.map((finding) => ({ entity, ...finding })),
      ...(performance?.beyond ?? []).map((message) => ({ entity, code: 'V004', message })),
    ];
  });
}

/** What a reader should know that is no finding. */
export function notesOf({ request, pieces }: Evidence): string[] {
  const unsaid = pieces.flatMap((piece) => {
    const performance = piece.details?.['performance'] as PerformanceCheck | undefined;
    return performance?.note ? [`${piece.entity}: performance: ${performance.note}`] : [];
  });
  const sampled = pieces.filter(({ share }) => share !== null);
  const share = sampled.length === 0 ? null : Math.min(...sampled.map((piece) => piece.share ?? 0)) / 1024;
  return [
    ...(share === null
      ? []
      : [
          `a sample: of each entity at least ${(share * 100).toFixed(1)} % of its keys were read on both sides, chosen by their hash; the rest and the mappings were not. Without --quick everything is read.`,
        ]),
    ...pieces.flatMap((piece) => structureOf([piece]).notes),
    ...(request.type === 'performance' || unsaid.length === 0
      ? unsaid
      : [`Performance: not enough data for ${unsaid.length === 1 ? '1 entity' : `${unsaid.length} entities`}.`]),
  ];
}

/** V001 to V004, in order, for what was found. */
export function codesOf(entities: JudgeOutput['entities'], findings: readonly Finding[]): string[] {
  const all = Object.values(entities);
  const any = (count: (entity: (typeof all)[number]) => number): boolean => all.some((entity) => count(entity) > 0);
  return [
    ...(any((entity) => entity.value + entity.missing + entity.extra) || findings.some(({ code }) => code === 'V001')
      ? ['V001']
      : []),
    ...(any((entity) => entity.orphan + entity.wrongParent) || findings.some(({ code }) => /^(M004|V002)$/.test(code))
      ? ['V002']
      : []),
    ...(any((entity) => entity.missing + entity.extra) ? ['V003'] : []),
    ...(findings.some(({ code }) => code === 'V004') ? ['V004'] : []),
  ];
}
