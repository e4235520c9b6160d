/** What chance decides of a schema, its rows, and the edits between two runs; fast-check draws it and makes it smaller. */
import fc from 'fast-check';
import { KINDS } from './values.ts';

export type KeyKind = 'whole' | 'text' | 'uuid' | 'composite';

export interface ReferenceSpec {
  /** Number of the entity, modulo how many there are; `self` leads to the entity itself. */
  readonly parent: number;
  readonly self: boolean;
  readonly nullable: boolean;
  readonly constraint: 'none' | 'plain' | 'deferrable' | 'deferred';
  readonly onMissing: 'setAside' | 'null';
}

/** Where a reference of a row leads: to the parent's row of that number, nowhere, or it is NULL. */
export type Lead = number | 'nowhere' | null;

export interface RowSpec {
  /** Numbers into the values of each column's kind. */
  readonly values: readonly (number | null)[];
  readonly leads: readonly Lead[];
}

export interface EntitySpec {
  readonly key: KeyKind;
  /** The target's key is the legacy key, instead of a UUID of its own. */
  readonly natural: boolean;
  /** A second source table goes into the same target table, told apart by a constant. */
  readonly twin: boolean;
  readonly columns: readonly number[];
  readonly references: readonly ReferenceSpec[];
  readonly texts: readonly string[];
  readonly rows: readonly RowSpec[];
  readonly twinRows: readonly RowSpec[];
}

export interface EditSpec {
  readonly what: 'value' | 'lead' | 'insert' | 'delete';
  readonly side: 'legacy' | 'target' | 'both';
  readonly entity: number;
  readonly row: number;
  readonly column: number;
  readonly value: number | null;
  readonly lead: Lead;
  readonly inserted: RowSpec;
}

export interface Spec {
  readonly entities: readonly EntitySpec[];
  readonly edits: readonly EditSpec[];
  readonly batchSize: number;
  readonly sequential: boolean;
}

const MOST_ROWS = 7;
const MOST_COLUMNS = 3;
const MOST_REFERENCES = 3;

const number = fc.nat(999);
const lead: fc.Arbitrary<Lead> = fc.oneof(
  { weight: 12, arbitrary: number },
  { weight: 3, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant('nowhere' as const) },
);
const row: fc.Arbitrary<RowSpec> = fc.record({
  values: fc.array(fc.option(number, { freq: 5 }), { minLength: MOST_COLUMNS, maxLength: MOST_COLUMNS }),
  leads: fc.array(lead, { minLength: MOST_REFERENCES, maxLength: MOST_REFERENCES }),
});

const reference: fc.Arbitrary<ReferenceSpec> = fc.record({
  parent: fc.nat(9),
  self: fc.nat(3).map((n) => n === 0),
  nullable: fc.boolean(),
  constraint: fc.constantFrom('none', 'plain', 'plain', 'deferrable', 'deferred'),
  onMissing: fc.constantFrom('setAside', 'null'),
});

/** PostgreSQL's text has no character 0. */
const odd = fc.string({ unit: 'grapheme', maxLength: 5 }).filter((text) => !text.includes('\0'));

const entity: fc.Arbitrary<EntitySpec> = fc.record({
  key: fc.constantFrom('whole', 'text', 'uuid', 'composite'),
  natural: fc.nat(2).map((n) => n === 0),
  twin: fc.nat(4).map((n) => n === 0),
  columns: fc.array(fc.nat(KINDS.length - 1), { minLength: 1, maxLength: MOST_COLUMNS }),
  references: fc.array(reference, { maxLength: MOST_REFERENCES }),
  texts: fc.uniqueArray(odd, { minLength: MOST_ROWS, maxLength: MOST_ROWS }),
  rows: fc.array(row, { maxLength: MOST_ROWS }),
  twinRows: fc.array(row, { maxLength: MOST_ROWS }),
});

const edit: fc.Arbitrary<EditSpec> = fc.record({
  what: fc.constantFrom('value', 'value', 'value', 'lead', 'insert', 'delete'),
  side: fc.constantFrom('legacy', 'legacy', 'target', 'both'),
  entity: number,
  row: number,
  column: number,
  value: fc.option(number, { freq: 5 }),
  lead,
  inserted: row,
});

export const spec: fc.Arbitrary<Spec> = fc.record({
  entities: fc.array(entity, { minLength: 1, maxLength: 4 }),
  edits: fc.array(edit, { maxLength: 12 }),
  batchSize: fc.integer({ min: 1, max: 6 }),
  sequential: fc.boolean(),
});
