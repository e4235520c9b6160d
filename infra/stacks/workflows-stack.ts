/** What runs: the state machines, a function for each of their tasks, and the logs of both. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { BucketObjects } from '../constructs/step-function.ts';
import { Workflow } from '../constructs/workflow.ts';
import type { Environment } from '../environments.ts';
import { MACHINES } from '../state-machines/machines.ts';
import type { DataStack } from './data-stack.ts';

export class WorkflowsStack extends Stack {
  readonly workflows: ReadonlyMap<string, Workflow>;

  constructor(scope: Construct, id: string, environment: Environment, data: DataStack, props: StackProps) {
    super(scope, id, props);
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
  }

  /** Every object of the bucket, and how cdk-nag prints that. */
  private objectsOf(data: DataStack): BucketObjects {
    const arn = data.exportValue(data.bucket.bucketArn);
    const { 'Fn::ImportValue': exported } = this.resolve(arn) as { 'Fn::ImportValue': string };
    return { arn: `${arn}/*`, printed: `${exported}/*` };
  }
}
