/**
 * Lets the target judge the last step of every value: the cast from what travels to what the column is. An INSERT is
 * prepared and never run; constants are evaluated, since a wrong one would refuse every row.
 */
import { columnOf, type Column } from '../../domain/catalog.ts';
import type { ConstantColumn } from '../../domain/entity-map.ts';
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import { finalCast, wireType } from '../../domain/value-types.ts';
import type { Session } from '../session.ts';
import type { CheckedEntity } from './checked-entity.ts';
import { fault, type CatalogFault } from './faults.ts';
import { refusal } from './source-faults.ts';

export async function targetFaults(
  target: Session,
  checked: CheckedEntity,
  sourceHasType: (name: string) => boolean,
): Promise<CatalogFault[]> {
  if (checked.target === null || checked.targetHidden) return [];
  const faults: CatalogFault[] = [];
  const cast: Column[] = [];
  for (const mapped of checked.normal.columns) {
    const column = columnOf(checked.target, mapped.column);
    if (column === undefined || column.generated) continue;
    if (mapped.kind === 'constant') faults.push(...(await constantFaults(target, checked, column, mapped)));
    else if (mapped.kind === 'expression') cast.push(column);
  }
  return [...faults, ...(await castFaults(target, checked, cast, sourceHasType))];
}

async function castFaults(
  target: Session,
  checked: CheckedEntity,
  columns: readonly Column[],
  sourceHasType: (name: string) => boolean,
): Promise<CatalogFault[]> {
  const prepare = async (some: readonly Column[]): Promise<string | null> => {
    const message = await refusal(target, prepareText(checked, some, sourceHasType));
    if (message === null) await target.run('DEALLOCATE portage_check');
    return message;
  };
  if (columns.length === 0 || (await prepare(columns)) === null) return [];
  const faults: CatalogFault[] = [];
  for (const column of columns) {
    const message = await prepare([column]);
    if (message !== null)
      faults.push(
        fault(checked.path('columns', column.name), message, wireType(column.typeInfo, sourceHasType), column.type),
      );
  }
  return faults;
}

function prepareText(
  { normal }: CheckedEntity,
  columns: readonly Column[],
  sourceHasType: (name: string) => boolean,
): string {
  const types = columns.map(({ typeInfo }) => wireType(typeInfo, sourceHasType)).join(', ');
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  const values = columns.map((column, i) => finalCast(column, `$${i + 1}`)).join(', ');
  return `PREPARE portage_check (${types}) AS INSERT INTO ${qualifiedName(normal.target.relation)} (${names}) OVERRIDING SYSTEM VALUE VALUES (${values})`;
}

/** A block's variable is assigned as a column is: nothing is cut to fit, and domains and enums are checked. */
async function constantFaults(
  target: Session,
  { path }: CheckedEntity,
  column: Column,
  { value }: ConstantColumn,
): Promise<CatalogFault[]> {
  const at = path('columns', column.name, 'value');
  if (value === null)
    return column.notNull
      ? [fault(at, 'the target column must not be NULL', 'null', `a value of type ${column.type}`)]
      : [];
  const block = `DECLARE v ${column.type} := ${quoteLiteral(value)}::text; BEGIN END`;
  const message = await refusal(target, `DO ${quoteLiteral(block)}`);
  const labels = column.typeInfo.labels.length === 0 ? '' : `: ${column.typeInfo.labels.join(', ')}`;
  return message === null ? [] : [fault(at, message, JSON.stringify(value), `a value of type ${column.type}${labels}`)];
}
