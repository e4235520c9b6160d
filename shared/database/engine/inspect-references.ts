/** Looks at the references of one entity, range by range: what is broken is counted, and the first of it named. */
import type { EntityFacts } from '../../domain/compiled/key-forms.ts';
import { identityKey } from '../../domain/compiled/identity-key.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { PortageError } from '../../domain/errors.ts';
import type { Session } from '../session.ts';
import { unhurried } from '../session.ts';
import type { KeyRange } from '../sql/range.ts';
import {
  analyzeReferences,
  countBroken,
  countReferences,
  countUnmappedOrphans,
  createReferences,
  dropAmbiguousReferences,
  findBroken,
  firstBroken,
  firstUnmappedOrphans,
  referencesIn,
  referencesOut,
  stagedReferences,
  type ReferenceSides,
} from '../sql/references.ts';
import { copyRows } from './copy-rows.ts';
import { readBisecting } from './key-ranges.ts';
import type { LoadedMap } from './load-entities.ts';

export const BROKEN_KINDS = ['orphan', 'wrong_parent', 'lost', 'mapping'] as const;
export type BrokenKind = (typeof BROKEN_KINDS)[number];

export interface BrokenReference {
  /** Null of a row that no mapping stands for. */
  readonly legacyId: string | null;
  readonly kind: BrokenKind;
  /** Target keys. */
  readonly is: string | null;
  readonly shouldBe: string | null;
  readonly parentLegacyId: string | null;
  readonly reason: string;
}

export interface ReferenceFindings {
  readonly column: string;
  readonly parent: string;
  readonly rows: number;
  readonly set: number;
  /** NULL, because the parent that the source names was not migrated. */
  readonly waiting: number;
  readonly orphan: number;
  readonly wrong_parent: number;
  readonly lost: number;
  readonly mapping: number;
  /** Rows without a mapping whose reference leads nowhere. */
  readonly unmappedOrphans: number;
  readonly provable: number;
  readonly mended: number;
  readonly refused: number;
  readonly examples: readonly BrokenReference[];
}

export interface EntityFindings {
  readonly rows: number;
  readonly ambiguous: number;
  /** Rows whose reference cannot be computed in the source, the first of them by key. */
  readonly unreadable: number;
  readonly unreadableKeys: readonly string[];
  readonly references: readonly ReferenceFindings[];
}

/** So many are named; all are counted. */
const NAMED = 10;
/** After so many bad rows of a range the search for the next one ends: the source is what has to be looked at. */
const MOST_UNREADABLE = 50;

export const noFindings = (child: CompiledEntity): EntityFindings => ({
  rows: 0,
  ambiguous: 0,
  unreadable: 0,
  unreadableKeys: [],
  references: child.references.map(({ column, parent }) => ({
    ...{ column, parent, rows: 0, set: 0, waiting: 0, orphan: 0, wrong_parent: 0, lost: 0, mapping: 0 },
    ...{ unmappedOrphans: 0, provable: 0, mended: 0, refused: 0, examples: [] },
  })),
});

/** An entity as a map speaks of it, with what both catalogs say. */
export function factsOf(loaded: LoadedMap, name: string): EntityFacts {
  const entity = loaded.entities.get(name);
  const relations = loaded.relations.get(name);
  if (!entity || !relations) throw new PortageError('SYS002', 'the map has no such entity', { got: name });
  return { normal: entity.normal, ...relations, entityId: entity.entityId };
}

/** Each reference of an entity with its parent's side. */
export const sidesOf = (loaded: LoadedMap, child: CompiledEntity): readonly ReferenceSides[] =>
  child.references.flatMap((reference) => {
    const parent = loaded.entities.get(reference.parent);
    if (!parent || reference.parentLeaf === null) return [];
    return [{ child, reference, parent, identityKey: identityKey(factsOf(loaded, reference.parent), parent) }];
  });

interface Sides {
  readonly source: Session;
  readonly target: Session;
}
const numberOf = (row: Record<string, string | null>, name: string): number => Number(row[name] ?? 0);

/**
 * One range: what the source says is staged, and compared. `between` is what a repair does with what was found.
 * @throws PortageError SYS008 when rows stayed unread: a range that was not read must not count as sound
 */
export async function inspectRange(
  { source, target }: Sides,
  all: readonly ReferenceSides[],
  child: CompiledEntity,
  range: KeyRange,
  before: EntityFindings,
  between: (sides: ReferenceSides) => Promise<{ readonly mended: number; readonly refused: number }> = () =>
    Promise.resolve({ mended: 0, refused: 0 }),
): Promise<EntityFindings> {
  await target.run(createReferences(child));
  let ambiguous = 0;
  const bad: string[] = [];
  const unread = await readBisecting(
    source,
    child,
    range,
    async (part) => {
      await copyRows(source, referencesOut(child, part), target, referencesIn(child));
    },
    ({ key }) => void bad.push(key),
    () => bad.length < MOST_UNREADABLE,
  );
  if (unread.length > 0) throw tooManyUnreadable(child, bad);
  if (!child.keyIsUnique) ambiguous = await target.run(dropAmbiguousReferences(child));
  await target.run(analyzeReferences(child));
  const staged = numberOf(await target.one(stagedReferences(child)), 'rows');
  const references: ReferenceFindings[] = [];
  for (const found of before.references) {
    const sides = all.find((one) => one.reference.column === found.column);
    if (sides === undefined) {
      references.push(found);
      continue;
    }
    const after = await unhurried(target, async () => {
      await target.run(findBroken(sides));
      const counts = await target.one(countReferences(sides));
      const kinds = await target.rows<{ kind: BrokenKind; rows: string; provable: string }>(countBroken(found.column));
      const room = NAMED - found.examples.length;
      const named = room <= 0 ? [] : await target.rows(firstBroken(found.column, room));
      const of = (kind: BrokenKind): number => Number(kinds.find((one) => one.kind === kind)?.rows ?? 0);
      return {
        ...found,
        rows: found.rows + numberOf(counts, 'rows'),
        set: found.set + numberOf(counts, 'set'),
        waiting: found.waiting + numberOf(counts, 'waiting') - of('lost'),
        orphan: found.orphan + of('orphan'),
        wrong_parent: found.wrong_parent + of('wrong_parent'),
        lost: found.lost + of('lost'),
        mapping: found.mapping + of('mapping'),
        provable: found.provable + kinds.reduce((sum, one) => sum + Number(one.provable), 0),
        examples: [...found.examples, ...named.map(exampleOf)],
      };
    });
    const { mended, refused } = after.provable > found.provable ? await between(sides) : { mended: 0, refused: 0 };
    references.push({ ...after, mended: after.mended + mended, refused: after.refused + refused });
  }
  return {
    rows: before.rows + staged + ambiguous + bad.length,
    ambiguous: before.ambiguous + ambiguous,
    unreadable: before.unreadable + bad.length,
    unreadableKeys: [...before.unreadableKeys, ...bad].slice(0, NAMED),
    references,
  };
}

const exampleOf = (row: Record<string, string | null>): BrokenReference => ({
  legacyId: row['legacy_key'] ?? null,
  kind: row['kind'] as BrokenKind,
  is: row['current'] ?? null,
  shouldBe: row['expected'] ?? null,
  parentLegacyId: row['parent_key'] ?? null,
  reason: row['reason'] ?? '',
});

const tooManyUnreadable = (child: CompiledEntity, keys: readonly string[]): PortageError =>
  new PortageError('SYS007', `references of ${child.name} cannot be computed in the source`, {
    got: `${keys.length} rows or more: ${keys.slice(0, NAMED).join(', ')}`,
    expected: 'expressions that evaluate on every row',
    where: child.name,
    next: `See which: portage migration-analyzer validate-source --entity ${child.name}`,
  });

/** After the last range: rows that no mapping stands for. */
export async function inspectUnmapped(
  target: Session,
  all: readonly ReferenceSides[],
  before: EntityFindings,
): Promise<EntityFindings> {
  const references: ReferenceFindings[] = [];
  for (const found of before.references) {
    const sides = all.find((one) => one.reference.column === found.column);
    const rows =
      sides === undefined
        ? 0
        : await unhurried(target, async () => numberOf(await target.one(countUnmappedOrphans(sides)), 'rows'));
    const room = Math.max(1, NAMED - found.examples.length);
    const named =
      sides === undefined || rows === 0
        ? []
        : await unhurried(target, () =>
            target.rows<{ key: string; current: string }>(firstUnmappedOrphans(sides, room)),
          );
    references.push({
      ...found,
      unmappedOrphans: rows,
      examples: [
        ...found.examples,
        ...named.map(({ key, current }) => ({
          ...{ legacyId: null, kind: 'orphan' as const, is: current, shouldBe: null, parentLegacyId: null },
          reason: `the row ${key}, that no mapping stands for, leads to no row`,
        })),
      ],
    });
  }
  return { ...before, references };
}

/** All that is wrong with a reference. */
export const brokenOf = (found: ReferenceFindings): number =>
  found.orphan + found.wrong_parent + found.lost + found.mapping + found.unmappedOrphans;
