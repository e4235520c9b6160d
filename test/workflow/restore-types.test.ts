// Values of every type go into a backup and come out of it as they were, into rows that are gone and rows that were changed.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { backups } from '../support/backups.ts';
import { portage, type Portage } from '../support/portage.ts';
import { same, snapshot } from '../support/rolled-back.ts';
import { types } from './schemas/types.ts';

let p: Portage;
const { take, restore } = backups(() => p);
beforeAll(async () => {
  p = await portage(types.legacy, types.target, types.map);
  await p.migrate();
});
afterAll(() => p.end());

test.each(['types.json', 'types.ndjson.gz'])('every type, out of %s', async (name) => {
  const before = await snapshot(p);
  const file = await take(name);
  expect((await restore(file)).output).toMatchObject({
    status: 'completed',
    entities: { everything: { unchanged: 12 } },
  });
  const columns = Object.keys(types.map.entities['everything']!.columns).filter((column) => column !== 'legacy');
  await p.run(
    'target',
    `DELETE FROM everything WHERE legacy % 2 = 0; UPDATE everything SET ${columns.map((column) => `"${column}" = NULL`).join(', ')}`,
  );
  expect((await restore(file)).output).toMatchObject({
    status: 'completed',
    entities: { everything: { inserted: 6, updated: 6 } },
  });
  same(await snapshot(p), before);
});
