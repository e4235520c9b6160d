/**
 * A migration is killed at every kind of point, and at points that chance chooses; what is taken up afterwards comes to the
 * same as a run that nobody disturbed: rows, mappings, bases, undo entries, counts.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cutCycle, twoCycle } from '../workflow/schemas/cycles.ts';
import { mergeOfTexts } from '../workflow/schemas/merge.ts';
import { openScene, type Scene, type Trial } from './crash/campaign.ts';
import { chance, seedOf, trials } from './size.ts';
import type { Point, When } from './statement-signal.ts';

const PATIENCE = 120_000;
/** A killed migration, its resumption and the comparison. */
const TRIAL = 30_000;

const SCENES = {
  'first load': () => openScene(cutCycle, 'load'),
  'run after edits': () => openScene(cutCycle, 'edits'),
  'first load of a circle': () => openScene(twoCycle, 'load'),
  'run after edits of a circle': () => openScene(twoCycle, 'edits'),
  'run after edits of text keys': () => openScene(mergeOfTexts, 'edits'),
} as const;
type Name = keyof typeof SCENES;

const scenes = new Map<Name, Promise<Scene>>();
const scene = (name: Name): Promise<Scene> => {
  const open = scenes.get(name) ?? SCENES[name]();
  scenes.set(name, open);
  return open;
};
afterAll(async () => {
  for (const open of scenes.values()) await (await open).end();
});

const at = (when: When, statement: string, call = 1, following?: string): Point => ({
  signal: 'SIGKILL',
  when,
  call,
  statement,
  ...(following === undefined ? {} : { following }),
});
const BATCH = 'INSERT INTO portage.migration_batches';
const LAST = 'UPDATE portage.operations SET status';

/** What the process had done when it was killed. */
const POINTS: readonly (readonly [where: string, name: Name, point: Point])[] = [
  ['while it made its ledger', 'first load', at('sent', 'CREATE TABLE portage.operations')],
  ['while it took its turn to plan', 'first load', at('before', 'pg_advisory_lock')],
  ['with an operation, without checkpoints', 'first load', at('after', 'INSERT INTO portage.operations')],
  ['between two planned checkpoints', 'run after edits', at('after', 'INSERT INTO portage.migration_checkpoints', 2)],
  ['with a fence raised and not committed', 'first load', at('after', 'UPDATE portage.fences', 2)],
  ['with an entity taken and not planned', 'run after edits', at('before', 'SET slices = ')],
  ['with an entity planned', 'first load', at('after', 'SET slices = ', 2)],
  ['between the reply of a step and the next', 'first load', at('before', '^SET application_name', 9)],
  ['before a batch', 'first load', at('before', '^BEGIN', 1, 'SET slices = ')],
  ['while rows came from the source', 'first load', at('sent', '^COPY .* TO STDOUT', 3)],
  ['while rows went into the staging table', 'run after edits', at('sent', '^COPY .* FROM STDIN', 2)],
  ['inside a batch that had written nothing', 'first load', at('after', BATCH, 4)],
  ['inside a batch that had written its rows', 'first load', at('after', 'SET CONSTRAINTS ALL IMMEDIATE', 3)],
  ['before a batch was committed', 'run after edits', at('before', '^COMMIT', 2, BATCH)],
  ['while a batch was being committed', 'first load', at('sent', '^COMMIT', 5, BATCH)],
  ['after a batch was committed', 'first load', at('after', '^COMMIT', 3, BATCH)],
  ['with references found and not set', 'first load', at('after', 'INSERT INTO pg_temp.links')],
  ['with references set and not committed', 'first load', at('after', 'DELETE FROM portage.pending_references')],
  ['while parked rows had their last look', 'run after edits', at('after', 'DELETE FROM portage.parked_rows')],
  ['with an entity proved and not ended', 'first load', at('sent', '^ANALYZE', 3)],
  ['with an entity ended', 'first load', at('after', "completed_at = CASE WHEN \\$3 = 'completed'", 2)],
  ['before the operation ended', 'run after edits', at('before', LAST)],
  ['while the operation ended', 'first load', at('sent', LAST)],
  ['with the operation ended', 'first load', at('after', LAST)],
  ['inside a batch of a circle', 'first load of a circle', at('after', BATCH, 5)],
  ['before a batch of a circle was committed', 'run after edits of a circle', at('before', '^COMMIT', 1, BATCH)],
];

describe('comes to the same after it was killed', () => {
  // Of the short run every third one.
  const every = trials(1, 3);
  test.each(POINTS.filter((_, i) => i % every === 0))(
    '%s (%s)',
    async (_, name, point) => {
      const reached = await (await scene(name)).disturb({ point, sequential: true, by: 'resume' });
      expect(reached).toBe(true);
    },
    PATIENCE,
  );
});

describe('comes to the same after it was killed at points of chance', () => {
  const seed = seedOf('crash campaign');
  const names = Object.keys(SCENES) as Name[];
  const each = Math.ceil(trials(300, 5) / names.length);
  beforeAll(async () => {
    for (const name of names) await scene(name);
  }, PATIENCE);

  test.each(names.map((name, i) => [name, i] as const))(
    '%s',
    async (name, number) => {
      const { disturb, statements } = await scene(name);
      const { number: below, pick } = chance(seed + number);
      let reached = 0;
      for (let i = 0; i < each; i++) {
        const trial: Trial = {
          point: { signal: 'SIGKILL', when: pick(['before', 'sent', 'after']), call: 1 + below(statements) },
          sequential: below(2) === 0,
          by: pick(['migrate', 'resume']),
        };
        try {
          if (await disturb(trial)) reached++;
        } catch (error) {
          throw new Error(`trial ${i}: ${JSON.stringify(trial)}`, { cause: error });
        }
      }
      // Lanes side by side need some statements less than one.
      expect(reached).toBeGreaterThanOrEqual(Math.floor(each * 0.8));
    },
    each * TRIAL,
  );
});
