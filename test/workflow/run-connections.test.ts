// How a run gets its connections: again where they are refused, and no more of them than there are.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { closeDependencies, dependencies } from '../../functions/dependencies.ts';
import { CHAIN_SOURCE, CHAIN_TARGET, chain } from '../support/chain.ts';
import { gateBefore, type Gate } from '../support/gate.ts';
import { portage, type Portage } from '../support/portage.ts';

let p: Portage;
let gate: Gate;
beforeAll(async () => {
  p = await portage(CHAIN_SOURCE, CHAIN_TARGET, chain);
  gate = await gateBefore(p.targetUrl);
  await p.migrate();
});
afterAll(async () => {
  await gate.end();
  await p.end();
});
beforeEach(() => p.empty());

describe('--connection-retries', () => {
  beforeEach(() => {
    process.env['TARGET_DB_URL'] = gate.url(p.targetUrl);
  });
  afterEach(() => {
    process.env['TARGET_DB_URL'] = p.targetUrl;
  });

  /** Steps of an entity whose connections are refused for a while. @returns how often the step was called, and the end */
  const refusedTwice = async (request: Record<string, unknown>) => {
    let calls = 0;
    const end = await p.migrateAround(
      {
        PrepareEntity: async (input, go) => {
          if (input['entity'] === 'sales' && ++calls === 1) {
            await closeDependencies();
            gate.refuse(2);
          }
          return go();
        },
      },
      request,
    );
    return { calls, end };
  };

  test('tries again within the step, wherever in the run, and tells how often', async () => {
    const { calls, end } = await refusedTwice({ connectionRetries: 5 });
    expect(end.output).toMatchObject({ status: 'completed', connectionRetries: 2 });
    expect(calls).toBe(1);
  });

  test('without it the step fails, and the machine calls it again', async () => {
    const { calls, end } = await refusedTwice({});
    expect(end.output).toMatchObject({ status: 'completed' });
    expect(end.output!.connectionRetries).toBeUndefined();
    expect(calls).toBeGreaterThan(1);
  });

  test('counts for the very first connection, too', async () => {
    gate.refuse(1);
    const run = await p.migrate({ connectionRetries: 3 });
    expect(run.output).toMatchObject({ status: 'completed', connectionRetries: 1 });
  });

  test('a wrong password is not tried again', async () => {
    const wrong = new URL(gate.url(p.targetUrl));
    wrong.username = 'nobody_of_that_name';
    process.env['TARGET_DB_URL'] = wrong.href;
    const before = gate.passed();
    const deps = await dependencies({ retries: 5, hasTime: () => true });
    await expect(deps.withTarget('test', () => Promise.resolve())).rejects.toMatchObject({ code: 'SYS001' });
    expect(gate.passed() - before).toBe(1);
  });
});

describe('--optimize-connections', () => {
  test('takes no more connections than the configuration allows, and says so', async () => {
    process.env['SOURCE_DB_MAX_CONNECTIONS'] = '2';
    try {
      const run = await p.migrate({ optimizeConnections: true });
      expect(run.output!.notes.join()).toMatch(/at most 1 connection to each database, no more can be had/);
      const checkpoints = await p.rows(
        "SELECT json_array_length(slices) AS slices FROM migration_checkpoints WHERE entity_type = 'sales'",
      );
      expect(checkpoints).toHaveLength(1);
    } finally {
      delete process.env['SOURCE_DB_MAX_CONNECTIONS'];
    }
  });
});
