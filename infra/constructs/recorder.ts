/** Tells a function of executions that ended badly, so that one which could not record it itself is recorded all the same. */
import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Environment } from '../environments.ts';
import { acknowledge } from './acknowledge.ts';
import { DEAD_LETTER_RETENTION } from './scheduler.ts';

/** What EventBridge tells of every execution of a Standard machine; those that go well are left out. */
const ENDED_BADLY = ['FAILED', 'TIMED_OUT', 'ABORTED'];
/** An event that finds no function for so long finds leases that have run out by themselves. */
const LONGEST_AGE = Duration.hours(2);

/** What Lambda does in the name of this function's role when all its tries have failed: leaves the event where an alarm sees it. */
export const GIVEN_UP = 'sqs:SendMessage';
/** Over some minutes: an instance that fails over is back by then. */
const TRIES_MORE = 2;

export class Recorder extends Construct {
  readonly rule: Rule;
  readonly deadLetters: Queue;

  constructor(
    scope: Construct,
    id: string,
    environment: Environment,
    records: NodejsFunction,
    machines: readonly StateMachine[],
  ) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      queueName: `portage-${environment.name}-ended-dead-letters`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: DEAD_LETTER_RETENTION,
    });
    acknowledge(this.deadLetters, 'SQS3', 'It is itself the queue of dead letters.');
    this.rule = new Rule(this, 'Ended', {
      ruleName: `portage-${environment.name}-ended`,
      description: 'Executions that failed, ran out of time or were aborted',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          status: ENDED_BADLY,
          // Exactly these, so that the children of a distributed Map are left out.
          stateMachineArn: machines.map(({ stateMachineArn }) => stateMachineArn),
        },
      },
      targets: [new LambdaFunction(records, { deadLetterQueue: this.deadLetters, maxEventAge: LONGEST_AGE })],
    });
    // The rule's own dead letters are events that reached no function; these reached one that could not record them.
    records.configureAsyncInvoke({
      retryAttempts: TRIES_MORE,
      maxEventAge: LONGEST_AGE,
      onFailure: { bind: () => ({ destination: this.deadLetters.queueArn }) },
    });
    records.addToRolePolicy(new PolicyStatement({ actions: [GIVEN_UP], resources: [this.deadLetters.queueArn] }));
  }
}
