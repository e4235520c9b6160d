/**
 * Functions that die where nothing of ours catches it: out of time, out of memory, not even started. What a step refuses with a
 * code of its own is an error to Lambda too, so its count of errors tells nothing; its log lines do.
 */
import { Duration } from 'aws-cdk-lib';
import { Metric, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Environment } from '../environments.ts';
import { NAMESPACE } from './figures.ts';

/** As Lambda and Node write them, each of a death alone. */
export const DEATHS = [
  'Task timed out',
  'signal: killed',
  'heap out of memory',
  'Runtime.OutOfMemory',
  'Runtime.ExitError',
  'Runtime.UnhandledPromiseRejection',
  'Uncaught Exception',
  // Before any code of ours: written only where a start failed or took more than ten seconds, as no function is kept started.
  'INIT_REPORT',
] as const;

/** Counts the deaths in these groups. All add up to one figure, so that one alarm watches any number of functions. */
export class Deaths extends Construct {
  readonly metric: IMetric;

  constructor(scope: Construct, id: string, environment: Environment, logs: ReadonlyMap<string, ILogGroup>) {
    super(scope, id);
    // Lines that are no JSON have no field to make a dimension of.
    const named = { metricNamespace: `${NAMESPACE}/${environment.name}`, metricName: 'FunctionsDied' };
    for (const [area, group] of logs)
      new MetricFilter(this, area, {
        logGroup: group,
        filterPattern: FilterPattern.anyTerm(...DEATHS),
        metricValue: '1',
        ...named,
      });
    this.metric = new Metric({
      namespace: named.metricNamespace,
      metricName: named.metricName,
      statistic: 'Sum',
      period: Duration.minutes(5),
    });
  }
}
