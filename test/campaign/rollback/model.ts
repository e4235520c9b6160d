/**
 * What migrations, synchronizations, resolutions, restores and rollbacks are to do with rows, mappings, bases and open
 * differences, said once more without a database (SEMANTICS 12 to 15, 28 to 32).
 */
import type { Row } from '../../support/portage.ts';
import {
  BY_DEFAULT,
  begun,
  equal,
  mappedOf,
  saysTheSame,
  type Mapped,
  type TargetRow,
  type Mapping,
  type Entry,
  type Operation,
  type Winner,
  type Difference,
  type Finding,
  type Findings,
  type Decision,
  type Settlement,
  type Backup,
} from './facts.ts';

export class RollbackModel {
  readonly #source = new Map<number, Mapped>();
  readonly #target = new Map<number, TargetRow>();
  readonly #mappings = new Map<number, Mapping>();
  readonly #operations = new Map<string, Operation>();
  #open: Findings = new Map();

  source = (key: number, a: number, b: number): void => void this.#source.set(key, { a, b });
  leave = (key: number): void => void this.#source.delete(key);
  remove = (key: number): void => void this.#target.delete(key);
  edit(key: number, column: string, value: number | string): void {
    const row = this.#target.get(key);
    if (row) this.#target.set(key, { ...row, [column]: value, writer: null });
  }

  /** Somebody else's row, of a key that no operation has come to. */
  mayPlant = (key: number): boolean =>
    !this.#target.has(key) &&
    ![...this.#operations.values()].some(({ entries }) => entries.some((entry) => entry.key === key));
  plant = (key: number, a: number, b: number): void => void this.#target.set(key, { a, b, note: 'n', writer: null });

  rows = (): Row[] =>
    [...this.#target]
      .sort(([a], [b]) => a - b)
      .map(([no, { a, b, note }]) => ({ no: String(no), a: String(a), b: String(b), note }));
  mapped = (): Row[] =>
    [...this.#mappings]
      .sort(([a], [b]) => a - b)
      .map(([no, { closedBy }]) => ({ no: String(no), closed: closedBy === null ? 'f' : 't' }));

  migrate(id: string): void {
    this.look(id);
    this.end(id);
  }

  sync(id: string, winner: Winner): void {
    this.look(id, winner);
    this.end(id);
  }

  #begin(id: string, takesBack: string | null = null): Operation {
    const operation = begun(this.#operations.size, takesBack);
    this.#operations.set(id, operation);
    return operation;
  }

  /** A run looks at the keys in their order, at some now and at the rest when it is taken up again. */
  look(id: string, winner: Winner = null, after = 0, upTo = Infinity): void {
    const operation = this.#operations.get(id) ?? this.#begin(id);
    const settlement: Settlement = {
      winner,
      settles: ({ type }) => winner !== null && BY_DEFAULT.includes(type),
      deletes: true,
    };
    const keys = [...new Set([...this.#source.keys(), ...this.#mappings.keys()])];
    for (const key of keys.filter((k) => k > after && k <= upTo).sort((a, b) => a - b))
      this.#carryOut(operation, key, id, settlement);
  }

  #carryOut({ entries, leaving, findings }: Operation, key: number, id: string, settlement: Settlement): void {
    const { row, mapping, finding, leaves } = this.#decide(key, id, settlement);
    if (leaves === true) leaving.set(key, row);
    else this.#write(entries, key, row, mapping);
    if (finding) findings.set(key, new Map([[finding.type, finding]]));
  }

  /** A run ends: what is to go goes, and it has seen every difference that there is. */
  end(id: string): void {
    const operation = this.#operations.get(id);
    if (operation === undefined) return;
    this.#deleteLeaving(operation, id);
    this.#open = new Map(operation.findings);
  }

  /** A row that the source has again stays; so does one that was edited once more. */
  #deleteLeaving({ entries, leaving, findings }: Operation, id: string): void {
    for (const [key, decidedOn] of [...leaving].sort(([a], [b]) => a - b)) {
      const row = this.#target.get(key) ?? null;
      const mapping = this.#mappings.get(key);
      if (this.#source.has(key) || mapping === undefined) continue;
      if (row === null || equal(row, mapping.target) || equal(row, decidedOn))
        this.#write(entries, key, null, { ...mapping, closedBy: id });
      else findings.set(key, new Map([['conflict', { type: 'conflict', source: null, target: mappedOf(row) }]]));
    }
    leaving.clear();
  }

  /** Open differences that a person may settle, as the ledger is to list them. */
  open = (): string[] =>
    [...this.#open].flatMap(([key, types]) => [...types.keys()].map((type) => `${key} ${type}`)).sort();

  /** The ledger says which are open: after a rollback or a restore SEMANTICS leaves that to it. */
  told(open: readonly (readonly [key: number, type: Difference])[]): void {
    this.#open = new Map();
    for (const [key, type] of open) this.#open.set(key, new Map([...(this.#open.get(key) ?? []), [type, null]]));
  }

  /** What each of them was recorded of is known, and not only that it is open. */
  knowsRecorded = (): boolean =>
    [...this.#open.values()].every((types) => [...types.values()].every((f) => f !== null));

  /** Looks again at the keys that have an open difference of the kinds asked for (SEMANTICS 32). */
  resolve(id: string, winner: Winner, include: readonly Difference[], force: boolean): void {
    const operation = this.#begin(id);
    const types = [...BY_DEFAULT, ...include];
    const asRecorded = (key: number, now: Finding): boolean => {
      const recorded = this.#open.get(key)?.get(now.type);
      return Boolean(recorded && equal(recorded.source, now.source) && equal(recorded.target, now.target));
    };
    const keys = [...this.#open].filter(([, open]) => types.some((type) => open.has(type))).map(([key]) => key);
    for (const key of keys.sort((a, b) => a - b))
      this.#carryOut(operation, key, id, {
        winner,
        deletes: false,
        settles: (finding) => types.includes(finding.type) && (force || asRecorded(key, finding)),
      });
    this.#deleteLeaving(operation, id);
    for (const key of keys) {
      const rest = [...(this.#open.get(key) ?? [])].filter(([type]) => !types.includes(type));
      const open = new Map([...rest, ...(operation.findings.get(key) ?? [])]);
      if (open.size > 0) this.#open.set(key, open);
      else this.#open.delete(key);
    }
  }

  /** What becomes of the row and its mapping: the table of SEMANTICS 14. */
  #decide(key: number, id: string, settlement: Settlement): Decision {
    const source = this.#source.get(key) ?? null;
    const row = this.#target.get(key) ?? null;
    const mapping = this.#mappings.get(key) ?? null;
    const stays = { row, mapping };
    const differs = (type: Difference): Decision => {
      const finding = { type, source: source && mappedOf(source), target: row && mappedOf(row) };
      if (settlement.settles(finding)) return this.#settle(key, id, finding, settlement.winner);
      return { row, mapping: mapping ?? (row && { source: null, target: null, by: id, closedBy: null }), finding };
    };
    if (source === null) {
      if (mapping?.closedBy !== null) return stays;
      if (row === null) return { row, mapping: { ...mapping, closedBy: id } };
      if (!equal(row, mapping.target)) return differs('conflict');
      return settlement.deletes ? { row: null, mapping, leaves: true } : differs('deleted');
    }
    const based = { source: mappedOf(source), target: mappedOf(source), closedBy: null };
    if (mapping === null) {
      if (row === null) return { row: { ...source, note: 'n', writer: id }, mapping: { ...based, by: id } };
      return equal(source, row) ? { row, mapping: { ...based, by: id } } : differs('adopted');
    }
    if (mapping.closedBy !== null) return differs('reappeared');
    // Without a base nobody can tell which side changed: both count as changed.
    const sourceChanged = mapping.source === null || !equal(source, mapping.source);
    if (row === null) return differs(sourceChanged ? 'conflict' : 'missing');
    if (equal(source, row)) return { row, mapping: { ...mapping, ...based } };
    if (mapping.source === null) return differs('adopted');
    if (!equal(row, mapping.target)) return differs(sourceChanged ? 'conflict' : 'value');
    if (!sourceChanged) return stays;
    return { row: { ...source, note: row.note, writer: id }, mapping: { ...mapping, ...based } };
  }

  /** A difference is settled for a side (SEMANTICS 12 and 15). */
  #settle(key: number, id: string, { type }: Finding, winner: Winner): Decision {
    const source = this.#source.get(key) ?? null;
    const row = this.#target.get(key) ?? null;
    const mapping = this.#mappings.get(key) ?? { source: null, target: null, by: id, closedBy: null };
    if (winner === 'target_wins') {
      // What never was a conflict stays as it is.
      if (type === 'value' || type === 'missing' || type === 'reappeared') return { row, mapping };
      if (source === null) return { row, mapping: { ...mapping, closedBy: id } };
      // The edit still shows as one: against its base, or, without one, against what the source asks for.
      return { row, mapping: { ...mapping, source: mappedOf(source), target: mapping.target ?? mappedOf(source) } };
    }
    if (source === null) return { row, mapping, leaves: true };
    const based = { source: mappedOf(source), target: mappedOf(source), closedBy: null };
    return { row: { ...source, note: row?.note ?? 'n', writer: id }, mapping: { ...mapping, ...based } };
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
    const { entries } = this.#begin(id);
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
    const rollback = this.#begin(rollbackId, id);
    const kept: number[] = [];
    for (const entry of operation.entries
      .filter(({ key }) => earlier === undefined || earlier.kept.includes(key))
      .reverse()) {
      if (kept.includes(entry.key)) continue;
      if (!this.#isAsWritten(entry, id, operation)) kept.push(entry.key);
      else this.#write(rollback.entries, entry.key, this.#rowBefore(entry, rollbackId), entry.mapping);
    }
    rollback.kept = kept;
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
    if (kind === 'none')
      return sameMapping && (mappingAfter === null || saysTheSame(mapping, mappingAfter, before === null ? id : null));
    if (row === null || after === null || mapping === null) return false;
    const writer = row.writer === null ? undefined : this.#operations.get(row.writer);
    if (writer !== undefined && writer.order > order && writer.takesBack === null) return false;
    if (!equal(row, after) || (kind === 'insert' && row.note !== after.note)) return false;
    const bases = [after, before?.target ?? null, kind === 'update' ? (mappingAfter?.target ?? null) : after];
    return mapping.target === null || bases.some((base) => equal(mapping.target, base));
  }
}
