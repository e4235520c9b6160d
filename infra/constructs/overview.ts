/** What a person looks at: one dashboard of the environment, and the queries of the guide over its logs. */
import { Duration } from 'aws-cdk-lib';
import {
  Dashboard,
  GraphWidget,
  MathExpression,
  Metric,
  TextWidget,
  type IMetric,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { QueryDefinition, QueryString, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Environment } from '../environments.ts';
import { DEATHS } from './deaths.ts';
import type { Figures, OwnFigure } from './figures.ts';
import { NAMESPACE } from './figures.ts';

const HALF = 12;
/** What a GB-second and an invocation of Lambda cost in us-east-1 on arm64. */
const DOLLARS_PER_GB_SECOND = 0.000_013_333_4;
const MOVER_GB = 1.769;

export class Overview extends Construct {
  constructor(
    scope: Construct,
    id: string,
    environment: Environment,
    figures: Figures,
    logs: ReadonlyMap<string, ILogGroup>,
  ) {
    super(scope, id);
    const { name } = environment;
    const dashboard = new Dashboard(this, 'Dashboard', {
      dashboardName: `portage-${name}`,
      defaultInterval: Duration.hours(12),
    });
    const graph = (title: string, left: readonly IMetric[], right: readonly IMetric[] = []): IWidget =>
      new GraphWidget({ title, left: [...left], right: [...right], width: HALF });
    const by = (metric: OwnFigure, dimension: string, statistic: string): IMetric =>
      search(`{${NAMESPACE},environment,${dimension}} environment="${name}" MetricName="${metric}"`, statistic);
    const lambda = (metric: string, statistic: string): IMetric =>
      search(`{AWS/Lambda,FunctionName} "portage-${name}-" MetricName="${metric}"`, statistic);
    const machines = [...figures.machines.values()];
    dashboard.addWidgets(
      new TextWidget({
        markdown: `# Portage ${name}\nStart an execution of **portage-${name}-migration** with \`{"command": "differential-migration migrate", "entities": "all"}\`; every machine's description has inputs to paste. Alarms say where docs/troubleshooting.md goes on.`,
        width: 24,
        height: 3,
      }),
    );
    dashboard.addWidgets(
      graph(
        'Executions: started, and ended well',
        machines.map(({ started }) => started),
        machines.map(({ succeeded }) => succeeded),
      ),
      graph(
        'Executions that failed, ran out of time or were aborted',
        machines.map(({ ended }) => ended),
      ),
      graph('Rows a second, by entity', [by('RowsPerSecond', 'entity', 'Average')]),
      graph(
        'Rows read and written, by entity',
        [by('RowsRead', 'entity', 'Sum')],
        [by('RowsWritten', 'entity', 'Sum')],
      ),
      graph('Time of a batch, by entity: middle and slowest hundredth', [
        by('BatchTime', 'entity', 'p50'),
        by('BatchTime', 'entity', 'p99'),
      ]),
      graph('Rows set aside, and rows that differ', [
        by('RowsSetAside', 'entity', 'Sum'),
        by('RowsDiffering', 'entity', 'Sum'),
      ]),
      graph('Problems of the health check', [by('HealthProblems', 'check', 'Sum')]),
      graph('Problems of jobs', [by('JobProblems', 'finding', 'Sum')], [figures.deadLetters]),
      graph('Functions: slowest, and errors', [lambda('Duration', 'Maximum')], [lambda('Errors', 'Sum')]),
      graph(
        'Functions at once, throttled, and died',
        [lambda('ConcurrentExecutions', 'Maximum')],
        [figures.throttles, figures.deaths],
      ),
      ...databaseWidgets(environment, figures, graph),
      graph('What the functions cost at most, in dollars', [
        new MathExpression({
          label: 'dollars',
          period: Duration.hours(1),
          expression: `SUM(SEARCH('{AWS/Lambda,FunctionName} "portage-${name}-" MetricName="Duration"', 'Sum', 3600)) / 1000 * ${MOVER_GB} * ${DOLLARS_PER_GB_SECOND}`,
        }),
      ]),
    );
    for (const [title, { of, lines }] of Object.entries(QUERIES))
      new QueryDefinition(this, title.replaceAll(/\W/g, ''), {
        queryDefinitionName: `portage/${name}/${title}`,
        queryString: new QueryString(lines),
        logGroups: of.flatMap((area) => logs.get(area) ?? []),
      });
  }
}

function search(expression: string, statistic: string): IMetric {
  return new MathExpression({
    expression: `SEARCH('${expression}', '${statistic}', 300)`,
    // The name of what is found is the label.
    label: '',
    period: Duration.minutes(5),
  });
}

function databaseWidgets(
  { target }: Environment,
  { instance }: Figures,
  graph: (title: string, left: readonly IMetric[], right?: readonly IMetric[]) => IWidget,
): readonly IWidget[] {
  if (target.kind !== 'rds' || instance === null) return [];
  const rds = (metricName: string): IMetric =>
    new Metric({
      namespace: 'AWS/RDS',
      metricName,
      statistic: 'Maximum',
      dimensionsMap: { DBInstanceIdentifier: instance },
    });
  return [
    graph(`Connections of the target, of ${target.connections}`, [rds('DatabaseConnections')]),
    graph('Processors and storage of the target', [rds('CPUUtilization')], [rds('FreeStorageSpace')]),
  ];
}

const EVERYWHERE = ['migration', 'validation', 'synchronization', 'resolution', 'recovery', 'operation', 'environment'];
const FIELDS = ['@timestamp', 'service', 'event'];

/** The greps of the guide, as queries: the same question over the group of the same kind. */
const QUERIES: Readonly<
  Record<string, { readonly of: readonly string[]; readonly lines: ConstructorParameters<typeof QueryString>[0] }>
> = {
  'Specific errors': {
    of: EVERYWHERE,
    lines: {
      fields: [...FIELDS, 'code', '@message'],
      filterStatements: ['level = "ERROR"'],
      sort: '@timestamp desc',
      limit: 20,
    },
  },
  'Migration errors': {
    of: ['migration'],
    lines: {
      fields: [...FIELDS, 'code', '@message'],
      filterStatements: ['event like /migration.*failed/'],
      sort: '@timestamp desc',
    },
  },
  'Sync operations that did not succeed': {
    of: ['synchronization'],
    lines: {
      fields: [...FIELDS, 'code', '@message'],
      filterStatements: ['event like /sync_operation|sync failed/', '@message not like /success/'],
      sort: '@timestamp desc',
    },
  },
  'Conflict resolution': {
    of: ['synchronization', 'resolution'],
    lines: {
      fields: [...FIELDS, '@message'],
      filterStatements: ['event like /conflict_resolution/'],
      sort: '@timestamp desc',
    },
  },
  'Batches by entity': {
    of: ['migration', 'synchronization', 'resolution', 'recovery'],
    lines: {
      filterStatements: ['event like / batch$/'],
      statsStatements: ['sum(read), sum(written), sum(setAside), avg(ms), max(ms), max(memoryMb) by entity'],
    },
  },
  'Slowest batches': {
    of: ['migration', 'synchronization', 'resolution', 'recovery'],
    lines: {
      fields: ['@timestamp', 'operation', 'entity', 'range', 'read', 'written', 'ms', 'memoryMb'],
      filterStatements: ['event like / batch$/'],
      sort: 'ms desc',
      limit: 50,
    },
  },
  'Functions that died': {
    of: EVERYWHERE,
    lines: {
      fields: ['@timestamp', '@log', '@message'],
      filterStatements: [`@message like /${DEATHS.join('|')}/`],
      sort: '@timestamp desc',
    },
  },
};
