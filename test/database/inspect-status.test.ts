// checkpoint-status on a real ledger.
import { describe, expect, test } from '@jest/globals';
import { clinicSchema } from '../../cli/demo/generate-clinic.ts';
import { loadMap } from '../../shared/database/engine/load-entities.ts';
import { applyLedger } from '../../shared/database/ledger/apply.ts';
import { clinic } from '../../shared/entities/clinic.ts';
import { checkpointStatusAnswer } from '../../shared/operations/migration-analyzer/checkpoint-status.ts';
import { ask, refused, under, variablesOf } from '../support/inspect.ts';
import { twoSides } from '../support/sides.ts';

const LEDGER_ROWS = `
  INSERT INTO portage.operations (operation_id, operation_type, map_name, map_hash, request, source_database) VALUES ('op_1', 'differential_migration', 'clinic', 'h', '{}', 'x');
  INSERT INTO portage.migration_checkpoints (operation_id, entity_id, entity_type, operation_type, status, mode, map_name, map_hash, catalog_hash, fence, owner, rows_total, created_at, error_code, error_message)
  SELECT 'op_1', entity_id, entity, 'differential_migration', c.status, 'differential', 'clinic', 'h', 'h', 1, 'me on here', c.total, now() - c.age, c.code, c.message
  FROM (VALUES ('doctors', 'failed', NULL::int, interval '3 hours', 'SYS007', 'no right'), ('orders', 'completed', 1000, '5 hours', NULL, NULL), ('orders', 'in_progress', 1000, '2 hours', NULL, NULL)) c (entity, status, total, age, code, message)
  JOIN portage.entities e USING (entity);
  INSERT INTO portage.migration_batches (checkpoint_id, slice, lower_bound, upper_bound, fence, rows_read, inserted, updated, unchanged, deleted, adopted, kept, conflicts, parked, set_aside, read_ms, write_ms, memory_bytes, committed_at)
  SELECT c.id, 0, b.lower, b.upper, 1, b.rows, 0, 0, 0, 0, 0, 0, 0, 0, b.set_aside, 0, 0, 0, c.created_at + b.at
  FROM portage.migration_checkpoints c, (VALUES (NULL, '100', 100, 1, interval '5 s'), ('100', '150', 50, 2, '10 s'), ('150', '200', 50, 0, '1 hour')) b (lower, upper, rows, set_aside, at) WHERE c.status = 'in_progress';
  INSERT INTO portage.workers SELECT id, 0, 1, now(), 'here', now() - interval '5 s' FROM portage.migration_checkpoints WHERE status = 'in_progress'`;

describe('checkpoint-status', () => {
  const command = 'migration-analyzer checkpoint-status';

  test('on a target without a ledger is empty, and says why', async () => {
    const own = await twoSides('SELECT 1', 'SELECT 1');
    try {
      await under(variablesOf(own), async () => {
        const { answer, exit } = await ask(checkpointStatusAnswer, command);
        expect(answer).toEqual({ checkpoints: [], notes: [expect.stringContaining('no ledger yet')] });
        expect(exit).toBe(0);
        const error = await refused(command, { entity: ['docters'] });
        expect(error.exit).toBe(2);
        expect(error.message).toContain('did you mean "doctors"?');
      });
    } finally {
      await own.end();
    }
  });

  test('tells progress, rate, remaining time, heartbeat and owner of what runs', async () => {
    const own = await twoSides(clinicSchema('legacy'), clinicSchema('target'));
    try {
      await applyLedger(own.target);
      await loadMap(own.source, own.target, clinic, 'register');
      await own.run('target', LEDGER_ROWS);
      await under(variablesOf(own), async () => {
        const { answer, exit } = await ask(checkpointStatusAnswer, command, { all: true });
        expect(exit).toBe(0);
        expect(answer.checkpoints.map(({ entity, status }) => [entity, status])).toEqual([
          ['orders', 'in_progress'],
          ['doctors', 'failed'],
        ]);
        const [orders, doctors] = answer.checkpoints;
        // 200 rows in 20 s, where the pause of an hour counts as a minute: 200 / 70.
        expect(orders).toMatchObject({
          rowsDone: 200,
          rowsTotal: 1000,
          owner: 'me on here',
          setAside: 3,
          error: null,
          rowsPerSecond: 2.9,
          etaSeconds: 280,
          endedAt: null,
        });
        expect(answer.operations).toEqual([{ operationId: 'op_1', rowsDone: 200, rowsTotal: 1000, etaSeconds: 260 }]);
        expect(orders!.heartbeatAgeSeconds).toBeGreaterThanOrEqual(5);
        expect(orders!.heartbeatAgeSeconds).toBeLessThan(60);
        expect(doctors).toMatchObject({
          rowsDone: 0,
          rowsTotal: null,
          rowsPerSecond: null,
          etaSeconds: null,
          heartbeatAgeSeconds: null,
          error: { code: 'SYS007', message: 'no right' },
        });

        await own.run('target', "UPDATE portage.workers SET heartbeat_at = heartbeat_at - interval '2 hours'");
        const silent = (await ask(checkpointStatusAnswer, command, { all: true })).answer;
        expect([silent.checkpoints[0]!.etaSeconds, silent.operations![0]!.etaSeconds]).toEqual([null, null]);

        expect((await ask(checkpointStatusAnswer, command, { entity: ['orders'] })).answer.checkpoints).toHaveLength(1);
        expect(
          (await ask(checkpointStatusAnswer, command, { entity: ['orders'], history: true })).answer.checkpoints,
        ).toHaveLength(2);
        expect((await ask(checkpointStatusAnswer, command, { status: 'completed' })).answer.checkpoints).toEqual([]);
        expect(
          (await ask(checkpointStatusAnswer, command, { status: 'completed', history: true })).answer.checkpoints,
        ).toHaveLength(1);
      });
    } finally {
      await own.end();
    }
  });
});

test('an unknown command and wrong flags are refused', async () => {
  expect(await refused('migration-analyzer dance')).toMatchObject({ code: 'SYS002', exit: 2 });
  expect(await refused('differential-migration explain', { entities: 'all' })).toMatchObject({
    code: 'SYS002',
    exit: 2,
  });
});
