/** A log group as every environment has it: kept as long as its table says, and beyond its stack where that is retained. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Environment } from '../environments.ts';

const RETENTION: Readonly<Record<Environment['logDays'], RetentionDays>> = {
  7: RetentionDays.ONE_WEEK,
  30: RetentionDays.ONE_MONTH,
  90: RetentionDays.THREE_MONTHS,
  365: RetentionDays.ONE_YEAR,
};

/** Adds the group `logGroupName`. */
export const logGroup = (scope: Construct, id: string, environment: Environment, logGroupName: string): LogGroup =>
  new LogGroup(scope, id, {
    logGroupName,
    retention: RETENTION[environment.logDays],
    removalPolicy: environment.retained ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
