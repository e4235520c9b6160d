/** What runs: the state machines, a function for each of their tasks, the logs of both, and what fires the jobs. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { Alarms } from '../constructs/alarms.ts';
import { Deaths } from '../constructs/deaths.ts';
import { instanceName } from '../constructs/databases.ts';
import { figuresOf } from '../constructs/figures.ts';
import { Ledger } from '../constructs/ledger.ts';
import { logGroup } from '../constructs/log-group.ts';
import { Maintenance } from '../constructs/maintenance.ts';
import { Overview } from '../constructs/overview.ts';
import { Recorder } from '../constructs/recorder.ts';
import { Scheduler } from '../constructs/scheduler.ts';
import { stepFunction, type BucketObjects } from '../constructs/step-function.ts';
import { Workflow, type WorkflowProps } from '../constructs/workflow.ts';
import type { Environment } from '../environments.ts';
import { MACHINES } from '../state-machines/machines.ts';
import { ENVIRONMENT_STEPS, type EnvironmentStep, type OperationStep } from '../state-machines/steps.ts';
import type { DataStack } from './data-stack.ts';

export class WorkflowsStack extends Stack {
  readonly workflows: ReadonlyMap<string, Workflow>;
  readonly scheduler: Scheduler;
  readonly recorder: Recorder;
  private readonly bucketName: string;
  private ownLogs!: LogGroup;

  constructor(scope: Construct, id: string, environment: Environment, data: DataStack, props: StackProps) {
    super(scope, id, props);
    this.bucketName = data.exportValue(data.bucket.bucketName);
    const around = {
      vpc: data.network.vpc,
      subnets: data.network.subnets,
      securityGroup: data.network.functionsGroup,
      source: data.source,
      target: data.target,
      objects: this.objectsOf(data),
    };
    this.workflows = new Map(
      MACHINES.map((machine) => [
        machine.area,
        new Workflow(this, `${machine.area.charAt(0).toUpperCase()}${machine.area.slice(1)}`, {
          environment,
          machine,
          around,
        }),
      ]),
    );
    const own = this.ownFunctions(environment, around);
    const machines = [...this.workflows.values()].map(({ stateMachine }) => stateMachine);
    this.recorder = new Recorder(this, 'Recorder', environment, own.RecordEnd, machines);
    this.scheduler = new Scheduler(this, 'Scheduler', environment);
    this.scheduler.letManage(this.functionOf('operation', 'ManageSchedules' satisfies OperationStep));
    new Ledger(this, 'Ledger', own.ApplyLedger, data.target, [...machines, this.recorder.rule, this.scheduler]);
    new Maintenance(this, 'Maintenance', environment, this.workflows, this.scheduler, this.bucketName);
    this.watch(environment, data);
  }

  /** Alarms, dashboard and queries. */
  private watch(environment: Environment, data: DataStack): void {
    const steps = new Map(
      MACHINES.flatMap(({ area, steps: rows }) =>
        Object.entries(rows).map(([name, step]) => [this.functionOf(area, name), step] as const),
      ),
    );
    const logs = new Map([...this.workflows].map(([area, { stepLogs }]) => [area, stepLogs] as const));
    logs.set('environment', this.ownLogs);
    const figures = figuresOf(environment, {
      workflows: this.workflows,
      queues: [this.scheduler.deadLetters, this.recorder.deadLetters],
      deaths: new Deaths(this, 'Deaths', environment, logs).metric,
      instance: data.target.iam === null ? null : instanceName(environment),
      stepOf: (fn) => steps.get(fn),
    });
    new Alarms(this, 'Alarms', environment, figures);
    new Overview(this, 'Overview', environment, figures, logs);
  }

  /** Those that no state machine calls. */
  private ownFunctions(
    environment: Environment,
    around: WorkflowProps['around'],
  ): Readonly<Record<EnvironmentStep, NodejsFunction>> {
    const scope = new Construct(this, 'Environment');
    this.ownLogs = logGroup(scope, 'Logs', environment, `/portage/${environment.name}/environment`);
    const surroundings = {
      ...around,
      environment: environment.name,
      logGroup: this.ownLogs,
    };
    const made = Object.entries(ENVIRONMENT_STEPS).map(
      ([name, step]) => [name, stepFunction(scope, 'environment', name, step, surroundings)] as const,
    );
    return Object.fromEntries(made) as Record<EnvironmentStep, NodejsFunction>;
  }

  private functionOf(area: string, step: string): NodejsFunction {
    const found = this.workflows.get(area)?.functions.get(step);
    if (found === undefined) throw new Error(`No function ${step} of ${area}: add its row to steps.ts`);
    return found;
  }

  /** Every object of the bucket, and how cdk-nag prints that. */
  private objectsOf(data: DataStack): BucketObjects {
    const arn = data.exportValue(data.bucket.bucketArn);
    const { 'Fn::ImportValue': exported } = this.resolve(arn) as { 'Fn::ImportValue': string };
    return { bucket: this.bucketName, arn: `${arn}/*`, printed: `${exported}/*` };
  }
}
