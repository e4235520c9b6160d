// Who may fire jobs, in whose name, and who may change when: one function, one role, one machine, one group.
import { describe, expect, test } from '@jest/globals';
import { resourcesOf, stacksOf } from './stacks.ts';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}
const asList = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

// The three differ in nothing that stands here.
const name = 'prod';

describe('the scheduler', () => {
  const { workflowsTemplate, workflows } = stacksOf(name);
  const resources = (type: string) => resourcesOf(workflowsTemplate, type);
  const statements = resources('AWS::IAM::Policy').flatMap(([id, is]) =>
    (is.Properties['PolicyDocument'] as { Statement: readonly Statement[] }).Statement.map((each) => ({ id, ...each })),
  );
  const allowed = (action: string): readonly (Statement & { id: string })[] =>
    statements.filter(({ Action }) => asList(Action).includes(action));
  const text = (value: unknown): string => JSON.stringify(workflows.resolve(value));

  test('has a group of its own, and no schedule of it in the template: those follow from the jobs', () => {
    expect(resources('AWS::Scheduler::ScheduleGroup').map(([, is]) => is.Properties['Name'])).toEqual([
      `portage-${name}`,
      `portage-${name}-maintenance`,
    ]);
    const groups = resources('AWS::Scheduler::Schedule').map(([, is]) => is.Properties['GroupName']);
    expect(new Set(groups)).toEqual(new Set([`portage-${name}-maintenance`]));
  });

  test.each([
    ['SchedulerRole', 'portage-prod'],
    ['MaintenanceRole', 'portage-prod-maintenance'],
  ])('is lent %s only for the group %s of its own account', (id, group) => {
    const [[, role] = [], ...more] = resources('AWS::IAM::Role').filter(([each]) => each.startsWith(id));
    expect(more).toEqual([]);
    expect(role!.Properties['AssumeRolePolicyDocument']).toMatchObject({
      Statement: [
        {
          Principal: { Service: 'scheduler.amazonaws.com' },
          Condition: {
            StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
            ArnEquals: { 'aws:SourceArn': expect.anything() },
          },
        },
      ],
    });
    expect(text(role)).toContain(`:schedule-group/${group}"`);
  });

  test('may start the synchronization machine and nothing else, and leave dead letters', () => {
    const own = statements.filter(({ id }) => id.startsWith('SchedulerRole'));
    expect(own.map(({ Action }) => Action).sort()).toEqual(['sqs:SendMessage', 'states:StartExecution']);
    const [start] = own.filter(({ Action }) => Action === 'states:StartExecution');
    expect(text(start!.Resource)).toMatch(new RegExp(`:stateMachine:portage-${name}-synchronization"`));
    expect(text(start!.Resource)).not.toContain('*');
  });

  test('is managed by one function, in its own group, which may pass its role to the scheduler alone', () => {
    for (const action of ['CreateSchedule', 'GetSchedule', 'UpdateSchedule', 'DeleteSchedule']) {
      const [statement, ...others] = allowed(`scheduler:${action}`);
      expect(others).toEqual([]);
      expect(statement!.id).toContain('ManageSchedules');
      expect(text(statement!.Resource)).toContain(`:schedule/portage-${name}/*"`);
    }
    expect(allowed('scheduler:ListSchedules').map(({ id }) => id)).toEqual([
      expect.stringContaining('ManageSchedules'),
    ]);
    const passing = allowed('iam:PassRole');
    expect(passing).toHaveLength(1);
    expect(passing[0]!.id).toContain('ManageSchedules');
    expect(passing[0]!.Condition).toEqual({ StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } });
  });

  test('tells that function where, and no other', () => {
    const told = resources('AWS::Lambda::Function').filter(([, is]) => text(is).includes('PORTAGE_SCHEDULE_GROUP'));
    expect(told.map(([, is]) => is.Properties['FunctionName'])).toEqual([`portage-${name}-operation-ManageSchedules`]);
    expect((told[0]![1].Properties['Environment'] as { Variables: object }).Variables).toMatchObject({
      PORTAGE_SCHEDULE_ROLE_ARN: expect.anything(),
      PORTAGE_SCHEDULE_MACHINE_ARN: expect.anything(),
      PORTAGE_SCHEDULE_DEAD_LETTER_ARN: expect.anything(),
    });
  });

  test('keeps dead letters two weeks, encrypted, over TLS only', () => {
    workflowsTemplate.hasResourceProperties('AWS::SQS::Queue', {
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 86_400,
    });
    expect(text(resources('AWS::SQS::QueuePolicy'))).toContain('aws:SecureTransport');
  });
});
