/**
 * What a migration comes to, in plain TypeScript over maps: the projection of every row by its key, which rows have a
 * parent, and the table of SEMANTICS 14. It knows nothing of batches, hashes, waves or SQL.
 */
import { idOf, type Entity, type LegacyRow } from './schema.ts';
import { targetOf, wireOf } from './values.ts';

/** A row of the target: references are keys of parents. */
export interface TargetRow {
  readonly key: readonly string[];
  readonly values: readonly (string | null)[];
  readonly references: readonly (readonly string[] | null)[];
}

interface Mapping {
  /** The source's projection as last consumed. */
  source: string;
  /** The target row as last written; null: gone on both sides, closed. */
  target: string | null;
}

const text = (row: TargetRow): string => JSON.stringify([row.values, row.references]);

export class Model {
  readonly entities: readonly Entity[];
  readonly legacy = new Map<string, Map<string, LegacyRow>>();
  readonly target = new Map<string, Map<string, TargetRow>>();
  /** `ENTITY KEY` -> comparison type, of what is open after the last run. */
  readonly differentials = new Map<string, string>();
  /** `ENTITY KEY` of rows that were set aside by the last run, or written without a reference that must lead. */
  readonly setAside = new Set<string>();
  readonly #mapped = new Map<string, Map<string, Mapping>>();
  /** Entity -> key -> number of the reference -> the parent that it waits for. */
  readonly #pending = new Map<string, Map<string, Map<number, readonly string[]>>>();

  constructor(entities: readonly Entity[]) {
    this.entities = entities;
    for (const entity of entities) {
      this.legacy.set(entity.name, new Map(entity.rows.map((row) => [idOf(row.key), row])));
      this.target.set(entity.name, new Map());
      this.#mapped.set(entity.name, new Map());
      this.#pending.set(entity.name, new Map());
    }
  }

  #source = (entity: Entity, row: LegacyRow): string =>
    JSON.stringify([entity.columns.map((kind, i) => wireOf(kind, row.values[i] ?? null)), row.references]);

  run(): void {
    this.differentials.clear();
    this.setAside.clear();
    const there = this.#present();
    const has = (parent: string, key: readonly string[]): boolean => there.get(parent)!.has(idOf(key));
    for (const entity of this.entities) this.#runEntity(entity, there.get(entity.name)!, has);
    this.#link(has);
  }

  /** Rows that have a mapping when the run is over: greatest sets of new rows in which every needed parent is present. */
  #present(): ReadonlyMap<string, Set<string>> {
    const present = new Map<string, Set<string>>();
    for (const { name } of this.entities) {
      const open = [...this.#mapped.get(name)!].filter(
        ([id, { target }]) => target !== null && (this.legacy.get(name)!.has(id) || this.target.get(name)!.has(id)),
      );
      const fresh = [...this.legacy.get(name)!.keys()].filter((id) => !this.#mapped.get(name)!.has(id));
      present.set(name, new Set([...open.map(([id]) => id), ...fresh]));
    }
    for (let changed = true; changed;) {
      changed = false;
      for (const entity of this.entities) {
        for (const [id, row] of this.legacy.get(entity.name)!) {
          if (this.#mapped.get(entity.name)!.has(id) || !present.get(entity.name)!.has(id)) continue;
          const lacks = entity.references.some((reference, r) => {
            const key = row.references[r] ?? null;
            const needed = !reference.nullable || (reference.onMissing === 'setAside' && !reference.cut);
            if (key === null) return !reference.nullable;
            return needed && !present.get(reference.parent)!.has(idOf(key));
          });
          if (!lacks) continue;
          present.get(entity.name)!.delete(id);
          changed = true;
        }
      }
    }
    return present;
  }

  #runEntity(
    entity: Entity,
    present: ReadonlySet<string>,
    has: (parent: string, key: readonly string[]) => boolean,
  ): void {
    const [legacy, target, mapped] = [this.legacy, this.target, this.#mapped].map((of) => of.get(entity.name)!) as [
      Map<string, LegacyRow>,
      Map<string, TargetRow>,
      Map<string, Mapping>,
    ];
    const differs = (id: string, type: string): unknown => this.differentials.set(`${entity.name} ${id}`, type);
    for (const [id, row] of legacy) {
      const mapping = mapped.get(id);
      const desired = this.#desired(entity, row, has);
      const source = this.#source(entity, row);
      const write = (): void => {
        target.set(id, desired);
        mapped.set(id, { source, target: text(desired) });
        this.#wait(entity, id, row, desired);
      };
      if (mapping === undefined) {
        if (present.has(id)) write();
        else this.setAside.add(`${entity.name} ${id}`);
        continue;
      }
      const now = target.get(id);
      const [sourceChanged, targetChanged] = [
        source !== mapping.source,
        now !== undefined && text(now) !== mapping.target,
      ];
      if (sourceChanged && this.#lacks(entity, row, has)) {
        this.setAside.add(`${entity.name} ${id}`);
      } else if (now === undefined) {
        differs(id, sourceChanged ? 'conflict' : 'missing');
      } else if (text(now) === text(desired)) {
        if (sourceChanged || targetChanged) write();
      } else if (targetChanged) {
        differs(id, sourceChanged ? 'conflict' : 'value');
      } else if (sourceChanged) {
        write();
      }
    }
    for (const [id, mapping] of mapped) {
      if (legacy.has(id) || mapping.target === null) continue;
      const now = target.get(id);
      if (now === undefined) mapping.target = null;
      else differs(id, text(now) === mapping.target ? 'deleted' : 'conflict');
    }
  }

  #desired = (entity: Entity, row: LegacyRow, has: (parent: string, key: readonly string[]) => boolean): TargetRow => ({
    key: row.key,
    values: entity.columns.map((kind, i) => targetOf(kind, row.values[i] ?? null)),
    references: entity.references.map(({ parent }, r) => {
      const key = row.references[r] ?? null;
      return key !== null && has(parent, key) ? key : null;
    }),
  });

  /** Of a row that is there: a reference that must lead, and does not, keeps the row as it was. */
  #lacks = (entity: Entity, row: LegacyRow, has: (parent: string, key: readonly string[]) => boolean): boolean =>
    entity.references.some((reference, r) => {
      const key = row.references[r] ?? null;
      if (key === null) return !reference.nullable;
      return reference.onMissing === 'setAside' && !has(reference.parent, key);
    });

  #wait(entity: Entity, id: string, row: LegacyRow, written: TargetRow): void {
    const waits = row.references.flatMap((key, r) =>
      key !== null && written.references[r] === null ? [[r, key] as const] : [],
    );
    this.#pending.get(entity.name)!.set(id, new Map(waits));
  }

  /** References that waited, where the parent is there now and nobody has given them another value. */
  #link(has: (parent: string, key: readonly string[]) => boolean): void {
    for (const entity of this.entities) {
      for (const [id, waits] of this.#pending.get(entity.name)!) {
        for (const [r, key] of waits) {
          const reference = entity.references[r]!;
          if (!has(reference.parent, key)) {
            if (reference.onMissing === 'setAside' && this.legacy.get(entity.name)!.has(id))
              this.setAside.add(`${entity.name} ${id}`);
            continue;
          }
          waits.delete(r);
          const now = this.target.get(entity.name)!.get(id);
          if (now?.references[r] !== null) continue;
          const mapping = this.#mapped.get(entity.name)!.get(id)!;
          const untouched = text(now) === mapping.target;
          const linked = { ...now, references: now.references.map((old, i) => (i === r ? key : old)) };
          this.target.get(entity.name)!.set(id, linked);
          if (untouched) mapping.target = text(linked);
        }
      }
    }
  }
}
