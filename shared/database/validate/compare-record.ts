/** One row, side by side: source, mapping, target and bases, with a verdict for each column. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import { copyRows } from '../engine/copy-rows.ts';
import { DataError } from '../pg-errors.ts';
import type { Session } from '../session.ts';
import { copyIn, createScratch, emptyStage } from '../sql/scratch.ts';
import { copyOut, countKeys } from '../sql/source.ts';
import { columnsOfRow, mappingOfKey, targetOfKey } from '../sql/validate/one-row.ts';

export interface ComparedColumn {
  readonly column: string;
  readonly kind: string;
  readonly sensitive: boolean;
  /** Of a sensitive column a keyed hash; of a reference the legacy key of its parent. */
  readonly source: string | null;
  readonly target: string | null;
  /** `only`: one side has the row. `not compared`: written on insert alone. */
  readonly verdict: 'equal' | 'differs' | 'only' | 'not compared';
  readonly reason: string | null;
  /** Against the base of that side; null where there is none. */
  readonly changedInSource: boolean | null;
  readonly changedInTarget: boolean | null;
}

export interface ComparedRecord {
  readonly entity: string;
  readonly legacyId: string;
  readonly verdict: 'match' | 'mismatch' | 'absent';
  /** Why, in a sentence. */
  readonly says: string;
  readonly source: { readonly rows: number; readonly error: string | null };
  readonly target: { readonly rows: number; readonly key: string | null };
  readonly mapping: {
    readonly targetKey: string | null;
    readonly origin: string;
    readonly closed: boolean;
    readonly operationId: string;
    readonly hasBases: boolean;
    /** The mapped row is there, and it is the one that the identity names. */
    readonly agrees: boolean;
  } | null;
  readonly setAside: { readonly code: string; readonly reason: string } | null;
  readonly columns: readonly ComparedColumn[];
}

interface Sides {
  readonly source: Session;
  readonly target: Session;
}

const ORIGINS: Readonly<Record<string, string>> = { i: 'inserted', a: 'adopted', r: 'repaired' };

/** Stages the source's row; the error where the map cannot make it. */
async function stageRow({ source, target }: Sides, entity: CompiledEntity, key: string): Promise<string | null> {
  await target.run(createScratch(entity, { indexed: false }));
  await target.run(emptyStage(entity));
  try {
    await copyRows(source, copyOut(entity, { keys: [key] }), target, copyIn(entity));
    return null;
  } catch (error) {
    if (error instanceof DataError) return error.fault.sqlstate;
    throw error;
  }
}

const booleanOf = (text: string | null | undefined): boolean | null =>
  text === null || text === undefined ? null : text === 'true';

const columnOf = (row: Record<string, string | null>, both: boolean): ComparedColumn => {
  const differs = booleanOf(row['differs']);
  return {
    column: row['name'] ?? '',
    kind: row['kind'] ?? '',
    sensitive: row['sensitive'] === 'true',
    source: row['wanted'] ?? null,
    target: row['found'] ?? null,
    verdict: !both ? 'only' : differs === null ? 'not compared' : differs ? 'differs' : 'equal',
    reason: row['reason'] ?? null,
    changedInSource: booleanOf(row['source_changed']),
    changedInTarget: booleanOf(row['target_changed']),
  };
};

/** @param key in canonical text */
export async function compareRecord(sides: Sides, entity: CompiledEntity, key: string): Promise<ComparedRecord> {
  const { source, target } = sides;
  const error = await stageRow(sides, entity, key);
  const [counted] = await source.rows<{ rows: string }>(countKeys(entity, [key]));
  const sourceRows = Number(counted?.rows ?? 0);
  const found = await target.one<{ rows: string; key: string | null }>(targetOfKey(entity, key));
  const targetRows = Number(found.rows);
  const mapping = entity.leaf === null ? null : await target.maybeOne(mappingOfKey(entity, key));
  const aside =
    entity.leaf === null
      ? null
      : await target.maybeOne<{ code: string; reason: string }>(
          `SELECT code, reason FROM portage.set_aside_rows WHERE entity_id = ${entity.entityId} AND legacy_key = ${quoteLiteral(key)} AND state IN ('open', 'ignored')`,
        );
  const comparable = error === null && sourceRows < 2 && targetRows < 2 && sourceRows + targetRows > 0;
  const columns = comparable
    ? (await target.rows(columnsOfRow(entity, key))).map((row) => columnOf(row, sourceRows > 0 && targetRows > 0))
    : [];
  const agrees = mapping === null || mapping['closed'] === 'true' || mapping['key'] === found.key;
  const differing = columns.filter(({ verdict }) => verdict === 'differs').map(({ column }) => column);
  const says = sentence({ sourceRows, targetRows, error, differing, agrees, setAside: aside?.code ?? null });
  return {
    entity: entity.name,
    legacyId: key,
    verdict: sourceRows + targetRows === 0 ? 'absent' : says === EQUAL ? 'match' : 'mismatch',
    says,
    source: { rows: sourceRows, error },
    target: { rows: targetRows, key: found.key },
    mapping: mapping && {
      targetKey: mapping['key'] ?? null,
      origin: ORIGINS[mapping['origin'] ?? ''] ?? '',
      closed: mapping['closed'] === 'true',
      operationId: mapping['operation_id'] ?? '',
      hasBases: mapping['based'] === 'true',
      agrees: mapping['there'] === 'true' && agrees,
    },
    setAside: aside,
    columns,
  };
}

const EQUAL = 'equal in every compared column';

function sentence(facts: {
  readonly sourceRows: number;
  readonly targetRows: number;
  readonly error: string | null;
  readonly differing: readonly string[];
  readonly agrees: boolean;
  readonly setAside: string | null;
}): string {
  const { sourceRows, targetRows, error, differing, agrees, setAside } = facts;
  if (sourceRows + targetRows === 0) return 'neither side has it';
  if (sourceRows > 1) return `the key stands for ${sourceRows} source rows: none of them can be told from the others`;
  if (targetRows > 1) return `${targetRows} target rows stand for this key`;
  if (error !== null) return `the map cannot make the row (SQLSTATE ${error})`;
  if (targetRows === 0) return `missing in the target${setAside === null ? '' : `: set aside, ${setAside}`}`;
  if (sourceRows === 0) return 'extra in the target: the source has no such row';
  if (differing.length > 0) return `differs in ${differing.join(', ')}`;
  return agrees ? EQUAL : 'equal, but its mapping leads to another row (M004)';
}
