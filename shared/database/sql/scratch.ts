/** Temporary tables of a session: staged source rows, and the work table in which a batch decides what to do with each. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { copyFormat, isDerivedBySource, stagedColumns } from './source.ts';

/** A session of a cycle works on several entities, so each has tables of its own. */
const suffix = (entity: CompiledEntity): string => String(entity.entityId ?? 0);
export const stage = (entity: CompiledEntity): string => `pg_temp.stage_${suffix(entity)}`;
export const work = (entity: CompiledEntity): string => `pg_temp.work_${suffix(entity)}`;

export interface ScratchOptions {
  /** A dry run: one more column for each reference, whether the parent is in the source. */
  readonly withParents?: boolean;
  /** Rows will be looked up by key. Where all rows are new they are joined whole, and an index would only cost. */
  readonly indexed?: boolean;
}

export const keyType = (entity: CompiledEntity): string => (entity.order === 'integer' ? 'bigint' : 'text COLLATE "C"');

/**
 * Actions of the work table. Writes: insert, again (the mapping is there, its row is gone), adopt, update, rebase (new
 * bases alone). Findings: kept, missing, conflict, no_base, adopted (and different), reappeared, deleted, referenced and
 * refused (gone from the source, and not to be deleted here). Others: park, set_aside, close (gone on both sides), leave (to be
 * deleted at the end of the run), delete, mark, none. Of conflicts that were settled: merge, accept (base_source alone),
 * let_go (the mapping is closed, the row stays), stay; `decided` is what they become, `chosen` and `rule` say why, `kept`
 * names columns that keep what the target has, and `despite` is the edited row that is to go all the same. `taken` names the
 * key of which another row has the value, or says who has it.
 */
export const createScratch = (
  entity: CompiledEntity,
  { withParents = false, indexed = true }: ScratchOptions = {},
): string => {
  const staged = entity.columns.flatMap((column) =>
    column.staged === null ? [] : [`${column.staged} ${column.wire}`],
  );
  const moment = entity.stagesMoment ? ['moment timestamptz'] : [];
  const parents = withParents ? entity.references.map((_, i) => `p${i} boolean`) : [];
  const name = suffix(entity);
  const indexes = ['stage', 'work']
    .map((table) => `; CREATE INDEX IF NOT EXISTS ${table}_${name}_k ON pg_temp.${table}_${name} (k)`)
    .join('');
  const derived = isDerivedBySource(entity) ? ['u uuid'] : [];
  return `CREATE TEMP TABLE IF NOT EXISTS stage_${name} (${[`k ${keyType(entity)} NOT NULL`, 'h bigint NOT NULL', ...staged, ...moment, ...parents, ...derived].join(', ')});
    ${workTable(entity)}${indexed ? indexes : ''}`;
};

/** The table in which a batch decides. */
export const workTable = (entity: CompiledEntity): string => {
  const resolved = entity.references.map((reference) => `, ${reference.staged} ${reference.type}`);
  return `CREATE TEMP TABLE IF NOT EXISTS work_${suffix(entity)} (k ${keyType(entity)} NOT NULL, action text NOT NULL, known boolean NOT NULL, in_source boolean NOT NULL,
      source_changed boolean, target_state text, based boolean, equal boolean, target_uuid uuid, target_key text COLLATE "C", code text, missing text[], decided text, chosen text, rule text, kept text[], despite bigint, taken text, taken_columns text${resolved.join('')}) ON COMMIT DELETE ROWS`;
};

/** Columns that a COPY brings beside those of every row. */
export interface CopyInExtras {
  readonly withParents?: boolean;
  /** The keys that the source derived (copyOut's `deriveFor`). */
  readonly derived?: boolean;
}

export function copyIn(entity: CompiledEntity, { withParents = false, derived = false }: CopyInExtras = {}): string {
  const names = [
    'k',
    'h',
    ...stagedColumns(entity),
    ...(entity.stagesMoment ? ['moment'] : []),
    ...(withParents ? entity.references.map((_, i) => `p${i}`) : []),
    ...(derived ? ['u'] : []),
  ];
  return `COPY ${stage(entity)} (${names.join(', ')}) FROM STDIN${copyFormat(entity)}`;
}

export const emptyStage = (entity: CompiledEntity): string => `TRUNCATE ${stage(entity)}`;

/** Staged rows whose key stands for several: nobody can say which one is meant, so none of them is written (SEMANTICS 7). */
export const dropAmbiguous = (entity: CompiledEntity): string =>
  `DELETE FROM ${stage(entity)} WHERE k IN (SELECT k FROM ${stage(entity)} GROUP BY k HAVING count(*) > 1)`;
