/** The figures of an environment, once for alarms and dashboard: what AWS counts of its own accord, and what the steps tell. */
import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Environment } from '../environments.ts';
import type { Step } from '../state-machines/steps.ts';
import { FUNCTION_TIMEOUT } from './task-state.ts';
import type { Workflow } from './workflow.ts';

/** The namespace of functions/observability.ts. */
export const NAMESPACE = 'Portage';
const PERIOD = Duration.minutes(5);
/** One expression takes so many figures. */
const MOST_IN_EXPRESSION = 10;

/** Figures that the steps tell, by environment. */
export type OwnFigure =
  | 'RowsRead'
  | 'RowsWritten'
  | 'RowsSetAside'
  | 'RowsPerSecond'
  | 'BatchTime'
  | 'RowsDiffering'
  | 'HealthProblems'
  | 'JobProblems';

export interface Figures {
  readonly machines: ReadonlyMap<
    string,
    {
      readonly started: IMetric;
      readonly succeeded: IMetric;
      readonly ended: IMetric;
      /** Of its steps that move rows; null where it has none. */
      readonly longestStep: IMetric | null;
    }
  >;
  readonly deadLetters: IMetric;
  /** Of the whole account: there is one limit for all of its functions. */
  readonly throttles: IMetric;
  /** Functions that were killed, ran out of time or did not start. */
  readonly deaths: IMetric;
  readonly functionTimeoutMs: number;
  /** The identifier of an RDS instance of our own. */
  readonly instance: string | null;
  own(name: OwnFigure, statistic?: string): IMetric;
}

export interface FigureSources {
  readonly workflows: ReadonlyMap<string, Workflow>;
  readonly queues: readonly Queue[];
  readonly deaths: IMetric;
  readonly instance: string | null;
  /** The row of a step, by its function. */
  readonly stepOf: (fn: NodejsFunction) => Step | undefined;
}

export function figuresOf(
  environment: Environment,
  { workflows, queues, deaths, instance, stepOf }: FigureSources,
): Figures {
  // Steps that move rows until their time ends: the others are done in a moment.
  const moversOf = ({ functions }: Workflow): readonly NodejsFunction[] =>
    [...functions.values()].filter((fn) => stepOf(fn)?.unbroken === false && (stepOf(fn)?.memoryMib ?? 0) > 1024);
  return {
    machines: new Map(
      [...workflows].map(([area, workflow]) => [
        area,
        {
          longestStep: longest(`Longest step of ${area}`, moversOf(workflow)),
          started: workflow.stateMachine.metricStarted({ period: PERIOD, statistic: 'Sum' }),
          succeeded: workflow.stateMachine.metricSucceeded({ period: PERIOD, statistic: 'Sum' }),
          ended: sum(`portage-${environment.name}-${area} ended badly`, [
            workflow.stateMachine.metricFailed({ period: PERIOD, statistic: 'Sum' }),
            workflow.stateMachine.metricTimedOut({ period: PERIOD, statistic: 'Sum' }),
            workflow.stateMachine.metricAborted({ period: PERIOD, statistic: 'Sum' }),
          ]),
        },
      ]),
    ),
    deadLetters: sum(
      'Dead letters',
      queues.map((queue) => queue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: 'Maximum' })),
    ),
    throttles: new Metric({ namespace: 'AWS/Lambda', metricName: 'Throttles', statistic: 'Sum', period: PERIOD }),
    deaths,
    functionTimeoutMs: FUNCTION_TIMEOUT.toMilliseconds(),
    instance,
    own: (metricName, statistic = 'Sum') =>
      new Metric({
        namespace: NAMESPACE,
        metricName,
        statistic,
        period: PERIOD,
        dimensionsMap: { environment: environment.name },
      }),
  };
}

function longest(label: string, functions: readonly NodejsFunction[]): IMetric | null {
  if (functions.length === 0) return null;
  if (functions.length > MOST_IN_EXPRESSION)
    throw new Error(`${label}: an alarm looks at ${MOST_IN_EXPRESSION} at most`);
  return combined(
    label,
    functions.map((fn) => fn.metricDuration({ period: PERIOD, statistic: 'Maximum' })),
    (names) => `MAX([${names.join(', ')}])`,
  );
}

const sum = (label: string, metrics: readonly IMetric[]): IMetric =>
  combined(label, metrics, (names) => names.join(' + '));

function combined(
  label: string,
  metrics: readonly IMetric[],
  expression: (names: readonly string[]) => string,
): IMetric {
  // A name stands for one figure in the whole of a graph.
  const prefix = label.toLowerCase().replaceAll(/[^a-z]/g, '');
  const named = metrics.map((metric, index) => [`${prefix}${index + 1}`, metric] as const);
  return new MathExpression({
    label,
    period: PERIOD,
    expression: expression(named.map(([name]) => `FILL(${name}, 0)`)),
    usingMetrics: Object.fromEntries(named),
  });
}
