/** Entities in the ledger: a number each, and a leaf of the mapping table indexed by its own kind of legacy key. */
import { leafName } from '../../domain/compiled/key-forms.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { Session } from '../session.ts';
import { transaction } from '../transactions.ts';

/** Numbers of the map's entities that the ledger knows. */
export async function entityIds(target: Session, mapName: string): Promise<ReadonlyMap<string, number>> {
  const rows = await target.rows<{ entity: string; entity_id: string }>(
    'SELECT entity, entity_id FROM portage.entities WHERE map_name = $1',
    [mapName],
  );
  return new Map(rows.map((row) => [row.entity, Number(row.entity_id)]));
}

const leafDdl = (entityId: number, order: CompiledEntity['order']): string => {
  const leaf = leafName(entityId);
  const key = order === 'integer' ? 'legacy_id' : 'legacy_key';
  return `CREATE TABLE ${leaf} PARTITION OF portage.uuid_mappings FOR VALUES IN (${entityId}) WITH (fillfactor = 90);
    ALTER TABLE ${leaf} ALTER ${key} SET NOT NULL;
    CREATE UNIQUE INDEX ON ${leaf} (${key});
    INSERT INTO portage.fences (entity_id, fence) VALUES (${entityId}, 0)`;
};

/** Registers the entity and makes its leaf, both or neither. @returns its number */
export async function registerEntity(
  target: Session,
  mapName: string,
  entity: Pick<CompiledEntity, 'name' | 'order' | 'sourceShape' | 'targetShape' | 'baseColumns' | 'baseForms'>,
): Promise<number> {
  return transaction(target, async () => {
    const row = await target.maybeOne<{ entity_id: string }>(
      `INSERT INTO portage.entities (map_name, entity, order_key, source_shape, target_shape, base_columns, base_forms) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (map_name, entity) DO NOTHING RETURNING entity_id`,
      [
        mapName,
        entity.name,
        entity.order,
        entity.sourceShape,
        entity.targetShape,
        entity.baseColumns,
        entity.baseForms,
      ],
    );
    if (row) {
      await target.run(leafDdl(Number(row.entity_id), entity.order));
      return Number(row.entity_id);
    }
    const known = await target.one<{ entity_id: string }>(
      'SELECT entity_id FROM portage.entities WHERE map_name = $1 AND entity = $2',
      [mapName, entity.name],
    );
    return Number(known.entity_id);
  });
}
