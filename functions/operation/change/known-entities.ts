/** The entities that a command names, with their numbers in the ledger; an entity that left the map is known still. */
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { entityIds } from '../../../shared/database/ledger/entities.ts';
import type { Session } from '../../../shared/database/session.ts';
import type { EntityMap } from '../../../shared/domain/entity-map.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';

/** @returns number null: nothing of it was ever migrated */
export async function knownEntities(
  target: Session,
  map: EntityMap,
  selection: 'all' | readonly string[],
): Promise<readonly { readonly name: string; readonly entityId: number | null }[]> {
  const ids: ReadonlyMap<string, number> =
    (await ledgerVersion(target)) > 0 ? await entityIds(target, map.name) : new Map();
  const known = [...new Set([...Object.keys(map.entities), ...ids.keys()])];
  return selectEntities(selection, known).map((name) => ({ name, entityId: ids.get(name) ?? null }));
}
