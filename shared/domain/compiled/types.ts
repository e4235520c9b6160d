/**
 * An entity compiled against both catalogs: every SQL fragment that migrate, dry run and validation need, derived once
 * (SEMANTICS 2). Aliases: `s` the source row, `g` the staged row, `w` the row of the batch's work table, `t` the target
 * row, `m` the mapping row.
 */
import type { NormalEntity, OnMissing } from '../entity-map.ts';
import type { OrderKind } from '../order-kind.ts';
import type { HashedForm } from '../row-hash.ts';
import type { BaseForm } from './column-hash.ts';
import type { Verification } from './verification-types.ts';

export interface CompiledColumn {
  readonly column: string;
  readonly kind: 'expression' | 'constant' | 'reference';
  readonly sensitive: boolean;
  /** Its column refuses NULL. */
  readonly notNull: boolean;
  /** Written on insert alone, and neither hashed nor compared: a volatile expression. */
  readonly onInsertOnly: boolean;
  /** Name in the staging table, null for a constant. */
  readonly staged: string | null;
  /** Type in the staging table. */
  readonly wire: string;
  /** Over `s`: the value cast to its wire type; for a reference the parent's legacy key. Null for a constant. */
  readonly source: string | null;
  /** Over `g` and `w`: the value as it is to be written. */
  readonly desired: string;
  /** The forms in which equality is exact (value-types.ts), over `g`/`w` and over `t`. */
  readonly exactDesired: string;
  readonly exactTarget: string;
  /** What goes of it into the hash of a row, over `g`/`w` and over `t`. */
  readonly hashedDesired: readonly HashedForm[];
  readonly hashedTarget: readonly HashedForm[];
  readonly textDesired: string;
  readonly textTarget: string;
  /** The base of this column, four bytes (column-hash.ts), over `g`/`w` and over `t`. */
  readonly baseDesired: string;
  readonly baseTarget: string;
}

export interface CompiledReference {
  readonly column: string;
  readonly parent: string;
  readonly parentOrder: OrderKind;
  /** Null while the ledger does not know the parent yet. */
  readonly parentLeaf: string | null;
  readonly parentKey: 'uuid' | 'text';
  /** Name of the parent's legacy key in the staging table, and of the resolved target key in the work table. */
  readonly staged: string;
  /** Type of the target column, which is the parent's target key. */
  readonly type: string;
  readonly nullable: boolean;
  /** Cut out of a cycle: written NULL first and set when the parent is there. */
  readonly cut: boolean;
  readonly onMissing: OnMissing;
  /** Over `t`: the base of this column, four bytes (column-hash.ts). */
  readonly columnHash: string;
  /** Over `s`, a boolean: the parent exists in the source. For a dry run, in which no parent is written. */
  readonly parentInSource: string;
}

/** A reference of the map to an entity whose key is the target's own, and may change: what still holds the old one is found by it. */
export interface ReferringColumn {
  /** The leaf of the child's mappings. */
  readonly leaf: string;
  readonly table: string;
  /** Over `t`, a row of the child's table: the reference, in the canonical form of the parent's key. */
  readonly value: string;
  /** Over `t` and `m`, the child's mapping. */
  readonly matches: string;
}

export interface CompiledEntity {
  readonly name: string;
  readonly normal: NormalEntity;
  /** Null in a dry run on a target without a ledger. */
  readonly entityId: number | null;
  /** The leaf of portage.uuid_mappings, null with entityId. */
  readonly leaf: string | null;
  readonly order: OrderKind;
  /** True when a unique index of the source proves the key: batches may then be cut by LIMIT, without splitting equal keys. */
  readonly keyIsUnique: boolean;
  readonly source: {
    /** `FROM` item with alias `s`. */
    readonly from: string;
    /** Schema for the session's search_path. */
    readonly schema: string;
    /** The legacy key in its order form: bigint, or text COLLATE "C". */
    readonly key: string;
    /** Conditions of the entity: its own `where`, and no NULL in the key. */
    readonly where: readonly string[];
    /** True for a row that is set aside because part of its key is NULL; null where none can be. */
    readonly nullKey: string | null;
    readonly hash: string;
    readonly version: number;
    readonly estimatedRows: number;
    /** Bytes of a row as the catalog has it, indexes and all; null where it says nothing. */
    readonly estimatedWidth: number | null;
    /** A plain table, whose pages can be sampled. */
    readonly hasPages: boolean;
  };
  readonly target: {
    readonly table: string;
    readonly relation: { readonly schema: string; readonly name: string };
    /** Of the server. */
    readonly version: number;
    readonly key: readonly string[];
    /** uuid: one uuid column; text: anything else, as canonical text. */
    readonly keyKind: 'uuid' | 'text';
    /** True when the mapping gives the key (SEMANTICS 9). */
    readonly surrogate: boolean;
    /** Over `t`: canonical target key (uuid, or text). */
    readonly keyOfRow: string;
    /** Over `g`/`w`: the same for the row to be written; null for a surrogate key. */
    readonly keyDesired: string | null;
    /** Over `t` and a row named by the argument that has target_uuid and target_key. */
    readonly matchesMapping: (row: string) => string;
    readonly keyOrder: string;
    /** Behind a value that is compared with the first column of the key. */
    readonly keyCollation: string;
    /** Over `t` and `g`/`w`: the row stands for this source row by its identity; null without identity. */
    readonly matchesIdentity: string | null;
    /** Over `t`: has an identity that belongs to this entity, and is not marked as deleted; null without identity columns. */
    readonly belongs: string | null;
    readonly identityIndexed: boolean;
    /** Over `t`: of a row that is marked as deleted NULL, because such a row counts as absent (SEMANTICS 17). */
    readonly hash: string;
    /** Over `t`: the same, marked or not. */
    readonly hashOfRow: string;
    readonly hashDesired: string;
    readonly columnHashes: string;
    readonly columnHashesDesired: string;
    /** Nothing in the target changes a row on its way in (no trigger of a user, no length to cut to): its hash need not be asked for. */
    readonly foreseeable: boolean;
    /** A trigger may change a row after it was returned: what it is is read once more. */
    readonly changedAfter: boolean;
    /** A mapped column is GENERATED ALWAYS AS IDENTITY: given on insert by OVERRIDING, never updated. */
    readonly alwaysIdentity: readonly string[];
    /** Mapped columns of unique keys that are checked row by row, which may be NULL for a moment. */
    readonly releasable: readonly string[];
    /** Column that marks deleted rows (`deletes: soft:COLUMN`), with its type; null where none does. */
    readonly mark: { readonly column: string; readonly type: string } | null;
    /** Over `t`: every column that can be written again, mapped or not, with its exact text, as jsonb. */
    readonly wholeRow: string;
    /** Columns of every unique key; none of one over an expression. */
    readonly uniques: readonly (readonly string[])[];
  };
  /** When each side says that it changed a row, as timestamptz over `s` and over `t`; null where one of them does not say. */
  readonly moments: { readonly source: string; readonly target: string } | null;
  /** The source's moment is staged with each row, as `g.moment`: for a worker that settles by it. */
  readonly stagesMoment: boolean;
  readonly columns: readonly CompiledColumn[];
  readonly references: readonly CompiledReference[];
  /** Other entities of the map that write the same table by the same key. */
  readonly sharing: readonly { readonly name: string; readonly leaf: string; readonly order: OrderKind }[];
  /** Of an entity whose target key may change: who refers to it. */
  readonly referring: readonly ReferringColumn[];
  /** Columns that take part in hashes and bases, in order. */
  readonly baseColumns: readonly string[];
  /** How each of them is hashed: under another form its base says nothing. */
  readonly baseForms: readonly BaseForm[];
  readonly sourceShape: string;
  readonly targetShape: string;
  /** What the validator compares, without trusting the mapping. */
  readonly verify: Verification;
}
