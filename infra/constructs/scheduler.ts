/**
 * What the jobs of an environment are fired with: a group for their schedules, the role in whose name EventBridge Scheduler
 * starts the synchronization machine, and the queue of starts that failed for good. The schedules themselves are made at run
 * time, from the jobs in the ledger, by one function alone.
 */
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Environment } from '../environments.ts';
import { machineName } from '../../shared/operations/deployed.ts';
import { SYNCHRONIZATION } from '../state-machines/machines.ts';
import { acknowledge } from './acknowledge.ts';

/** The longest that SQS keeps a message: somebody may be on holiday. */
export const DEAD_LETTER_RETENTION = Duration.days(14);

/** EventBridge Scheduler for the schedules of one group: for another group, or another account, it must not be lent a role. */
export const schedulerOf = ({ partition, region, account }: Stack, group: string): ServicePrincipal =>
  new ServicePrincipal('scheduler.amazonaws.com', {
    conditions: {
      StringEquals: { 'aws:SourceAccount': account },
      ArnEquals: { 'aws:SourceArn': `arn:${partition}:scheduler:${region}:${account}:schedule-group/${group}` },
    },
  });

/** `portage-ENV`. */
export class Scheduler extends Construct {
  readonly group: ScheduleGroup;
  readonly role: Role;
  readonly deadLetters: Queue;
  readonly #machineArn: string;

  constructor(scope: Construct, id: string, environment: Environment) {
    super(scope, id);
    const name = `portage-${environment.name}`;
    this.#machineArn = this.#arn('states', 'stateMachine', `:${machineName(environment.name, SYNCHRONIZATION)}`);
    this.group = new ScheduleGroup(this, 'Group', {
      scheduleGroupName: name,
      // Schedules without their group would start a machine that is gone.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.deadLetters = new Queue(this, 'DeadLetters', {
      queueName: `${name}-scheduler-dead-letters`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: DEAD_LETTER_RETENTION,
    });
    acknowledge(this.deadLetters, 'SQS3', 'It is itself the queue of dead letters.');
    this.role = new Role(this, 'Role', {
      description: `Starts synchronization runs of Portage ${environment.name}`,
      assumedBy: schedulerOf(Stack.of(this), name),
    });
    this.role.addToPolicy(new PolicyStatement({ actions: ['states:StartExecution'], resources: [this.#machineArn] }));
    this.role.addToPolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.deadLetters.queueArn] }),
    );
  }

  /** Lets a function, and no other, keep the schedules, and tells it where. */
  letManage(manager: NodejsFunction): void {
    const { scheduleGroupName: group } = this.group;
    const schedules = this.#arn('scheduler', 'schedule', `/${group}/*`);
    const variables = {
      PORTAGE_SCHEDULE_GROUP: group,
      PORTAGE_SCHEDULE_ROLE_ARN: this.role.roleArn,
      PORTAGE_SCHEDULE_MACHINE_ARN: this.#machineArn,
      PORTAGE_SCHEDULE_DEAD_LETTER_ARN: this.deadLetters.queueArn,
    };
    for (const [name, value] of Object.entries(variables)) manager.addEnvironment(name, value);
    const may = (actions: readonly string[], resource: string, conditions: Record<string, unknown> = {}): void =>
      manager.addToRolePolicy(new PolicyStatement({ actions: [...actions], resources: [resource], conditions }));
    may(
      ['Create', 'Get', 'Update', 'Delete'].map((verb) => `scheduler:${verb}Schedule`),
      schedules,
    );
    if (manager.role === undefined) throw new Error('a function without a role may do nothing');
    acknowledge(
      manager.role,
      `IAM5[Resource::arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/${group}/*]`,
      'The schedules of one group, whose names are those of the jobs and not known at deployment.',
    );
    // Listing knows no narrower resource.
    may(['scheduler:ListSchedules'], '*');
    may(['iam:PassRole'], this.role.roleArn, { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } });
  }

  #arn(service: string, resource: string, rest: string): string {
    const { partition, region, account } = Stack.of(this);
    return `arn:${partition}:${service}:${region}:${account}:${resource}${rest}`;
  }
}
