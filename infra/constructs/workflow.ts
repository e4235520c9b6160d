/** One state machine with its functions and logs. */
import { CfnOutput, Stack, type CfnElement } from 'aws-cdk-lib';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  DistributedMap,
  LogLevel,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct, type IConstruct } from 'constructs';
import type { Environment } from '../environments.ts';
import { machineName } from '../../shared/operations/deployed.ts';
import type { Machine } from '../state-machines/machines.ts';
import { acknowledge } from './acknowledge.ts';
import { logGroup } from './log-group.ts';
import { stepFunction, type StepSurroundings } from './step-function.ts';

export interface WorkflowProps {
  readonly environment: Environment;
  readonly machine: Machine;
  readonly around: Omit<StepSurroundings, 'environment' | 'logGroup' | 'reservedConcurrency'>;
}

/** `portage-ENV-AREA`. */
export class Workflow extends Construct {
  readonly stateMachine: StateMachine;
  readonly functions: ReadonlyMap<string, NodejsFunction>;
  readonly stepLogs: LogGroup;

  constructor(scope: Construct, id: string, props: WorkflowProps) {
    super(scope, id);
    const { environment, machine } = props;
    const stateMachineName = machineName(environment.name, machine.area);
    // One group for all steps of a kind, as the log files are on a laptop.
    this.stepLogs = logGroup(this, 'StepLogs', environment, `/portage/${environment.name}/${machine.area}`);
    const functions = new Construct(this, 'Functions');
    this.functions = new Map(
      Object.entries(machine.steps).map(([name, step]) => [
        name,
        stepFunction(functions, machine.area, name, step, {
          ...props.around,
          environment: environment.name,
          logGroup: this.stepLogs,
          reservedConcurrency: environment.reservedConcurrency,
        }),
      ]),
    );
    this.stateMachine = new StateMachine(this, 'Machine', {
      stateMachineName,
      stateMachineType: StateMachineType.STANDARD,
      comment: machine.comment,
      definitionBody: DefinitionBody.fromChainable(machine.define(this, (step) => this.function(step))),
      tracingEnabled: true,
      logs: {
        // Names under /aws/vendedlogs/ do not count against the size of the account's log policy.
        destination: logGroup(this, 'MachineLogs', environment, `/aws/vendedlogs/states/${stateMachineName}`),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
    this.explainGrants();
    new CfnOutput(this, 'MachineArn', { value: this.stateMachine.stateMachineArn, description: stateMachineName });
  }

  /** The function of a state; a definition that asks for one without a row in steps.ts is a mistake of ours. */
  private function(step: string): NodejsFunction {
    const found = this.functions.get(step);
    if (found === undefined) throw new Error(`No function for the state ${step}: add its row to steps.ts`);
    return found;
  }

  private explainGrants(): void {
    const because = (resource: string, reason: string): void =>
      acknowledge(this.stateMachine, `IAM5[Resource::${resource}]`, reason);
    because('*', 'Log deliveries of state machines and X-Ray segments have no resource that a policy could name.');
    for (const invoked of this.functions.values()) {
      because(
        `<${logicalId(invoked)}.Arn>:*`,
        'The wildcard stands for versions and aliases of this one function, and there are none.',
      );
    }
    // Only such a machine may start itself.
    if (!this.node.findAll().some((state) => state instanceof DistributedMap)) return;
    const executions =
      'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:' +
      `{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"${logicalId(this.stateMachine)}"}]}]}`;
    for (const children of [':*', '/*:*']) {
      because(executions + children, 'A distributed Map runs executions of this machine, whose names AWS chooses.');
    }
  }
}

/** As cdk-nag prints it. */
const logicalId = (construct: IConstruct): string =>
  Stack.of(construct).getLogicalId(construct.node.defaultChild as CfnElement);
