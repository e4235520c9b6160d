// How far an execution is, out of its history.
import { describe, expect, test } from '@jest/globals';
import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { readHistory } from '../../shared/aws/progress.ts';

describe('the history of an execution', () => {
  // As the service writes it: what a function gave, and what the state makes of it, each in an event of its own.
  let events: HistoryEvent[] = [];
  const event = (type: HistoryEvent['type'], details: Partial<HistoryEvent>, after = events.length): number => {
    events.push({ id: events.length + 1, previousEventId: after, type, timestamp: new Date(), ...details });
    return events.length;
  };
  const enters = (name: string, input: unknown, after?: number): number =>
    event('TaskStateEntered', { stateEnteredEventDetails: { name, input: JSON.stringify(input) } }, after);
  const gives = (output: unknown): number =>
    event('LambdaFunctionSucceeded', { lambdaFunctionSucceededEventDetails: { output: JSON.stringify(output) } });
  const exits = (name: string, output: unknown): number =>
    event('TaskStateExited', { stateExitedEventDetails: { name, output: JSON.stringify(output) } });

  test('tells of operation, entities, slices and their runs', () => {
    events = [];
    expect(readHistory(events)).toBeNull();
    const operationId = 'diff_migration_1';
    const plan = {
      operationId,
      waves: [{ groups: [{ entities: ['offices'] }, { entities: ['doctors', 'patients'] }, { entities: ['rooms'] }] }],
    };
    enters('PlanMigration', { command: 'differential-migration migrate' });
    gives(plan);
    exits('PlanMigration', { operationId, execution: 'x', request: {}, plan });
    for (const [entity, slices] of [
      ['offices', 2],
      ['doctors', 3],
    ] as const) {
      const item = { operationId, execution: 'x', entities: [entity], cycle: false };
      const prepared = { operationId, entity, slices: Array.from({ length: slices }, (_, slice) => ({ slice })) };
      enters('PrepareEntity', item);
      gives(prepared);
      exits('PrepareEntity', { ...item, prepared });
      const map = enters('EachSlice', { ...item, prepared });
      event('MapStateStarted', { mapStateStartedEventDetails: { length: slices } }, map);
      event('MapRunStarted', { mapRunStartedEventDetails: { mapRunArn: `arn:${entity}` } });
    }
    gives({ operationId, entity: 'offices', status: 'completed' });
    enters('FailEntity', { operationId, entities: ['rooms'], error: { Error: 'M001' } });
    event('LambdaFunctionSucceeded', { lambdaFunctionSucceededEventDetails: { output: 'cut off {' } });
    expect(readHistory(events)).toEqual({
      operationId,
      entities: [
        { entity: 'offices', status: 'completed', slices: 2, mapRunArn: 'arn:offices' },
        { entity: 'doctors', status: 'in_progress', slices: 3, mapRunArn: 'arn:doctors' },
        { entity: 'patients', status: 'pending', slices: null, mapRunArn: null },
        { entity: 'rooms', status: 'failed', slices: null, mapRunArn: null },
      ],
    });
  });
});
