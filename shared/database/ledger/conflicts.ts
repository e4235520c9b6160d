/** Open differences as people ask for them: one by its id, what an operation left, counts, and what history says of them. */
import { PortageError } from '../../domain/errors.ts';
import type { Session } from '../session.ts';

export interface Conflict {
  readonly entity: string;
  readonly legacyKey: string;
  readonly type: string;
}

/** @throws PortageError S005 where there is none with that id, or it was settled */
export async function mustFindConflict(target: Session, mapName: string, id: string): Promise<Conflict> {
  const row = await target.maybeOne(
    `SELECT e.entity, d.legacy_key, d.comparison_type, d.resolved::text AS resolved, d.resolved_by FROM portage.data_differentials d JOIN portage.entities e USING (entity_id)
     WHERE d.id = $1 AND e.map_name = $2`,
    [id, mapName],
  );
  if (row === null) throw noConflict('there is no such conflict', id);
  if (row['resolved'] === 'true')
    throw noConflict('the conflict is settled already', `${id}, settled by ${row['resolved_by'] ?? ''}`);
  return { entity: row['entity'] ?? '', legacyKey: row['legacy_key'] ?? '', type: row['comparison_type'] ?? '' };
}

export const noConflict = (message: string, got: string): PortageError =>
  new PortageError('S005', message, {
    got,
    expected: 'the id of an open conflict',
    next: 'List them: portage conflict-resolver status --unresolved-only',
  });

export interface OpenConflict {
  readonly conflictId: string;
  readonly entity: string;
  readonly legacyId: string;
  readonly kind: string;
  readonly code: string;
  readonly reason: string;
}

/** What an operation looked at and could not settle. */
export async function openOf(target: Session, operationNo: number, most: number): Promise<OpenConflict[]> {
  const rows = await target.rows(
    'SELECT id, entity_type, legacy_key, comparison_type, reason FROM portage.data_differentials WHERE operation_no = $1 AND NOT resolved ORDER BY entity_type, legacy_key LIMIT $2',
    [operationNo, most],
  );
  return rows.map((row) => ({
    conflictId: row['id'] ?? '',
    entity: row['entity_type'] ?? '',
    legacyId: row['legacy_key'] ?? '',
    kind: row['comparison_type'] ?? '',
    code: 'S005',
    reason: row['reason'] ?? '',
  }));
}
