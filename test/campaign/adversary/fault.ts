// What a fault of the data is, and how one of a single value is made.

export type Kind = 'missing' | 'extra' | 'value' | 'orphan' | 'wrong_parent' | 'mapping';

export interface Fault {
  readonly name: string;
  readonly source?: string;
  readonly target?: string;
  /** Entity and legacy key of what must be named, with its kind; and the column of a value. */
  readonly entity: string;
  readonly finds: readonly (readonly [legacyId: string, kind: Kind, column?: string])[];
}

export const value = (name: string, key: number, column: string, sql: string): Fault => ({
  name,
  entity: 'things',
  target: `UPDATE things SET ${column} = ${sql} WHERE legacy_id = ${key}`,
  finds: [[String(key), 'value', column]],
});
/** Both sides are set first, to two values that are easily taken for one. */
export const pair = (name: string, key: number, column: string, ofSource: string, ofTarget: string): Fault => ({
  name,
  entity: 'things',
  source: `UPDATE thing SET ${column} = ${ofSource} WHERE no = ${key}`,
  target: `UPDATE things SET ${column} = ${ofTarget} WHERE legacy_id = ${key}`,
  finds: [[String(key), 'value', column]],
});
