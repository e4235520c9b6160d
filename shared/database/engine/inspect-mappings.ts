/** Looks at the mappings of one entity, range by range: what is at fault is counted, and the first of it named. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { PortageError } from '../../domain/errors.ts';
import type { Session } from '../session.ts';
import { unhurried } from '../session.ts';
import {
  analyzeIdentities,
  classifyFaults,
  countFaults,
  countIdentities,
  countMappings,
  createFaults,
  createIdentities,
  dropAmbiguousIdentities,
  emptyFaults,
  faultKeys,
  findBearers,
  firstFaults,
  firstNotDerived,
  identities,
  identitiesIn,
  identitiesOut,
  judgeMappings,
  sharedRows,
} from '../sql/mappings.ts';
import type { KeyRange } from '../sql/range.ts';
import { copyRows } from './copy-rows.ts';
import { readBisecting } from './key-ranges.ts';

export const MAPPING_FAULTS = ['missing', 'dangling', 'duplicate', 'conflicting', 'not_derived'] as const;
export type MappingFault = (typeof MAPPING_FAULTS)[number];

export interface FaultyMapping {
  readonly legacyId: string;
  readonly kind: MappingFault;
  /** Target key that the mapping names. */
  readonly is: string | null;
  /** Target key that it should name, as far as that can be told. */
  readonly shouldBe: string | null;
  readonly reason: string;
}

export interface MappingFindings {
  /** Source rows that were looked at. */
  readonly rows: number;
  readonly mapped: number;
  readonly missing: number;
  readonly dangling: number;
  readonly duplicate: number;
  readonly conflicting: number;
  readonly not_derived: number;
  /** Mapped rows that the source has no longer: the next migration decides on them. */
  readonly sourceGone: number;
  readonly sharedRows: number;
  readonly unreadable: number;
  readonly examples: readonly FaultyMapping[];
  /** Of a repair: mappings that were made, that name another row now, and faulty ones that stay. */
  readonly made: number;
  readonly remapped: number;
  readonly kept: number;
  /** Mappings that name a row which is to be written first. */
  readonly vacant: number;
}

export const NO_MAPPING_FINDINGS: MappingFindings = {
  ...{ rows: 0, mapped: 0, missing: 0, dangling: 0, duplicate: 0, conflicting: 0, not_derived: 0 },
  ...{ sourceGone: 0, sharedRows: 0, unreadable: 0, examples: [], made: 0, remapped: 0, kept: 0, vacant: 0 },
};

interface Sides {
  readonly source: Session;
  readonly target: Session;
}
/** So many are named; all are counted. */
const NAMED = 10;
const MOST_UNREADABLE = 50;
const numberOf = (row: Record<string, string | null>, name: string): number => Number(row[name] ?? 0);

/** One range; the faults stand in `mapping_faults` afterwards, until the next range. */
export async function inspectMappingRange(
  { source, target }: Sides,
  entity: CompiledEntity,
  map: string,
  range: KeyRange,
  before: MappingFindings,
): Promise<{ readonly findings: MappingFindings; readonly keys: readonly string[] }> {
  await target.run(`${createFaults}; ${emptyFaults}; ${createIdentities(entity)}`);
  const bad: string[] = [];
  const unread = await readBisecting(
    source,
    entity,
    range,
    async (part) => {
      await copyRows(source, identitiesOut(entity, part), target, identitiesIn(entity));
    },
    ({ key }) => void bad.push(key),
    () => bad.length < MOST_UNREADABLE,
  );
  if (unread.length > 0)
    throw new PortageError('SYS007', `the identity of ${entity.name} cannot be computed in the source`, {
      got: `${bad.length} rows or more: ${bad.slice(0, NAMED).join(', ')}`,
      where: entity.name,
      next: `See which: portage migration-analyzer validate-source --entity ${entity.name}`,
    });
  if (!entity.keyIsUnique) await target.run(dropAmbiguousIdentities(entity));
  await target.run(analyzeIdentities(entity));
  return unhurried(target, async () => {
    await target.run(judgeMappings(entity, identities(entity), map));
    for (const statement of findBearers(entity, identities(entity))) await target.run(statement);
    await target.run(classifyFaults);
    const kinds = await target.rows<{ kind: MappingFault; rows: string }>(countFaults);
    const of = (kind: MappingFault): number => Number(kinds.find((one) => one.kind === kind)?.rows ?? 0);
    const counts = await target.one(countMappings(entity, range, map));
    const room = NAMED - before.examples.length;
    const named = room <= 0 ? [] : (await target.rows(firstFaults(room))).map(exampleOf);
    const notDerived = numberOf(counts, 'not_derived');
    const left = room - named.length;
    const others =
      left <= 0 || notDerived === 0
        ? []
        : (await target.rows(firstNotDerived(entity, range, map, left))).map(notDerivedOf);
    const keys = await target.rows<{ legacy_key: string }>(faultKeys);
    const findings = {
      ...before,
      rows: before.rows + numberOf(await target.one(countIdentities(entity)), 'rows') + bad.length,
      mapped: before.mapped + numberOf(counts, 'mapped'),
      missing: before.missing + of('missing'),
      dangling: before.dangling + of('dangling'),
      duplicate: before.duplicate + of('duplicate'),
      conflicting: before.conflicting + of('conflicting'),
      not_derived: before.not_derived + notDerived,
      sourceGone: before.sourceGone + numberOf(counts, 'source_gone'),
      unreadable: before.unreadable + bad.length,
      examples: [...before.examples, ...named, ...others],
    };
    return { findings, keys: keys.map((row) => row.legacy_key) };
  });
}

const REASONS: Readonly<Record<string, string>> = {
  missing: 'a row bears the identity, and no mapping says so',
  dangling: 'the mapping names a row that is not there',
  duplicate: 'another mapping names the same row, which is not this one',
  conflicting: 'the mapping names one row, and another bears the identity (M004)',
};

function exampleOf(row: Record<string, string | null>): FaultyMapping {
  const found = Number(row['found'] ?? 0);
  const kind = row['kind'] as MappingFault;
  const held = row['held_by'] ?? null;
  const reason = found > 1 ? `${found} rows bear the identity (M004)` : (REASONS[kind] ?? '');
  return {
    ...{ legacyId: row['legacy_key'] ?? '', kind, is: row['mapped'] ?? null, shouldBe: row['found_key'] ?? null },
    reason: held === null ? reason : `${reason}; that row is mapped to ${held}`,
  };
}

const notDerivedOf = (row: Record<string, string | null>): FaultyMapping => ({
  ...{ legacyId: row['legacy_key'] ?? '', kind: 'not_derived', is: row['mapped'] ?? null },
  ...{
    shouldBe: row['derived'] ?? null,
    reason: 'the UUID is not the derivation of its key, though we inserted the row',
  },
});

/** After the last range: rows that several mappings name, also mappings whose source row is gone. */
export const inspectShared = async (
  target: Session,
  entity: CompiledEntity,
  before: MappingFindings,
): Promise<MappingFindings> => ({
  ...before,
  sharedRows: await unhurried(target, async () => numberOf(await target.one(sharedRows(entity)), 'rows')),
});

/** All that is wrong with the mappings. */
export const faultyOf = (found: MappingFindings): number =>
  found.missing + found.dangling + Math.max(found.duplicate, found.sharedRows) + found.conflicting + found.not_derived;
