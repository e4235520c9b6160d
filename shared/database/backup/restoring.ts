/** What is known of an entity before its rows come back: its columns in the file, its foreign keys, and whether its bases mean the same today. */
import type { BackupHeader } from '../../domain/backup.ts';
import type { Relation } from '../../domain/catalog.ts';
import { columnOf } from '../../domain/catalog.ts';
import { restoredEntity, restoredValue, stagedText } from '../../domain/compiled/compile-restored.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { PortageError } from '../../domain/errors.ts';
import { readReferences, type ReferencedKey } from '../catalog/read-references.ts';
import type { Worker } from '../engine/worker.ts';
import type { ProvedFile } from '../ledger/backups.ts';
import type { Session } from '../session.ts';
import type { RestoredReference } from '../sql/restore.ts';
import type { BlockCipher } from './cipher.ts';
import type { BackupBytes } from './pieces.ts';
import { readRows } from './read-file.ts';
import type { Restoring } from './restore-batch.ts';
import type { ComparableBases } from './stage-rows.ts';
import { HASH_KEY } from './take-backup.ts';

export interface RestoredFile {
  readonly bytes: BackupBytes;
  readonly cipher: BlockCipher | null;
  readonly proof: ProvedFile;
}

/**
 * @param worker of the entity as it is compiled for a migration
 * @param group tables of the entities that are restored together with it
 */
export async function restoring(
  worker: Worker,
  relation: Relation,
  group: readonly { readonly schema: string; readonly name: string }[],
  file: RestoredFile,
): Promise<Restoring> {
  const { target, entity } = worker;
  const { header, places, rows } = file.proof;
  const kept = header.entities.find((each) => each.entity === entity.name);
  if (kept === undefined)
    throw new PortageError('M020', `the backup has no rows of ${entity.name}`, {
      got: entity.name,
      where: file.bytes.name,
    });
  const columns = kept.columns.map((column) => column.name);
  const isInside = ({ schema, table }: ReferencedKey): boolean =>
    group.some((other) => other.schema === schema && other.name === table);
  const keys = await readReferences(target, entity.target.table);
  const nullFirst = (key: ReferencedKey): string | null =>
    key.nullable && isInside(key) && key.pairs.length === 1 ? (key.pairs[0]?.child ?? null) : null;
  const restored = restoredEntity(
    entity,
    relation,
    columns,
    keys.flatMap((key) => nullFirst(key) ?? []),
    target.serverVersion,
  );
  return {
    worker: { ...worker, entity: restored },
    surrogate: entity.target.surrogate,
    references: keys.map((key) => referenceOf(key, relation, columns, restored, nullFirst(key))),
    comparable: await comparableBases(target, entity, header),
    columns,
    rows: rows[entity.name] ?? 0,
    places: places[entity.name] ?? [],
    read: (place) => readRows(file.bytes, file.cipher, place),
  };
}

function referenceOf(
  key: ReferencedKey,
  relation: Relation,
  columns: readonly string[],
  restored: CompiledEntity,
  nullFirst: string | null,
): RestoredReference {
  const places = key.pairs.map(({ child }) => stagedText(columns.indexOf(child)));
  const values = key.pairs.map(({ child }, i) => {
    const column = columnOf(relation, child);
    return column === undefined ? 'NULL' : restoredValue(column, `g.${places[i] ?? ''}`);
  });
  const unmapped = key.pairs.every(
    ({ child }) => restored.columns.find((column) => column.column === child)?.onInsertOnly === true,
  );
  return { key, values, places, nullFirst, unmapped };
}

/**
 * A base that a server, or a key, made otherwise than they do today would make every row look changed: it is left out, and
 * the next run compares values. What the ledger does not know yet it learns from the file.
 */
async function comparableBases(
  target: Session,
  entity: CompiledEntity,
  header: BackupHeader,
): Promise<ComparableBases> {
  const kept = header.entities.find((each) => each.entity === entity.name)?.bases;
  const now = await target.one<
    Record<'source_shape' | 'target_shape' | 'source_probe' | 'target_probe' | 'key', string | null>
  >(
    `SELECT source_shape, target_shape, source_probe, target_probe, left(encode(${HASH_KEY}, 'hex'), 16) AS key FROM portage.entities WHERE entity_id = $1`,
    [entity.entityId],
  );
  return {
    source: kept?.sourceShape === now.source_shape && kept.sourceProbe === now.source_probe,
    target: kept?.targetShape === now.target_shape && kept.targetProbe === now.target_probe,
    columns: header.hashKey === now.key || !entity.columns.some((column) => column.sensitive),
  };
}
