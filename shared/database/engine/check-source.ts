/**
 * Whether a migration could read every row of an entity: keys that tell rows apart, expressions that evaluate, values that
 * the target's columns take. Rows are staged as a migration stages them, in temporary tables; nothing else is written.
 */
import { columnOf, type Relation } from '../../domain/catalog.ts';
import type { CompiledColumn, CompiledEntity } from '../../domain/compiled/types.ts';
import { DataError } from '../pg-errors.ts';
import type { Session } from '../session.ts';
import { unhurried } from '../session.ts';
import { createFits, findNulls, fitAll, fitOneByOne, unfitRows, type FitColumn, type UnfitRow } from '../sql/fits.ts';
import type { KeyRange } from '../sql/range.ts';
import { copyIn, createScratch, stage, work } from '../sql/scratch.ts';
import { copyOut, duplicateKeys, nullKeys } from '../sql/source.ts';
import { copyRows } from './copy-rows.ts';
import { readBisecting, type Unreadable } from './key-ranges.ts';
import { reasonFor } from './blame.ts';
import { reasonOf } from './reason.ts';

export interface SourceFault {
  /** Null of rows without a key. */
  readonly legacyId: string | null;
  readonly kind: 'null_key' | 'duplicate_key' | 'unreadable' | 'unfit' | 'null';
  readonly column: string | null;
  readonly reason: string;
}

export interface SourceFindings {
  readonly rows: number;
  readonly nullKeys: number;
  /** Keys that stand for several rows. */
  readonly duplicateKeys: number;
  readonly unreadable: number;
  readonly unfit: number;
  readonly nulls: number;
  /** Ranges that were not read to their end, because too many rows of them are bad. */
  readonly unread: readonly KeyRange[];
  readonly examples: readonly SourceFault[];
}

export const NO_SOURCE_FINDINGS: SourceFindings = {
  ...{ rows: 0, nullKeys: 0, duplicateKeys: 0, unreadable: 0, unfit: 0, nulls: 0, unread: [], examples: [] },
};

interface Sides {
  readonly source: Session;
  readonly target: Session;
}

/** So many are named; all are counted. */
const NAMED = 20;
/** Each costs some looks at the source to find: more of them in one range say that it is no matter of single rows. */
const MOST_UNREADABLE = 50;

const added = (
  before: SourceFindings,
  faults: readonly SourceFault[],
  more: Partial<SourceFindings>,
): SourceFindings => ({
  ...before,
  ...more,
  examples: [...before.examples, ...faults].slice(0, NAMED),
});

/** Entities that the ledger does not know share the number of their tables. */
const freshScratch = (entity: CompiledEntity): string =>
  `DROP TABLE IF EXISTS ${stage(entity)}, ${work(entity)}; ${createScratch(entity)}`;

/** Keys of the whole entity: NULL in them, or several rows under one. */
export async function checkKeys(source: Session, entity: CompiledEntity): Promise<SourceFindings> {
  return unhurried(source, async () => {
    const nulls = entity.source.nullKey === null ? 0 : Number((await source.one(nullKeys(entity)))['rows']);
    const duplicates = entity.keyIsUnique
      ? { keys: 0, first: [] as { key: string; rows: string }[] }
      : {
          keys: Number((await source.one(`SELECT count(*) AS rows FROM (${duplicateKeys(entity)}) d`))['rows']),
          first: await source.rows<{ key: string; rows: string }>(
            `SELECT * FROM (${duplicateKeys(entity)}) d ORDER BY 1 LIMIT ${NAMED}`,
          ),
        };
    const faults: SourceFault[] = [
      ...(nulls === 0
        ? []
        : [
            { legacyId: null, kind: 'null_key' as const, column: null, reason: `${nulls} rows have NULL in their key` },
          ]),
      ...duplicates.first.map(({ key, rows }) => ({
        ...{ legacyId: key, kind: 'duplicate_key' as const, column: null, reason: `the key stands for ${rows} rows` },
      })),
    ];
    return added(NO_SOURCE_FINDINGS, faults, { nullKeys: nulls, duplicateKeys: duplicates.keys });
  });
}

/** Columns whose value comes from the row itself; what a reference leads to is another matter. */
const fitColumns = (entity: CompiledEntity, target: Relation): readonly FitColumn[] =>
  entity.columns.flatMap((column: CompiledColumn) => {
    const type = columnOf(target, column.column)?.type;
    return column.kind !== 'expression' || type === undefined ? [] : [{ column, type }];
  });

/** One range of the entity: read with all its expressions, then cast as it would be written. */
export async function checkRange(
  { source, target }: Sides,
  entity: CompiledEntity,
  relation: Relation,
  range: KeyRange,
  before: SourceFindings,
): Promise<SourceFindings> {
  await target.run(freshScratch(entity));
  const bad: Unreadable[] = [];
  let rows = 0;
  const unread = await readBisecting(
    source,
    entity,
    range,
    async (part) => {
      rows += (await copyRows(source, copyOut(entity, { range: part }), target, copyIn(entity))).rows;
    },
    (each) => void bad.push(each),
    () => bad.length < MOST_UNREADABLE,
  );
  const unfit = await checkStaged(target, entity, relation);
  return added(before, [...(await toldOf({ source, target }, entity, bad)), ...unfit.faults], {
    rows: before.rows + rows + bad.length,
    unreadable: before.unreadable + bad.length,
    unfit: before.unfit + unfit.unfit,
    nulls: before.nulls + unfit.nulls,
    unread: [...before.unread, ...unread].slice(0, NAMED),
  });
}

/** Some rows by key: one after the other where one of them cannot be read. */
export async function checkRows(
  { source, target }: Sides,
  entity: CompiledEntity,
  relation: Relation,
  keys: readonly string[],
  before: SourceFindings,
): Promise<SourceFindings> {
  await target.run(freshScratch(entity));
  const bad: Unreadable[] = [];
  let rows = 0;
  const read = async (some: readonly string[]): Promise<void> => {
    try {
      rows += (await copyRows(source, copyOut(entity, { keys: some }), target, copyIn(entity))).rows;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      const [only] = some;
      if (some.length === 1 && only !== undefined) bad.push({ key: only, error });
      else {
        const half = Math.ceil(some.length / 2);
        await read(some.slice(0, half));
        await read(some.slice(half));
      }
    }
  };
  if (keys.length > 0) await read(keys);
  const unfit = await checkStaged(target, entity, relation);
  return added(before, [...(await toldOf({ source, target }, entity, bad)), ...unfit.faults], {
    rows: before.rows + rows + bad.length,
    unreadable: before.unreadable + bad.length,
    unfit: before.unfit + unfit.unfit,
    nulls: before.nulls + unfit.nulls,
  });
}

/** As many as are named. */
async function toldOf(sides: Sides, entity: CompiledEntity, bad: readonly Unreadable[]): Promise<SourceFault[]> {
  const faults: SourceFault[] = [];
  for (const { key, error } of bad.slice(0, NAMED)) {
    const { text, column } = await reasonFor({ ...sides, entity }, key, error);
    faults.push({ legacyId: key, kind: 'unreadable', column, reason: `an expression fails in the source: ${text}` });
  }
  return faults;
}

/** What is staged is put into a table of the target's own types, first all of it, then row by row where that fails. */
async function checkStaged(
  target: Session,
  entity: CompiledEntity,
  relation: Relation,
): Promise<{ readonly unfit: number; readonly nulls: number; readonly faults: readonly SourceFault[] }> {
  const columns = fitColumns(entity, relation);
  if (columns.length === 0) return { unfit: 0, nulls: 0, faults: [] };
  return unhurried(target, async () => {
    await target.run(createFits(columns));
    let unfit: readonly UnfitRow[] = [];
    let count = 0;
    try {
      await target.run(fitAll(stage(entity), columns));
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      await target.run(fitOneByOne(stage(entity), columns));
      count = Number((await target.one('SELECT count(DISTINCT legacy_key) AS rows FROM pg_temp.unfit'))['rows']);
      unfit = (await target.rows(unfitRows(NAMED))).map((row) => ({
        key: row['legacy_key'] ?? '',
        column: row['column_name'] ?? null,
        sqlstate: row['sqlstate'] ?? '',
        message: row['message'] ?? '',
      }));
    }
    const required = columns.filter(({ column }) => column.notNull);
    const nulls =
      required.length === 0
        ? []
        : await target.rows<{ legacy_key: string; column_name: string; rows: string }>(
            findNulls(stage(entity), required, NAMED),
          );
    const faults: SourceFault[] = [
      ...unfit.map(({ key, column, sqlstate, message }) => ({
        ...{ legacyId: key, kind: 'unfit' as const, column },
        reason: reasonOf(
          entity,
          new DataError('M012', { sqlstate, message, constraint: null, column, table: null }, 'target', null),
        ).text,
      })),
      ...nulls.map((row) => ({
        ...{ legacyId: row.legacy_key, kind: 'null' as const, column: row.column_name },
        reason: 'NULL for a column that must have a value',
      })),
    ];
    return { unfit: count, nulls: Number(nulls[0]?.rows ?? 0), faults };
  });
}
