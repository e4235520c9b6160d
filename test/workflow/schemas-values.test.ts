/** Other databases than the clinic: keys, values, tables and bad rows of every kind. */
import { test } from '@jest/globals';
import { judge } from './schemas/judge.ts';
import { compositeKeys, keys } from './schemas/keys.ts';
import { rows } from './schemas/rows.ts';
import { tables } from './schemas/tables.ts';
import { types } from './schemas/types.ts';

const SCHEMAS = [keys, compositeKeys, types, tables, rows];

test.each(SCHEMAS.map((schema) => [schema.name, schema] as const))('migrates, and keeps in step: %s', async (_, schema) => {
  await judge(schema, 7);
});
