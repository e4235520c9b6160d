/** The mappings of an entity against the identity of its target rows: a disagreement is M004, whatever the data say. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { Session } from '../session.ts';
import type { WitnessSum } from './look.ts';
import {
  conflictingMappings,
  countUnmapped,
  danglingMappings,
  duplicateMappings,
  identitySums,
  mappingSums,
} from '../sql/validate/mappings.ts';

export interface MappingCounts {
  readonly mapped: number;
  readonly duplicate: number;
  readonly conflicting: number;
  readonly dangling: number;
  /** Rows that somebody else migrated: they are no fault. */
  readonly unmapped: number;
}

const sumOf = async (target: Session, sql: string): Promise<WitnessSum> => {
  const { rows, hashes } = await target.one<{ rows: string; hashes: string | null }>(sql);
  return { rows: Number(rows), hashes: hashes ?? '0' };
};

/** @param said what the identity of the entity's rows says, where they have been asked already */
export async function checkMappings(
  target: Session,
  entity: CompiledEntity,
  operationNo: number,
  piece: number,
  said: WitnessSum | null = null,
): Promise<MappingCounts> {
  if (entity.leaf === null) return { mapped: 0, duplicate: 0, conflicting: 0, dangling: 0, unmapped: 0 };
  const mapping = await sumOf(target, mappingSums(entity));
  const mapped = mapping.rows;
  if (entity.verify.via === 'legacy') {
    const identity = said ?? (await sumOf(target, identitySums(entity)));
    if (identity.rows === mapped && identity.hashes === mapping.hashes)
      return { mapped, duplicate: 0, conflicting: 0, dangling: 0, unmapped: 0 };
  }
  const note = (sql: string | null): Promise<number> =>
    sql === null ? Promise.resolve(0) : target.run(sql, [operationNo, piece]);
  const duplicate = await note(duplicateMappings(entity));
  const conflicting = await note(conflictingMappings(entity));
  const dangling = await note(danglingMappings(entity));
  const { rows: unmapped } = await target.one<{ rows: string }>(countUnmapped(entity));
  return { mapped, duplicate, conflicting, dangling, unmapped: Number(unmapped) };
}
