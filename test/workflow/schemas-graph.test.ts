/** Other databases than the clinic: entities that share tables, and refer to each other in every way. */
import { test } from '@jest/globals';
import { cutCycle, selfCycle, threeCycle, twoCycle } from './schemas/cycles.ts';
import { judge } from './schemas/judge.ts';
import { merge, mergeOfTexts, split } from './schemas/merge.ts';
import { references } from './schemas/references.ts';

/** A machine that is busy with other tests takes its time. */
const PATIENCE = 180_000;

const SCHEMAS = [merge, mergeOfTexts, split, references, cutCycle, selfCycle, twoCycle, threeCycle];

test.each(SCHEMAS.map((schema) => [schema.name, schema] as const))(
  'migrates, and keeps in step: %s',
  async (_, schema) => {
    await judge(schema, 7);
  },
  PATIENCE,
);

test.each([1, undefined])('does the same in batches of any size', async (size) => {
  await judge(split, size);
});
