/** Fake steps of the migration machine, and the plan that they carry out. */
import { NO_COUNTS } from '../../shared/contracts/migration.ts';
import type { Steps } from './definition-harness.ts';

export const PLAN = {
  operationId: 'diff_migration_20231201_123456',
  dryRun: false,
  connectionRetries: 3,
  entityLanes: 2,
  entities: ['offices', 'doctors'],
  waves: [
    { groups: [{ entities: ['offices'], cycle: false }], entityLanes: 1, sliceLanes: 3 },
    {
      groups: [
        { entities: ['doctors'], cycle: false },
        { entities: ['a', 'b'], cycle: true },
      ],
      entityLanes: 2,
      sliceLanes: 2,
    },
  ],
  deletes: [{ entities: ['doctors'] }, { entities: ['offices'] }],
  notices: [],
};
export const REQUEST = { command: 'differential-migration migrate', entities: 'all' };

/** Steps that do what the contracts say: three slices an entity, two rounds a slice, a cycle or a linking. */
export const steps = (): Steps => {
  const rounds = new Map<string, number>();
  const round = (key: string): number => {
    const next = (rounds.get(key) ?? 0) + 1;
    rounds.set(key, next);
    return next;
  };
  return {
    PlanMigration: () => PLAN,
    EstimateEntity: ({ operationId, request, entity }) => {
      const done = round(String(entity)) === 2;
      return {
        operationId,
        request,
        entity,
        cursor: done ? null : 'half',
        counts: NO_COUNTS,
        vanished: 0,
        rehearsal: null,
        notes: [],
        done,
      };
    },
    PrepareEntity: ({ operationId, entity, sliceLanes }) => ({
      operationId,
      entity,
      sliceLanes,
      checkpointId: `cp-${String(entity)}`,
      fence: 7,
      slices: [0, 1, 2].map((slice) => ({ slice, from: null, to: String(slice) })),
    }),
    MigrateSlice: ({ operationId, entity, checkpointId, fence, slice, rows, connectionRetries }) => {
      const total = Number(rows ?? 0) + 10;
      return { operationId, entity, checkpointId, fence, slice, connectionRetries, rows: total, done: total >= 20 };
    },
    LinkReferences: ({ operationId, entity, checkpointId, fence }) => ({
      operationId,
      entity,
      checkpointId,
      fence,
      rows: 1,
      done: round(`links of ${String(entity)}`) === 2,
    }),
    FinishEntity: ({ operationId, entity }) => ({ operationId, entity, status: 'completed' }),
    MigrateCycle: ({ operationId, execution, entities, rows, connectionRetries }) => {
      const total = Number(rows ?? 0) + 5;
      return { operationId, execution, entities, connectionRetries, rows: total, done: total >= 10 };
    },
    DeleteRows: ({ operationId, execution, entities, rows, connectionRetries }) => {
      const total = Number(rows ?? 0) + 5;
      return { operationId, execution, entities, connectionRetries, rows: total, done: total >= 10 };
    },
    FailDeletes: () => ({}),
    FailSlice: () => ({}),
    FailEntity: () => ({}),
    FinishMigration: ({ operationId }) => ({
      operationId,
      batchId: null,
      dryRun: false,
      status: 'completed',
      entities: {},
      notes: [],
    }),
    FailMigration: ({ error }) => ({ ...(error as { Error: string }), Cause: 'recorded' }),
  };
};
