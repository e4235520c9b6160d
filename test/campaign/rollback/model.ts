/** What migrations and rollbacks are to do with rows, mappings and bases, said once more without a database (SEMANTICS 12 to 14, 28 to 30). */
import type { Row } from '../../support/portage.ts';

interface Mapped {
  readonly a: number;
  readonly b: number;
}
interface TargetRow extends Mapped {
  readonly note: string;
  /** Who wrote it last: an operation, or null: somebody else. */
  readonly writer: string | null;
}
interface Mapping {
  readonly source: Mapped | null;
  readonly target: Mapped | null;
  readonly by: string;
  readonly closedBy: string | null;
}
interface Entry {
  readonly key: number;
  readonly kind: 'insert' | 'update' | 'delete' | 'none';
  readonly row: TargetRow | null;
  readonly after: TargetRow | null;
  readonly mapping: Mapping | null;
  readonly mappingAfter: Mapping | null;
}
interface Operation {
  readonly order: number;
  readonly takesBack: string | null;
  readonly entries: Entry[];
  /** Keys that the rollback had to keep. */
  kept: readonly number[];
  takenBackBy: string | null;
}

export interface Backup {
  readonly rows: ReadonlyMap<number, TargetRow>;
  readonly mappings: ReadonlyMap<number, Mapping>;
}

const equal = (a: Mapped | null, b: Mapped | null): boolean =>
  a?.a === b?.a && a?.b === b?.b && (a === null) === (b === null);
const mappedOf = ({ a, b }: Mapped): Mapped => ({ a, b });

export class RollbackModel {
  readonly #source = new Map<number, Mapped>();
  readonly #target = new Map<number, TargetRow>();
  readonly #mappings = new Map<number, Mapping>();
  readonly #operations = new Map<string, Operation>();

  source = (key: number, a: number, b: number): void => void this.#source.set(key, { a, b });
  leave = (key: number): void => void this.#source.delete(key);
  remove = (key: number): void => void this.#target.delete(key);
  edit(key: number, column: string, value: number | string): void {
    const row = this.#target.get(key);
    if (row) this.#target.set(key, { ...row, [column]: value, writer: null });
  }

  rows = (): Row[] =>
    [...this.#target]
      .sort(([a], [b]) => a - b)
      .map(([no, { a, b, note }]) => ({ no: String(no), a: String(a), b: String(b), note }));
  mapped = (): Row[] =>
    [...this.#mappings]
      .sort(([a], [b]) => a - b)
      .map(([no, { closedBy }]) => ({ no: String(no), closed: closedBy === null ? 'f' : 't' }));

  migrate(id: string): void {
    const entries: Entry[] = [];
    for (const key of [...new Set([...this.#source.keys(), ...this.#mappings.keys()])].sort((a, b) => a - b)) {
      const [row, mapping] = this.#decide(key, id);
      this.#write(entries, key, row, mapping);
    }
    this.#operations.set(id, { order: this.#operations.size, takesBack: null, entries, kept: [], takenBackBy: null });
  }

  /** What becomes of the row and its mapping. */
  #decide(key: number, id: string): readonly [TargetRow | null, Mapping | null] {
    const source = this.#source.get(key) ?? null;
    const row = this.#target.get(key) ?? null;
    const mapping = this.#mappings.get(key) ?? null;
    const based = source && { source: mappedOf(source), target: mappedOf(source), closedBy: null };
    if (mapping === null) {
      if (source === null || based === null) return [row, null];
      if (row === null)
        return [
          { ...source, note: 'n', writer: id },
          { ...based, by: id },
        ];
      const adopted = { source: null, target: null, by: id, closedBy: null };
      return [row, equal(source, row) ? { ...based, by: id } : adopted];
    }
    if (mapping.closedBy !== null) return [row, mapping];
    if (source === null || based === null) {
      if (row === null) return [null, { ...mapping, closedBy: id }];
      return mapping.target !== null && equal(row, mapping.target)
        ? [null, { ...mapping, closedBy: id }]
        : [row, mapping];
    }
    if (row === null) return [null, mapping];
    if (equal(source, row)) return [row, { ...mapping, ...based }];
    if (mapping.source === null || !equal(row, mapping.target) || equal(source, mapping.source)) return [row, mapping];
    return [
      { ...source, note: row.note, writer: id },
      { ...mapping, ...based },
    ];
  }

  #write(entries: Entry[], key: number, after: TargetRow | null, mappingAfter: Mapping | null): void {
    const row = this.#target.get(key) ?? null;
    const mapping = this.#mappings.get(key) ?? null;
    const kind = row === after ? 'none' : row === null ? 'insert' : after === null ? 'delete' : 'update';
    const moved =
      (mapping === null) !== (mappingAfter === null) ||
      mapping?.closedBy !== mappingAfter?.closedBy ||
      !equal(mapping?.source ?? null, mappingAfter?.source ?? null) ||
      !equal(mapping?.target ?? null, mappingAfter?.target ?? null);
    if (kind === 'none' && !moved) return;
    entries.push({ key, kind, row, after, mapping, mappingAfter });
    if (after) this.#target.set(key, after);
    else this.#target.delete(key);
    if (mappingAfter) this.#mappings.set(key, mappingAfter);
    else this.#mappings.delete(key);
  }

  /** What a backup would hold: rows and mappings of this moment. */
  backup = (): Backup => ({ rows: new Map(this.#target), mappings: new Map(this.#mappings) });

  /** Mapped columns are what they were; a row that is gone comes back whole, and its mapping with it. */
  restore({ rows, mappings }: Backup, id: string): void {
    const entries: Entry[] = [];
    for (const [key, kept] of [...mappings].sort(([a], [b]) => a - b)) {
      const [before, now] = [rows.get(key), this.#target.get(key) ?? null];
      const mapping = this.#mappings.get(key) ?? null;
      const closedBy = kept.closedBy === null ? null : (mapping?.closedBy ?? id);
      const again = { ...kept, by: mapping?.by ?? id, closedBy };
      if (before === undefined) this.#write(entries, key, now, mapping ?? again);
      else {
        const note = now?.note ?? before.note;
        const row = now !== null && equal(now, before) ? now : { ...before, note, writer: id };
        this.#write(entries, key, row, again);
      }
    }
    this.#operations.set(id, { order: this.#operations.size, takesBack: null, entries, kept: [], takenBackBy: null });
  }

  /** There is something that it could take back. */
  mayTakeBack(id: string): boolean {
    const operation = this.#operations.get(id);
    if (operation === undefined || operation.entries.length === 0) return false;
    const by = operation.takenBackBy === null ? undefined : this.#operations.get(operation.takenBackBy);
    return by === undefined || by.kept.length > 0;
  }

  /** @returns the keys that are kept */
  rollback(id: string, rollbackId: string): number[] {
    const operation = this.#operations.get(id);
    if (operation === undefined) return [];
    const earlier = operation.takenBackBy === null ? undefined : this.#operations.get(operation.takenBackBy);
    const entries: Entry[] = [];
    const kept: number[] = [];
    for (const entry of operation.entries
      .filter(({ key }) => earlier === undefined || earlier.kept.includes(key))
      .reverse()) {
      if (kept.includes(entry.key)) continue;
      if (!this.#isAsWritten(entry, id, operation)) kept.push(entry.key);
      else this.#write(entries, entry.key, this.#rowBefore(entry, rollbackId), entry.mapping);
    }
    this.#operations.set(rollbackId, { order: this.#operations.size, takesBack: id, entries, kept, takenBackBy: null });
    operation.takenBackBy = rollbackId;
    const undone = operation.takesBack === null ? undefined : this.#operations.get(operation.takesBack);
    if (undone?.takenBackBy === id) undone.takenBackBy = null;
    return kept.sort((a, b) => a - b);
  }

  #rowBefore({ key, kind, row }: Entry, rollbackId: string): TargetRow | null {
    const now = this.#target.get(key) ?? null;
    if (kind === 'none') return now;
    if (row === null) return null;
    return kind === 'update'
      ? { ...row, note: now?.note ?? row.note, writer: rollbackId }
      : { ...row, writer: rollbackId };
  }

  #isAsWritten(
    { key, kind, after, mapping: before, mappingAfter }: Entry,
    id: string,
    { order, takesBack }: Operation,
  ): boolean {
    const row = this.#target.get(key) ?? null;
    const mapping = this.#mappings.get(key) ?? null;
    const sameMapping = (mapping === null) === (mappingAfter === null);
    if (kind === 'delete') return row === null && sameMapping && (takesBack !== null || mapping?.closedBy === id);
    if (kind === 'none') {
      if (!sameMapping) return false;
      if (mappingAfter === null) return true;
      return equal(mapping?.target ?? null, mappingAfter.target) && (before !== null || mapping?.by === id);
    }
    if (row === null || after === null || mapping === null) return false;
    const writer = row.writer === null ? undefined : this.#operations.get(row.writer);
    if (writer !== undefined && writer.order > order && writer.takesBack === null) return false;
    if (!equal(row, after) || (kind === 'insert' && row.note !== after.note)) return false;
    return mapping.target === null || equal(mapping.target, after) || equal(mapping.target, before?.target ?? null);
  }
}
