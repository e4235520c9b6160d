/** The schedules of what is done regularly (shared/operations/maintenance.ts), in a group of their own: that of the jobs is swept. */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, ScheduleExpression, ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import type { Environment } from '../environments.ts';
import { operationOf } from '../../shared/operations/catalogue.ts';
import { machineOf } from '../../shared/operations/operation.ts';
import { DUTIES, type Period } from '../../shared/operations/maintenance.ts';
import { schedulerOf, type Scheduler } from './scheduler.ts';
import type { Workflow } from './workflow.ts';

/** Early, one after the other, in universal time; the health check four times an hour costs half a dollar a month. */
const AT: Readonly<Record<Period, ScheduleExpression>> = {
  often: ScheduleExpression.expression('rate(15 minutes)'),
  daily: ScheduleExpression.cron({ minute: '10', hour: '5' }),
  weekly: ScheduleExpression.cron({ minute: '20', hour: '5', weekDay: 'MON' }),
  monthly: ScheduleExpression.cron({ minute: '30', hour: '5', day: '1' }),
};
const UTC = 'Etc/UTC';
/** A check that is late by hours says nothing more than the next one. */
const RETRIES = { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 10 };

export class Maintenance extends Construct {
  constructor(
    scope: Construct,
    id: string,
    environment: Environment,
    workflows: ReadonlyMap<string, Workflow>,
    scheduler: Scheduler,
    bucketName: string,
  ) {
    super(scope, id);
    const name = `portage-${environment.name}-maintenance`;
    const group = new ScheduleGroup(this, 'Group', { scheduleGroupName: name });
    const role = new Role(this, 'Role', {
      description: `Starts the regular checks and clean-ups of Portage ${environment.name}`,
      assumedBy: schedulerOf(Stack.of(this), name),
    });
    const started = new Set<string>();
    for (const { name: duty, purpose, period, input, file } of DUTIES) {
      const operation = operationOf(input.command);
      const machine = operation && workflows.get(machineOf(operation, input))?.stateMachine;
      if (machine === undefined) throw new Error(`No machine runs ${input.command}`);
      started.add(machine.stateMachineArn);
      const written = file === undefined ? {} : { [file.field]: `s3://${bucketName}/reports/${file.name}` };
      new CfnSchedule(this, duty, {
        name: duty,
        groupName: group.scheduleGroupName,
        description: purpose,
        scheduleExpression: AT[period].expressionString,
        scheduleExpressionTimezone: UTC,
        flexibleTimeWindow: { mode: 'FLEXIBLE', maximumWindowInMinutes: 5 },
        target: {
          arn: machine.stateMachineArn,
          roleArn: role.roleArn,
          input: Stack.of(this).toJsonString({ ...input, ...written }),
          retryPolicy: RETRIES,
          deadLetterConfig: { arn: scheduler.deadLetters.queueArn },
        },
      });
    }
    role.addToPolicy(new PolicyStatement({ actions: ['states:StartExecution'], resources: [...started] }));
    role.addToPolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [scheduler.deadLetters.queueArn] }),
    );
  }
}
