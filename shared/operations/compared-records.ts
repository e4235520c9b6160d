/** The answer that `check-record` and `compare-records` share. */
import * as z from 'zod';
import { entitySelection, legacyKeys } from '../contracts/migration.ts';
import type { Flag } from './operation.ts';

const text = z.string();

const comparedRecord = z.strictObject({
  entity: text,
  legacyId: text,
  verdict: z.enum(['match', 'mismatch', 'absent']),
  says: text,
  source: z.strictObject({ rows: z.int(), error: text.nullable() }),
  target: z.strictObject({ rows: z.int(), key: text.nullable() }),
  mapping: z
    .strictObject({
      targetKey: text.nullable(),
      origin: text,
      closed: z.boolean(),
      operationId: text,
      hasBases: z.boolean(),
      agrees: z.boolean(),
    })
    .nullable(),
  setAside: z.looseObject({ code: text, reason: text }).nullable(),
  columns: z.array(
    z.strictObject({
      column: text,
      kind: text,
      sensitive: z.boolean(),
      source: text.nullable(),
      target: text.nullable(),
      verdict: z.enum(['equal', 'differs', 'only', 'not compared']),
      reason: text.nullable(),
      changedInSource: z.boolean().nullable(),
      changedInTarget: z.boolean().nullable(),
    }),
  ),
});
export type ComparedRecordAnswer = z.output<typeof comparedRecord>;

export const recordsAnswer = z.strictObject({ records: z.array(comparedRecord), codes: z.array(text) });
export type RecordsAnswer = z.output<typeof recordsAnswer>;

export const recordInput = <Command extends string>(command: Command) =>
  z.strictObject({ command: z.literal(command), entity: entitySelection, legacyId: legacyKeys });

/** 1 where some row differs, or is not there (V005). */
export const recordsExit = ({ codes }: RecordsAnswer): 0 | 1 => (codes.length === 0 ? 0 : 1);

export const RECORD_FLAGS: readonly Flag[] = [
  { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity' },
  {
    name: 'legacy-id',
    kind: 'keys',
    placeholder: 'KEY',
    help: 'its legacy key, or several: 1,2,3, or a JSON array (of arrays where the key has several columns)',
  },
];
