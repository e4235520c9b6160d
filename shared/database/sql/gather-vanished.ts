/** Step 2 of a batch (decide.ts): mapped rows that the source no longer has. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { leafKey } from './leaf.ts';
import type { KeyRange } from './range.ts';
import { allOf, inRange, keyLiteral } from './range.ts';
import { stage, work } from './scratch.ts';

/** A key that stands for several rows now is not gone: this operation has set them aside. */
export const gatherVanished = (
  entity: CompiledEntity,
  range: KeyRange,
  operationNo: number | null = null,
  except: string | null = null,
  rows = `${entity.leaf ?? ''} m`,
): string => {
  const rest = except === null ? [] : [`${leafKey(entity)} <> ${keyLiteral(entity.order, except)}`];
  const ambiguous =
    entity.keyIsUnique || operationNo === null
      ? []
      : [
          `NOT EXISTS (SELECT FROM portage.set_aside_rows a WHERE a.entity_id = ${entity.entityId} AND a.legacy_key = ${leafKey(entity)}::text AND a.code = 'M012' AND a.operation_no = ${operationNo})`,
        ];
  return gatherVanishedWhere(entity, [...inRange(entity.order, leafKey(entity), range), ...rest, ...ambiguous], rows);
};

/**
 * The same for the mapped rows, `m`, that fulfil the conditions. First those that are not staged, then their rows of the
 * target one by one: joined first, the whole target was read for a batch of which nothing had gone.
 */
export const gatherVanishedWhere = (
  entity: CompiledEntity,
  conditions: readonly string[],
  rows = `${entity.leaf ?? ''} m`,
): string =>
  `INSERT INTO ${work(entity)} (k, action, known, in_source, source_changed, target_state, based, target_uuid, target_key)
   SELECT ${leafKey(entity)}, CASE WHEN t.h IS NULL THEN 'close' WHEN t.h IS DISTINCT FROM m.target_hash THEN 'conflict' ELSE 'deleted' END, true, false, true,
     CASE WHEN t.h IS NULL THEN 'absent' WHEN t.h IS DISTINCT FROM m.target_hash THEN 'changed' ELSE 'same' END, m.target_hash IS NOT NULL, m.target_uuid, m.target_key
   FROM (SELECT m.* FROM ${rows} WHERE ${allOf(['m.closed_by IS NULL', ...conditions])} AND NOT EXISTS (SELECT FROM ${stage(entity)} g WHERE g.k = ${leafKey(entity)}) OFFSET 0) m
   LEFT JOIN LATERAL (SELECT ${entity.target.hash} AS h FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('m')} OFFSET 0) t ON true`;
