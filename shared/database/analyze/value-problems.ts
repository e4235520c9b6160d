/**
 * Values of the source that the target cannot hold, counted in one pass over each entity: too long, out of range, NULL where
 * none may be, the same where each must be another. Counts alone: no value leaves the database.
 */
import { columnOf, underlying, type Column, type Relation } from '../../domain/catalog.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { NormalColumn } from '../../domain/entity-map.ts';
import { PortageError } from '../../domain/errors.ts';
import { DataError } from '../pg-errors.ts';
import type { Session } from '../session.ts';
import { allOf } from '../sql/range.ts';
import type { Problem } from './schema-problems.ts';

interface Check {
  readonly path: string;
  readonly message: string;
  readonly expected: string;
  /** Over `s`: true for a row that will be set aside. */
  readonly sql: string;
}

const INTEGERS: Readonly<Record<string, readonly [low: string, high: string]>> = {
  int2: ['-32768', '32767'],
  int4: ['-2147483648', '2147483647'],
  int8: ['-9223372036854775808', '9223372036854775807'],
};

/** What the type of a column asks of a value, as SQL that is true where it is not given. */
function limitOf(column: Column, sql: string): { readonly message: string; readonly sql: string } | null {
  const base = underlying(column.typeInfo);
  const length = /^character(?: varying)?\((\d+)\)$/.exec(column.type)?.[1];
  if (length !== undefined)
    return { message: 'values too long for the column', sql: `length(rtrim((${sql})::text)) > ${length}` };
  const range = base.builtin ? INTEGERS[base.name] : undefined;
  if (range !== undefined)
    return {
      message: 'numbers out of range for the column',
      sql: `round((${sql})::numeric) NOT BETWEEN ${range[0]} AND ${range[1]}`,
    };
  const [, digits, scale] = /^numeric\((\d+),(\d+)\)$/.exec(column.type) ?? [];
  if (digits === undefined || scale === undefined) return null;
  return {
    message: 'numbers with more digits than the column takes',
    sql: `round(abs((${sql})::numeric), ${scale}) >= 10::numeric ^ ${Number(digits) - Number(scale)}`,
  };
}

function checksOf(entity: CompiledEntity, target: Relation): readonly Check[] {
  return entity.normal.columns.flatMap((mapped): Check[] => {
    const column = columnOf(target, mapped.column);
    if (column === undefined || mapped.kind === 'constant' || mapped.onInsertOnly) return [];
    const path = `entities.${entity.name}.columns.${mapped.column}`;
    const value = valueOf(entity, mapped);
    const limit = mapped.kind === 'expression' ? limitOf(column, mapped.sql) : null;
    return [
      ...(limit === null ? [] : [{ path, message: limit.message, expected: column.type, sql: limit.sql }]),
      ...(column.notNull
        ? [
            {
              path,
              message: 'NULL for a column that must have a value',
              expected: `${column.type} NOT NULL`,
              sql: `(${value}) IS NULL`,
            },
          ]
        : []),
    ];
  });
}

const valueOf = (entity: CompiledEntity, mapped: NormalColumn): string =>
  mapped.kind === 'expression'
    ? `(${mapped.sql})`
    : (entity.columns.find((column) => column.column === mapped.column)?.source ?? 'NULL');

const rowsWith = (entity: CompiledEntity, checks: readonly Check[]): string =>
  `SELECT ${checks.map(({ sql }, i) => `count(*) FILTER (WHERE ${sql}) AS c${i}`).join(', ')} FROM ${entity.source.from} WHERE ${allOf(entity.source.where)}`;

/** One pass for all; where an expression fails on some row, one for each, so that the column is named. */
export async function valueProblems(
  source: Session,
  entity: CompiledEntity,
  target: Relation,
): Promise<readonly Problem[]> {
  const checks = checksOf(entity, target);
  const together = checks.length === 0 ? [] : await counted(source, entity, checks);
  const found: Problem[] = together ?? [];
  if (together === null)
    for (const check of checks) found.push(...((await counted(source, entity, [check])) ?? [unreadable(check)]));
  return [...found, ...(await repeated(source, entity, target))];
}

/** Null where an expression fails. */
async function counted(source: Session, entity: CompiledEntity, checks: readonly Check[]): Promise<Problem[] | null> {
  try {
    const row = await source.one(rowsWith(entity, checks));
    return checks.flatMap(({ path, message, expected }, i): Problem[] => {
      const rows = Number(row[`c${i}`]);
      return rows === 0
        ? []
        : [{ severity: 'warning', path, message, got: `${rows} of the rows, which would be set aside`, expected }];
    });
  } catch (error) {
    if (error instanceof DataError) return null;
    if (error instanceof PortageError && error.code === 'M002') return [tooSlow(entity)];
    throw error;
  }
}

const unreadable = ({ path, expected }: Check): Problem => ({
  severity: 'warning',
  path,
  message: 'the expression fails on some row, which would be set aside',
  expected,
});

const tooSlow = ({ name }: CompiledEntity): Problem => ({
  severity: 'note',
  path: `entities.${name}`,
  message: 'the values were not looked at: it takes longer than a statement may',
});

/** Unique keys of the target whose values are all mapped, and that no unique key of the source proves. */
async function repeated(source: Session, entity: CompiledEntity, target: Relation): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const copiesKey = (columns: readonly string[]): boolean =>
    entity.keyIsUnique &&
    entity.normal.source.key.every((key) =>
      entity.normal.columns.some(
        (column) =>
          columns.includes(column.column) &&
          column.kind === 'expression' &&
          column.sql === `s."${key.replaceAll('"', '""')}"`,
      ),
    );
  const keys = [...(target.primaryKey === null ? [] : [target.primaryKey]), ...target.uniqueKeys];
  for (const { name, columns, predicate } of keys) {
    const mapped = columns.flatMap((column) => entity.normal.columns.filter((each) => each.column === column));
    if (predicate !== null || columns.length === 0 || mapped.length < columns.length || copiesKey(columns)) continue;
    const values = mapped.flatMap((column) =>
      column.kind === 'constant'
        ? []
        : [`(${entity.columns.find((each) => each.column === column.column)?.source ?? 'NULL'})`],
    );
    if (values.length === 0) continue;
    const path = `entities.${entity.name}.columns.${columns.join('+')}`;
    const groups = `SELECT count(*) AS n FROM ${entity.source.from} WHERE ${allOf([...entity.source.where, ...values.map((value) => `${value} IS NOT NULL`)])} GROUP BY ${values.join(', ')} HAVING count(*) > 1`;
    try {
      const { rows } = await source.one<{ rows: string }>(
        `SELECT coalesce(sum(g.n - 1), 0) AS rows FROM (${groups}) AS g`,
      );
      if (Number(rows) > 0)
        problems.push({
          severity: 'warning',
          path,
          message: `values that are not unique, for the unique key ${name} of the target`,
          got: `${rows} of the rows, which would be set aside`,
          expected: `each (${columns.join(', ')}) once`,
        });
    } catch (error) {
      if (error instanceof DataError) continue; // told by its column already
      if (!(error instanceof PortageError && error.code === 'M002')) throw error;
      problems.push(tooSlow(entity));
    }
  }
  return problems;
}
