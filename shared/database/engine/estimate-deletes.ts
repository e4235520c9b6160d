/**
 * Which rows that are gone from the source a run would have to keep, because rows refer to them that stay: what DeleteRows
 * finds when the children have gone, found by reading. A row that refers to one is in the way, unless the run would delete
 * it too, or would give it another parent.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier } from '../../domain/identifiers.ts';
import { readReferencing, type ReferencingKey } from '../catalog/read-referencing.ts';
import { parentsInSource, referredByEntity, referredByOthers } from '../sql/estimate-deletes.ts';
import type { EstimateRequest } from './estimate-request.ts';
import { appliesDeletes } from './vanished.ts';

type Keys = ReadonlySet<string>;

/** @param going keys by entity that are taken to go: rows that refer to each other would ask for ever */
export async function keptKeys(
  request: EstimateRequest,
  entity: CompiledEntity,
  keys: readonly string[],
  going = new Map<string, Set<string>>(),
): Promise<Keys> {
  const mine = going.get(entity.name) ?? new Set();
  going.set(entity.name, mine);
  const asked = keys.filter((key) => !mine.has(key));
  for (const key of asked) mine.add(key);
  const kept = new Set<string>();
  if (asked.length === 0) return kept;
  for (const key of await readReferencing(request.target, entity.target.table)) {
    const children = [...request.entities.values()].filter(
      ({ leaf, target: { relation } }) =>
        leaf !== null && relation.schema === key.schema && relation.name === key.table,
    );
    const others = await request.target.rows<{ k: string }>(referredByOthers(entity, key, children), [asked]);
    for (const row of others) kept.add(row.k);
    for (const child of children)
      for (const parent of await keptByChild(request, entity, key, child, asked, going)) kept.add(parent);
  }
  for (const key of kept) mine.delete(key);
  return kept;
}

async function keptByChild(
  request: EstimateRequest,
  entity: CompiledEntity,
  key: ReferencingKey,
  child: CompiledEntity,
  asked: readonly string[],
  going: Map<string, Set<string>>,
): Promise<Keys> {
  const rows = await request.target.rows<{ parent: string; child: string; edited: string }>(
    referredByEntity(entity, key, child),
    [asked],
  );
  const takesPart = request.takesPart(child.name);
  const inTheWay = new Set(rows.filter((row) => row.edited === 'true' || !takesPart).map((row) => row.parent));
  const free = rows.filter((row) => !inTheWay.has(row.parent));
  if (free.length === 0) return inTheWay;

  const reference = child.references.find(
    ({ column, parent }) => parent === entity.name && key.pairs.length === 1 && key.pairs[0]?.child === column,
  );
  const says = await saidInSource(request, child, reference, [...new Set(free.map((row) => row.child))]);
  const gone = free.filter((row) => !says.has(row.child));
  const deletes = appliesDeletes(child, request.mode) && child.target.mark === null;
  const stay = deletes ? await keptKeys(request, child, [...new Set(gone.map((row) => row.child))], going) : null;
  for (const row of gone) if (stay === null || stay.has(row.child)) inTheWay.add(row.parent);
  for (const row of free)
    if (says.has(row.child) && (reference === undefined || says.get(row.child) === row.parent))
      inTheWay.add(row.parent);
  return inTheWay;
}

async function saidInSource(
  { source }: EstimateRequest,
  child: CompiledEntity,
  reference: CompiledEntity['references'][number] | undefined,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  const { path } = await source.one<{ path: string }>("SELECT current_setting('search_path') AS path");
  await source.run(`SET search_path = pg_catalog, ${quoteIdentifier(child.source.schema)}`);
  const rows = await source.rows<{ child: string; parent: string | null }>(parentsInSource(child, reference), [keys]);
  await source.run(`SET search_path = ${path}`);
  return new Map(rows.map((row) => [row.child, row.parent]));
}
