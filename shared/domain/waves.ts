/**
 * The order of entities (SEMANTICS 22): components of the reference graph, parents first, in waves that may run side by
 * side. A cycle is cut at its nullable references; one without any is loaded together.
 */

export interface Reference {
  readonly child: string;
  readonly parent: string;
  readonly column: string;
  readonly nullable: boolean;
}

export interface LoadGroup {
  readonly entities: readonly string[];
  /** NOT NULL references lead in a circle: only closed sets of rows can be written (MigrateCycle). */
  readonly cycle: boolean;
}

export interface LoadOrder {
  readonly waves: readonly (readonly LoadGroup[])[];
  /** `child.column` of every reference where a cycle was cut: written as NULL first and set when the parent is there. */
  readonly cut: ReadonlySet<string>;
}

export const referenceName = (reference: Pick<Reference, 'child' | 'column'>): string =>
  `${reference.child}.${reference.column}`;

/** Strongly connected components, each parent component before its children. Tarjan 1972, with a stack of our own so that depth is no limit. */
export function components(
  nodes: readonly string[],
  parentsOf: (node: string) => readonly string[],
): readonly (readonly string[])[] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const found: string[][] = [];
  const enter = (node: string): { node: string; parents: readonly string[]; next: number } => {
    index.set(node, index.size);
    low.set(node, index.size - 1);
    open.push(node);
    isOpen.add(node);
    return { node, parents: parentsOf(node), next: 0 };
  };
  const lower = (node: string, value: number): void => void low.set(node, Math.min(low.get(node) ?? value, value));

  for (const start of nodes) {
    if (index.has(start)) continue;
    const calls = [enter(start)];
    for (let call = calls.at(-1); call !== undefined; call = calls.at(-1)) {
      const parent = call.parents[call.next++];
      if (parent !== undefined) {
        if (!index.has(parent)) calls.push(enter(parent));
        else if (isOpen.has(parent)) lower(call.node, index.get(parent) ?? 0);
        continue;
      }
      calls.pop();
      const caller = calls.at(-1);
      if (caller) lower(caller.node, low.get(call.node) ?? 0);
      if (low.get(call.node) !== index.get(call.node)) continue;
      const component: string[] = [];
      for (let member = open.pop(); member !== undefined; member = open.pop()) {
        isOpen.delete(member);
        component.push(member);
        if (member === call.node) break;
      }
      found.push(component.reverse());
    }
  }
  return found;
}

/**
 * 1. Components of the whole graph; a nullable reference inside one is cut.
 * 2. Components of what is left are the groups; one with a reference inside must be loaded together.
 * 3. A group's wave is one more than the latest wave of a group that it refers to.
 */
export function loadOrder(entities: readonly string[], references: readonly Reference[]): LoadOrder {
  const known = new Set(entities);
  const inside = references.filter((r) => known.has(r.child) && known.has(r.parent));
  const parents = (list: readonly Reference[]) => (node: string) =>
    list.filter((r) => r.child === node).map((r) => r.parent);
  const numbered = (groups: readonly (readonly string[])[]) =>
    new Map(groups.flatMap((group, i) => group.map((entity) => [entity, i] as const)));

  const whole = numbered(components(entities, parents(inside)));
  const isCut = (r: Reference): boolean => r.nullable && whole.get(r.child) === whole.get(r.parent);
  const kept = inside.filter((r) => !isCut(r));
  const groups = components(entities, parents(kept));
  const groupOf = numbered(groups);

  const level: number[] = [];
  groups.forEach((group, i) => {
    const before = kept.filter((r) => group.includes(r.child) && groupOf.get(r.parent) !== i);
    level[i] = 1 + Math.max(-1, ...before.map((r) => level[groupOf.get(r.parent) ?? 0] ?? 0));
  });
  const waves: LoadGroup[][] = [];
  groups.forEach((group, i) => {
    const cycle = kept.some((r) => groupOf.get(r.child) === i && groupOf.get(r.parent) === i);
    const ordered = entities.filter((entity) => group.includes(entity));
    (waves[level[i] ?? 0] ??= []).push({ entities: ordered, cycle });
  });
  return { waves, cut: new Set(inside.filter(isCut).map(referenceName)) };
}
