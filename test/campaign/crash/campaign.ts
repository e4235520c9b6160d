/**
 * A migration that is killed at a point, and taken up again, against one that nobody disturbed. Each trial works on a copy of
 * the same target, beside the same source, which is only read.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { createDatabase, dropDatabase, withClient } from '../../support/database.ts';
import type { Schema } from '../../workflow/schemas/schema.ts';
import type { Point } from '../statement-signal.ts';
import { batchesOf, outcomeOf } from './outcome.ts';
import { killed, LANES, runHere, undisturbed, type Databases } from './run.ts';

/** The lease is a minute. */
const LONGER_THAN_A_LEASE = `UPDATE portage.workers SET heartbeat_at = heartbeat_at - interval '1 hour';
  UPDATE portage.migration_checkpoints SET updated_at = updated_at - interval '1 hour', created_at = created_at - interval '1 hour';
  UPDATE portage.operations SET started_at = started_at - interval '1 hour'`;

export interface Trial {
  readonly point: Point;
  readonly sequential: boolean;
  /** How the interrupted migration is taken up. */
  readonly by: 'migrate' | 'resume';
}

export interface Scene {
  /** Statements that an undisturbed run sends. */
  readonly statements: number;
  /** @returns whether the point was reached before the run came to its end */
  readonly disturb: (trial: Trial) => Promise<boolean>;
  end(): Promise<void>;
}

const run = (url: string, sql: string): Promise<void> =>
  withClient(url, async (client) => {
    await client.query(sql);
  });

/** A first load of the schema, or the run after its edits. */
export async function openScene(schema: Schema, phase: 'load' | 'edits'): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'portage-crash-'));
  await writeFile(join(folder, 'map.json'), JSON.stringify(schema.map));
  const [source, target] = [await createDatabase('legacy'), await createDatabase('target')];
  await run(source, schema.legacy);
  await run(target, schema.target);
  if (phase === 'edits') {
    await runHere({ source, target, folder }, { command: 'differential-migration migrate' });
    await run(source, schema.edits!.legacy);
    await run(target, schema.edits!.target);
  }

  const onCopy = async <T>(work: (databases: Databases) => Promise<T>): Promise<T> => {
    const copy = await createDatabase('copy', target);
    try {
      return await work({ source, target: copy, folder });
    } finally {
      await dropDatabase(copy);
    }
  };
  const { statements, expected, lost } = await onCopy(async (databases) => ({
    statements: await undisturbed(databases),
    expected: await withClient(databases.target, outcomeOf),
    lost: (await withClient(databases.target, batchesOf)).lost,
  }));
  if (phase === 'load') expect(expected.filter((line) => /^(pending|parked|set aside) /.test(line))).toEqual([]);

  return {
    statements,
    disturb: ({ point, sequential, by }) =>
      onCopy(async (databases) => {
        const reached = await killed(databases, point, sequential);
        const before = await withClient(databases.target, batchesOf);
        // Of each lane the batch that it was in; entities of a circle are written together, each with a number of its own.
        const atOnce = Object.keys(schema.map.entities).length;
        if (reached) expect(before.lost - lost).toBeLessThanOrEqual(sequential ? atOnce : LANES * atOnce);

        await takeUp(databases, by, phase);
        const after = await withClient(databases.target, batchesOf);
        expect(after.committed).toEqual(expect.arrayContaining([...before.committed]));
        expect(await withClient(databases.target, outcomeOf)).toEqual(expected);
        return reached;
      }),
    async end() {
      await dropDatabase(source);
      await dropDatabase(target);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What somebody does who finds the process gone: nothing where it had ended, or take it up by the command of the trial. */
async function takeUp(databases: Databases, by: Trial['by'], phase: 'load' | 'edits'): Promise<void> {
  const operations = await withClient(databases.target, async (client) => {
    const { rows: there } = await client.query(`SELECT to_regclass('portage.operations') AS name`);
    if ((there[0] as { name: string | null }).name === null) return [];
    await client.query(LONGER_THAN_A_LEASE);
    return (await client.query<{ status: string }>('SELECT status FROM portage.operations ORDER BY operation_no')).rows;
  });
  const own = operations.slice(phase === 'edits' ? 1 : 0);
  if (own.length > 0 && own.at(-1)?.status !== 'running') return;
  const command = own.length === 0 || by === 'migrate' ? 'migrate' : 'resume';
  const more = command === 'migrate' ? { batchSize: 7 } : { entity: 'all' };
  await runHere(databases, { command: `differential-migration ${command}`, ...more });
}
