/**
 * What wakes somebody: each alarm says in a sentence what is wrong and where the guide goes on. They all lead to one
 * composite alarm and that to one topic, so that a database which is down is one message and not twenty.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  Metric,
  TreatMissingData,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Environment } from '../environments.ts';
import { runbook, type Section } from '../runbook.ts';
import type { Figures } from './figures.ts';

interface Condition {
  /** One sentence, as it stands in the mail. */
  readonly says: string;
  readonly section: Section;
  readonly metric: IMetric;
  readonly threshold: number;
  readonly below?: true;
  /** Periods of the metric that it must last. */
  readonly periods?: number;
}

/** What RDS keeps for itself and its cache; below, it swaps. */
const LEAST_MEMORY_BYTES = 256 * 2 ** 20;
/** Of the budget of connections, of the storage, of a function's time. */
const TIGHT = 0.8;
/** The floor of rows a second that `validate --type performance` holds runs against, where the map sets no other. */
const ROWS_PER_SECOND_FLOOR = 500;
/** A rate is judged over a quarter of an hour: a single batch may wait for a lock. */
const LASTS = 3;

const SECTION_OF_MACHINE: Readonly<Record<string, Section>> = {
  migration: 'checkpoint',
  validation: 'integrity',
  synchronization: 'syncFailing',
  resolution: 'conflicts',
  recovery: 'recovery',
  operation: 'health',
};

export class Alarms extends Construct {
  readonly topic: Topic;
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, environment: Environment, figures: Figures) {
    super(scope, id);
    const { name } = environment;
    this.topic = this.#topicOf(environment);
    const conditions: Readonly<Record<string, Condition>> = {
      ...Object.fromEntries(
        [...figures.machines].map(([area, { ended }]) => [
          `${capital(area)}Ended`,
          {
            says: `An execution of portage-${name}-${area} failed, ran out of time or was aborted.`,
            section: SECTION_OF_MACHINE[area] ?? 'errors',
            metric: ended,
            threshold: 1,
          },
        ]),
      ),
      DeadLetters: {
        says: 'A start of a job, or the end of an execution, could not be delivered and waits among the dead letters.',
        section: 'schedule',
        metric: figures.deadLetters,
        threshold: 1,
      },
      Throttled: {
        says: 'Lambda throttles functions of this account: too many run at once.',
        section: 'pool',
        metric: figures.throttles,
        threshold: 10,
      },
      Died: {
        says: 'A function was killed, ran out of its time or memory, or could not start.',
        section: 'died',
        metric: figures.deaths,
        threshold: 1,
      },
      ...Object.fromEntries(
        [...figures.machines].flatMap(([area, { longestStep }]) =>
          longestStep === null ? [] : [[`${capital(area)}LongSteps`, longSteps(area, longestStep, figures)]],
        ),
      ),
      Health: {
        says: 'The health check found a problem: stale checkpoints, open conflicts, rows set aside, a hold, or a database out of reach.',
        section: 'health',
        metric: figures.own('HealthProblems'),
        threshold: 1,
      },
      Jobs: {
        says: 'A synchronization job is overdue, failing, stuck, adrift from its schedule, or behind by more than it may be.',
        section: 'schedule',
        metric: figures.own('JobProblems'),
        threshold: 1,
      },
      Differences: {
        says: 'A validation found rows that differ.',
        section: 'integrity',
        metric: figures.own('RowsDiffering'),
        threshold: 1,
      },
      Slow: {
        says: `Rows move at less than ${ROWS_PER_SECOND_FLOOR} a second.`,
        section: 'slow',
        metric: figures.own('RowsPerSecond', 'Average'),
        threshold: ROWS_PER_SECOND_FLOOR,
        below: true,
        periods: LASTS,
      },
      ...databaseConditions(environment, figures),
    };
    this.alarms = Object.entries(conditions).map(
      ([key, { says, section, metric, threshold, below, periods }]) =>
        new Alarm(this, key, {
          alarmName: `portage-${name}-${key}`,
          alarmDescription: `${says}\nWhat to do: ${runbook(section)}`,
          metric,
          threshold,
          evaluationPeriods: periods ?? 1,
          comparisonOperator:
            below === true
              ? ComparisonOperator.LESS_THAN_THRESHOLD
              : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
          // Nothing runs, most of the time.
          treatMissingData: TreatMissingData.NOT_BREACHING,
        }),
    );
    const all = new CompositeAlarm(this, 'Any', {
      compositeAlarmName: `portage-${name}`,
      alarmDescription: `Something of portage-${name} needs a person: the alarms portage-${name}-... say what, and where the guide goes on.`,
      alarmRule: AlarmRule.anyOf(...this.alarms.map((alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM))),
    });
    all.addAlarmAction(new SnsAction(this.topic));
    all.addOkAction(new SnsAction(this.topic));
  }

  #topicOf({ name, retained, alarmEmail }: Environment): Topic {
    const key = new Key(this, 'Key', {
      description: `Alarms of portage-${name}`,
      enableKeyRotation: true,
      removalPolicy: retained ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    // The key of AWS for SNS does not let CloudWatch write.
    key.grantEncryptDecrypt(new ServicePrincipal('cloudwatch.amazonaws.com'));
    const topic = new Topic(this, 'Topic', { topicName: `portage-${name}-alarms`, masterKey: key, enforceSSL: true });
    if (alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(alarmEmail));
    return topic;
  }
}

const capital = (area: string): string => `${area.charAt(0).toUpperCase()}${area.slice(1)}`;

const longSteps = (area: string, metric: IMetric, { functionTimeoutMs }: Figures): Condition => ({
  says: `A step of ${area} took more than four fifths of the time that its function has.`,
  section: 'syncFailing',
  metric,
  threshold: functionTimeoutMs * TIGHT,
});

/** Of an instance of our own; whoever keeps another database watches it himself. */
function databaseConditions({ target }: Environment, figures: Figures): Readonly<Record<string, Condition>> {
  if (target.kind !== 'rds' || figures.instance === null) return {};
  const rds = (metricName: string, statistic: string): IMetric =>
    new Metric({
      namespace: 'AWS/RDS',
      metricName,
      statistic,
      period: Duration.minutes(5),
      dimensionsMap: { DBInstanceIdentifier: figures.instance ?? '' },
    });
  return {
    DatabaseConnections: {
      says: `More than four fifths of the ${target.connections} connections of this environment are open.`,
      section: 'pool',
      metric: rds('DatabaseConnections', 'Maximum'),
      threshold: Math.floor(target.connections * TIGHT),
    },
    DatabaseProcessor: {
      says: 'The processors of the target are busy for a quarter of an hour.',
      section: 'slow',
      metric: rds('CPUUtilization', 'Average'),
      threshold: 90,
      periods: LASTS,
    },
    DatabaseStorage: {
      says: 'Less than a fifth of the storage of the target is free.',
      section: 'errors',
      metric: rds('FreeStorageSpace', 'Minimum'),
      threshold: Math.floor(target.storageGib * 2 ** 30 * (1 - TIGHT)),
      below: true,
    },
    DatabaseMemory: {
      says: 'The target has less than 256 MiB of memory left.',
      section: 'memory',
      metric: rds('FreeableMemory', 'Minimum'),
      threshold: LEAST_MEMORY_BYTES,
      below: true,
      periods: LASTS,
    },
  };
}
