// A map of a thousand entities: what one execution of Step Functions has no room for is refused by the first state, with how many
// have; what has its pieces in the ledger is done all the same.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JudgeOutput } from '../../shared/contracts/validation.ts';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { LIMITS } from '../../shared/domain/scale.ts';
import { jobs } from '../support/jobs.ts';
import { portage, type Portage } from '../support/portage.ts';

const MANY = 1_000;
const names = Array.from({ length: MANY }, (_, i) => `table_${i + 1}`);
const map = {
  name: 'many',
  entities: Object.fromEntries(
    names.map((name) => [
      name,
      {
        source: { table: `public.${name}`, key: ['no'] },
        target: { table: `public.${name}`, key: ['id'], identity: ['no'] },
        columns: { no: 'no', name: 'name' },
      },
    ]),
  ),
} as unknown as EntityMap;
const tables = (columns: string): string =>
  `DO $$ BEGIN FOR i IN 1..${MANY} LOOP EXECUTE format('CREATE TABLE table_%s (${columns})', i); END LOOP; END $$`;

describe('a map of a thousand entities', () => {
  let p: Portage;
  beforeAll(async () => {
    p = await portage(
      `${tables('no int PRIMARY KEY, name text')}; INSERT INTO table_1 VALUES (1, ''a'')`.replaceAll("''", "'"),
      tables('id uuid PRIMARY KEY, no int UNIQUE, name text'),
      map,
    );
  }, 60_000);
  afterAll(() => p.end());

  const deployed = async <T>(work: () => Promise<T>): Promise<T> => {
    process.env['AWS_LAMBDA_FUNCTION_NAME'] = 'portage-dev-migration-PlanMigration';
    try {
      return await work();
    } finally {
      Reflect.deleteProperty(process.env, 'AWS_LAMBDA_FUNCTION_NAME');
    }
  };

  /** As told by the first state of a machine in AWS. */
  const tooMany = (expected: RegExp) => ({
    code: 'SYS012',
    message: expect.stringMatching(
      /^(1000 entities are more than one execution has room for|a dry run of 1000 entities is larger than a state may be)$/,
    ),
    expected: expect.stringMatching(expected),
    next: expect.stringContaining('--entities'),
  });
  const MOST = /^about \d+ entities at most$/;

  test('is validated in one execution, and the answer is whole although no state has room for it', async () => {
    const request = { command: 'data-validator validate', type: 'completeness' };
    const { failure, output } = await p.execute<JudgeOutput>('validation', request);
    expect(failure).toBeNull();
    expect(output).toMatchObject({ verdict: 'mismatch' });
    expect(Object.keys(output!.entities)).toHaveLength(MANY);
    expect(Buffer.byteLength(JSON.stringify(output))).toBeGreaterThan(LIMITS.payloadBytes);
  }, 120_000);

  test('is not migrated in one execution of AWS, nor tried, nor synchronized: the plan says how many have room', async () => {
    const dryRun = await p.migrate({ dryRun: true });
    expect(dryRun.failure).toMatchObject(tooMany(/^at most 262144 bytes$/));
    expect((await deployed(() => p.migrate())).failure).toMatchObject(tooMany(MOST));
    // Nothing was opened that somebody would have to clear away.
    expect(await p.value("SELECT count(*) FROM operations WHERE operation_type <> 'validation'")).toBe('0');
    await jobs(p, 'many').job('nightly');
    const run = { command: 'sync-scheduler run-job', name: 'nightly' };
    expect((await deployed(() => p.execute('synchronization', run))).failure).toMatchObject(tooMany(MOST));
    const some = await deployed(() => p.migrate({ entities: names.slice(0, 3) }));
    expect(some.output).toMatchObject({ status: 'completed', entities: { table_1: { inserted: 1 } } });
  }, 120_000);
});
