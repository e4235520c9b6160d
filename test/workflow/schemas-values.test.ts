/** Other databases than the clinic: keys, values, tables and bad rows of every kind. */
import { test } from '@jest/globals';
import { collations } from './schemas/collations.ts';
import { judge } from './schemas/judge.ts';
import { compositeKeys, keys } from './schemas/keys.ts';
import { rows } from './schemas/rows.ts';
import { tables } from './schemas/tables.ts';
import { types } from './schemas/types.ts';

/** A machine that is busy with other tests takes its time. */
const PATIENCE = 180_000;

/** In batches of 7, where that reaches more than it costs. */
const SCHEMAS = [
  [keys.name, keys, undefined],
  [compositeKeys.name, compositeKeys, 20],
  [types.name, types, undefined],
  [tables.name, tables, 7],
  [rows.name, rows, undefined],
  [collations.name, collations, undefined],
] as const;

test.each(SCHEMAS)(
  'migrates, and keeps in step: %s',
  async (_, schema, size) => {
    await judge(schema, size);
  },
  PATIENCE,
);
