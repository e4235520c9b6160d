/** The entities of a spec with their names, keys and references settled, so that model and databases mean the same. */
import type { EntitySpec, KeyKind, Lead, RowSpec, Spec } from './spec.ts';
import { KINDS, type Kind } from './values.ts';

export interface Reference {
  readonly parent: string;
  readonly nullable: boolean;
  readonly onMissing: 'setAside' | 'null';
  readonly constraint: 'none' | 'plain' | 'deferrable' | 'deferred';
  /** In a circle of entities, and nullable: written as NULL first. */
  readonly cut: boolean;
}

/** A legacy row: the texts of its key, of its values, and of the keys that it refers to. */
export interface LegacyRow {
  readonly key: readonly string[];
  readonly values: readonly (string | null)[];
  readonly references: readonly (readonly string[] | null)[];
}

export interface Entity {
  readonly name: string;
  /** Of the target. */
  readonly table: string;
  /** Constant that tells twins apart; null: there is none. */
  readonly kind: 'first' | 'twin' | null;
  readonly key: KeyKind;
  readonly natural: boolean;
  readonly columns: readonly Kind[];
  readonly references: readonly Reference[];
  readonly rows: readonly LegacyRow[];
}

export const idOf = (key: readonly string[]): string => JSON.stringify(key);
/** Number of the first key that no row has, for references that lead nowhere. */
const NOWHERE = 900;

/** The key of that number. */
function keyOf({ key, texts }: EntitySpec, n: number): readonly string[] {
  const text = texts[n] ?? `text ${n}`;
  switch (key) {
    case 'whole':
      return [String(n * 7 - 10)];
    case 'text':
      return [text];
    case 'uuid':
      return [`00000000-0000-4abc-8def-${n.toString(16).padStart(12, '0')}`];
    case 'composite':
      return [String((n % 3) - 1), text];
  }
}

const at = <T>(list: readonly T[], n: number): T => list[n % list.length]!;

/** Whether each entity is reached from each by references. */
function reaches(edges: readonly (readonly [child: string, parent: string])[]): (from: string, to: string) => boolean {
  const parents = (name: string): string[] => edges.filter(([child]) => child === name).map(([, parent]) => parent);
  return (from, to) => {
    const seen = new Set<string>();
    for (const open = parents(from); open.length > 0;) {
      const name = open.pop()!;
      if (name === to) return true;
      if (!seen.has(name)) open.push(...parents(name));
      seen.add(name);
    }
    return false;
  };
}

/** A row of that number; in a column that may not be NULL a reference always leads somewhere, or nowhere. */
export function rowOf(
  specs: readonly EntitySpec[],
  number: number,
  n: number,
  row: RowSpec,
  parentRows: (parent: number) => number,
): LegacyRow {
  const spec = specs[number]!;
  return {
    key: keyOf(spec, n),
    values: spec.columns.map((kind, i) => {
      const value = row.values[i];
      return value === null || value === undefined ? null : at(at(KINDS, kind).values, value)[0];
    }),
    references: spec.references.map((_, i) => leadOf(specs, number, i, row.leads[i] ?? null, parentRows)),
  };
}

const parentOf = (specs: readonly EntitySpec[], number: number, reference: number): number => {
  const { self, parent } = specs[number]!.references[reference]!;
  return self ? number : parent % specs.length;
};

export function leadOf(
  specs: readonly EntitySpec[],
  number: number,
  reference: number,
  lead: Lead,
  parentRows: (parent: number) => number,
): readonly string[] | null {
  const { nullable } = specs[number]!.references[reference]!;
  const parent = parentOf(specs, number, reference);
  const rows = parentRows(parent);
  if (lead === null) return nullable || rows === 0 ? null : keyOf(specs[parent]!, 0);
  return keyOf(specs[parent]!, lead === 'nowhere' || rows === 0 ? NOWHERE : lead % rows);
}

export function entitiesOf({ entities: specs }: Spec): readonly Entity[] {
  const edges = specs.flatMap((spec, i) =>
    spec.references.map((reference, r) => ({
      child: `e${i}`,
      parent: `e${parentOf(specs, i, r)}`,
      nullable: reference.nullable,
    })),
  );
  const all = reaches(edges.map(({ child, parent }) => [child, parent]));
  const isCut = (child: string, parent: string, nullable: boolean): boolean => nullable && all(parent, child);
  const kept = reaches(
    edges.filter((e) => !isCut(e.child, e.parent, e.nullable)).map(({ child, parent }) => [child, parent]),
  );
  const rowCount = (parent: number): number => specs[parent]!.rows.length;
  return specs.flatMap((spec, i) => {
    const references = spec.references.map((reference, r): Reference => {
      const parent = `e${parentOf(specs, i, r)}`;
      const { nullable, onMissing, constraint } = reference;
      // Rows of a circle that no order can load need constraints that can wait.
      const mustWait = !nullable && parent !== `e${i}` && kept(parent, `e${i}`);
      return {
        parent,
        nullable,
        onMissing: nullable ? onMissing : 'setAside',
        constraint: mustWait && constraint === 'plain' ? 'deferred' : constraint,
        cut: isCut(`e${i}`, parent, nullable),
      };
    });
    const common = { table: `e${i}`, key: spec.key, columns: spec.columns.map((kind) => at(KINDS, kind)) };
    const rows = (of: readonly RowSpec[]): LegacyRow[] => of.map((row, n) => rowOf(specs, i, n, row, rowCount));
    const natural = spec.natural && !spec.twin && spec.key !== 'composite';
    const first: Entity = {
      ...common,
      name: `e${i}`,
      kind: spec.twin ? 'first' : null,
      natural,
      references,
      rows: rows(spec.rows),
    };
    if (!spec.twin) return [first];
    // Nothing refers to a twin, so that none of its references is in a circle.
    const twin: Entity = {
      ...first,
      name: `e${i} twin`,
      kind: 'twin',
      references: references.map((reference) => ({ ...reference, cut: false })),
      rows: rows(spec.twinRows),
    };
    return [first, twin];
  });
}
