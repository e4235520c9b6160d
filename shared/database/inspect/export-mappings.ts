/** Which new row is which old one, as CSV: COPY into the file, so that memory does not grow with the rows. */
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { to as copyTo } from 'pg-copy-streams';
import { leafName } from '../../domain/compiled/key-forms.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import { translated } from '../pg-errors.ts';
import type { Session } from '../session.ts';
import { unhurried } from '../session.ts';
import { transaction } from '../transactions.ts';

export interface ExportedEntity {
  readonly entity: string;
  readonly rows: number;
}

const HEAD = 'entity,legacy_key,target_key,origin\n';

/** Mappings whose row is there, of each entity in the order of its keys; all of them as of one moment. */
export const exportMappings = (
  target: Session,
  mapName: string,
  entities: readonly string[],
  file: Writable,
): Promise<ExportedEntity[]> =>
  unhurried(target, () =>
    transaction(
      target,
      async () => {
        const known = await target.rows<{ entity: string; entity_id: string; order_key: string }>(
          'SELECT entity, entity_id, order_key FROM portage.entities WHERE map_name = $1',
          [mapName],
        );
        file.write(HEAD);
        const exported: ExportedEntity[] = [];
        for (const entity of entities) {
          const found = known.find((row) => row.entity === entity);
          const rows = found === undefined ? 0 : await copyLeaf(target, found, file);
          exported.push({ entity, rows });
        }
        return exported;
      },
      'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY',
    ),
  );

async function copyLeaf(
  target: Session,
  entity: { readonly entity: string; readonly entity_id: string; readonly order_key: string },
  file: Writable,
): Promise<number> {
  const key = entity.order_key === 'integer' ? 'm.legacy_id' : 'm.legacy_key';
  const out = target.client.query(
    copyTo(
      `COPY (SELECT ${quoteLiteral(entity.entity)} AS entity, ${key} AS legacy_key, coalesce(m.target_key, m.target_uuid::text) AS target_key,
         CASE m.origin WHEN 'i' THEN 'inserted' WHEN 'a' THEN 'adopted' ELSE 'repaired' END AS origin
       FROM ${leafName(Number(entity.entity_id))} m WHERE m.closed_by IS NULL ORDER BY ${key}) TO STDOUT (FORMAT csv)`,
    ),
  );
  await pipeline(out, file, { end: false }).catch((error: unknown) => {
    throw translated(error, 'target');
  });
  return out.rowCount;
}
