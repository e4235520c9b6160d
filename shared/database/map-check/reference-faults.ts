/** References that the target cannot hold: of another type, without room for NULL, or in a circle that no order resolves. */
import {
  columnOf,
  relationText,
  underlying,
  type Column,
  type ForeignKey,
  type TypeInfo,
} from '../../domain/catalog.ts';
import type { ReferenceColumn } from '../../domain/entity-map.ts';
import { components, loadOrder, referenceName, type Reference } from '../../domain/waves.ts';
import type { CheckedEntity } from './checked-entity.ts';
import { fault, warning, type CatalogFault } from './faults.ts';

/** A reference with both of its ends found. */
interface Link {
  readonly child: CheckedEntity;
  readonly parent: CheckedEntity;
  readonly reference: ReferenceColumn;
  readonly column: Column;
}

export function referenceFaults(entities: readonly CheckedEntity[]): CatalogFault[] {
  const byName = new Map(entities.map((entity) => [entity.name, entity]));
  const links = entities.flatMap((child) =>
    child.normal.columns.flatMap((reference): Link[] => {
      if (reference.kind !== 'reference' || child.target === null) return [];
      const parent = byName.get(reference.parent);
      const column = columnOf(child.target, reference.column);
      return parent === undefined || column === undefined ? [] : [{ child, parent, reference, column }];
    }),
  );
  return [
    ...links.flatMap((link) => [...typeFaults(link), ...nullFaults(link), ...indexFaults(link)]),
    ...circleFaults(entities, links),
  ];
}

const pathTo = ({ child, reference }: Link, ...more: readonly string[]): string =>
  child.path('columns', reference.column, ...more);

const KINDS: Readonly<Record<string, string>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  text: 'text',
  varchar: 'text',
};

/** Types whose values a foreign key compares: the same one, or two of one kind. */
const kindOf = (type: TypeInfo): string => {
  const base = underlying(type);
  return (base.builtin ? KINDS[base.name] : undefined) ?? `${base.schema}.${base.name}`;
};

function typeFaults(link: Link): CatalogFault[] {
  const { parent, column } = link;
  const [name, ...more] = parent.normal.target.key;
  const key =
    name === undefined || more.length > 0 || parent.target === null ? undefined : columnOf(parent.target, name);
  if (key === undefined || kindOf(key.typeInfo) === kindOf(column.typeInfo)) return [];
  return [
    fault(
      pathTo(link, 'ref'),
      `the column cannot hold the key of ${parent.name}`,
      `${column.name} of type ${column.type}`,
      `${key.type}, as ${parent.name}.${key.name}`,
    ),
  ];
}

function nullFaults(link: Link): CatalogFault[] {
  const { child, reference, column } = link;
  // A key column is reported without a database.
  if (reference.onMissing !== 'null' || !column.notNull || child.normal.target.key.includes(column.name)) return [];
  return [fault(pathTo(link, 'onMissing'), 'the target column must not be NULL', '"null"', '"setAside"')];
}

function indexFaults(link: Link): CatalogFault[] {
  const { child, column } = link;
  if (child.target?.indexes.some(({ columns }) => columns[0] === column.name) !== false) return [];
  return [
    warning(
      pathTo(link),
      'the reference has no index in the target: deleting or undoing a row of the parent reads the whole table',
      `no index of ${relationText(child.target)} that begins with ${column.name}`,
      `CREATE INDEX ON ${relationText(child.target)} (${column.name})`,
    ),
  ];
}

/** Foreign keys of the target that enforce the reference. */
const enforcing = ({ child, parent, column }: Link): readonly ForeignKey[] =>
  (child.target?.foreignKeys ?? []).filter(
    ({ columns, parentSchema, parentTable }) =>
      columns.includes(column.name) &&
      parentSchema === parent.normal.target.relation.schema &&
      parentTable === parent.normal.target.relation.name,
  );

/**
 * A circle of NOT NULL references is loaded in closed sets of rows (SEMANTICS 22). That needs one link in it that may be
 * checked at the end: a deferrable constraint, or none. A reference of an entity to itself needs none: the rows of one
 * statement are checked together.
 */
function circleFaults(entities: readonly CheckedEntity[], links: readonly Link[]): CatalogFault[] {
  const references = links.map(({ child, parent, reference, column }): Reference => {
    return { child: child.name, parent: parent.name, column: reference.column, nullable: !column.notNull };
  });
  const names = entities.map(({ name }) => name);
  const { waves, cut } = loadOrder(names, references);
  const circles = waves.flat().filter(({ cycle }) => cycle);
  return circles.flatMap((circle) => {
    const inside = links.filter(
      (link, i) =>
        circle.entities.includes(link.child.name) &&
        circle.entities.includes(link.parent.name) &&
        !cut.has(referenceName(references[i] ?? { child: '', column: '' })),
    );
    const hard = inside.filter((link) => enforcing(link).some(({ deferrable }) => !deferrable));
    const parentsOf = (name: string): readonly string[] =>
      hard.filter(({ child }) => child.name === name).map(({ parent }) => parent.name);
    return components(circle.entities, parentsOf)
      .filter((component) => component.length > 1)
      .flatMap((component) => circleFault(component, hard));
  });
}

function circleFault(component: readonly string[], hard: readonly Link[]): CatalogFault[] {
  const inside = hard.filter(({ child, parent }) => component.includes(child.name) && component.includes(parent.name));
  const [first] = inside;
  if (first === undefined) return [];
  const arrows = inside.map((link) => `${link.child.name}.${link.column.name} -> ${link.parent.name}`);
  const constraints = inside.flatMap((link) => enforcing(link).map(({ name }) => name));
  return [
    fault(
      pathTo(first, 'ref'),
      `references that must not be NULL lead in a circle, and none of its constraints is deferrable: ${arrows.join(', ')}`,
      `${constraints.join(', ')} NOT DEFERRABLE`,
      'one column of the circle that may be NULL, or one constraint that is DEFERRABLE',
    ),
  ];
}
