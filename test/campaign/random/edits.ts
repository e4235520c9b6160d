/** Edits of both sides, made in the model and told in SQL. One that the schema forbids, or that finds no row, is left out. */
import { targetReference, type Databases } from './databases.ts';
import type { Model } from './model.ts';
import { idOf, leadOf, rowOf, type Entity, type LegacyRow } from './schema.ts';
import type { EditSpec, Spec } from './spec.ts';
import { targetOf } from './values.ts';

export interface Statements {
  readonly legacy: string[];
  readonly target: string[];
}

export function makeEdits(spec: Spec, model: Model, databases: Databases): Statements {
  const made: Statements = { legacy: [], target: [] };
  let inserted = 0;
  for (const edit of spec.edits) {
    const entity = model.entities[edit.entity % model.entities.length]!;
    if (edit.what === 'insert') insert(edit, entity, 300 + inserted++);
    else change(edit, entity);
  }
  return made;

  function numberOf(entity: Entity): number {
    return Number(entity.table.slice(1));
  }
  function parentRows(parent: number): number {
    return spec.entities[parent]!.rows.length;
  }

  function insert(edit: EditSpec, entity: Entity, n: number): void {
    const row = rowOf(spec.entities, numberOf(entity), n, edit.inserted, parentRows);
    model.legacy.get(entity.name)!.set(idOf(row.key), row);
    made.legacy.push(databases.insertLegacy(entity, row));
  }

  function change(edit: EditSpec, entity: Entity): void {
    const [legacy, target] = [model.legacy.get(entity.name)!, model.target.get(entity.name)!];
    const ids = [...new Set([...legacy.keys(), ...target.keys()])].sort();
    const id = ids[edit.row % Math.max(1, ids.length)];
    if (id === undefined) return;
    if (edit.side !== 'target' && legacy.has(id)) changeLegacy(edit, entity, legacy.get(id)!);
    if (edit.side !== 'legacy' && target.has(id)) changeTarget(edit, entity, id);
  }

  function changeLegacy(edit: EditSpec, entity: Entity, row: LegacyRow): void {
    const legacy = model.legacy.get(entity.name)!;
    if (edit.what === 'delete') {
      legacy.delete(idOf(row.key));
      made.legacy.push(databases.deleteLegacy(entity, row.key));
      return;
    }
    const column = edit.column % entity.columns.length;
    if (edit.what === 'lead' && entity.references.length === 0) return;
    const r = edit.column % Math.max(1, entity.references.length);
    const changed: LegacyRow =
      edit.what === 'value'
        ? { ...row, values: row.values.map((old, i) => (i === column ? legacyValue(edit, entity, column) : old)) }
        : {
            ...row,
            references: row.references.map((old, i) =>
              i === r ? leadOf(spec.entities, numberOf(entity), r, edit.lead, parentRows) : old,
            ),
          };
    legacy.set(idOf(row.key), changed);
    made.legacy.push(databases.updateLegacy(entity, changed));
  }

  function legacyValue(edit: EditSpec, entity: Entity, column: number): string | null {
    const { values } = entity.columns[column]!;
    return edit.value === null ? null : values[edit.value % values.length]![0];
  }

  function changeTarget(edit: EditSpec, entity: Entity, id: string): void {
    const target = model.target.get(entity.name)!;
    const row = target.get(id)!;
    if (edit.what === 'delete') {
      // A row that somebody may refer to cannot go.
      if (model.entities.some((other) => other.references.some(({ parent }) => parent === entity.table))) return;
      target.delete(id);
      made.target.push(databases.deleteTarget(entity, row.key));
    } else if (edit.what === 'value') {
      const column = edit.column % entity.columns.length;
      const value = targetOf(entity.columns[column]!, legacyValue(edit, entity, column));
      target.set(id, { ...row, values: row.values.map((old, i) => (i === column ? value : old)) });
      made.target.push(databases.updateTarget(entity, row.key, `v${column}`, value));
    } else if (entity.references.length > 0) {
      leadTarget(edit, entity, id);
    }
  }

  function leadTarget(edit: EditSpec, entity: Entity, id: string): void {
    const target = model.target.get(entity.name)!;
    const row = target.get(id)!;
    const r = edit.column % entity.references.length;
    const parent = entity.references[r]!.parent;
    const keys = [...model.target.get(parent)!.values()].map(({ key }) => key);
    const to = typeof edit.lead === 'number' && keys.length > 0 ? keys[edit.lead % keys.length]! : null;
    if (to === null && !entity.references[r]!.nullable) return;
    target.set(id, { ...row, references: row.references.map((old, i) => (i === r ? to : old)) });
    made.target.push(
      to === null
        ? databases.updateTarget(entity, row.key, targetReference(r), null)
        : databases.leadTarget(entity, row.key, r, to),
    );
  }
}
