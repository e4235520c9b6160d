/** docs/diagrams.md: the stacks, and each state machine. */
import type { CfnResource, Stack } from 'aws-cdk-lib';
import type { PortageStacks } from '../app.ts';
import { definitionOf } from '../extract-definitions.ts';
import { MACHINES } from '../state-machines/machines.ts';
import { machineDiagram, type States } from './machine-diagram.ts';

const MADE = '<!-- Made by `npm run docs` from what is synthesised. Change the code, not this page. -->';

/** What a stack has, by kind: everything that is more than a rule or a permission of something else. */
const KINDS: Readonly<Record<string, string>> = {
  'AWS::EC2::VPC': 'VPC',
  'AWS::EC2::VPCEndpoint': 'VPC endpoints',
  'AWS::RDS::DBInstance': 'RDS PostgreSQL',
  'AWS::SecretsManager::Secret': 'secrets',
  'AWS::S3::Bucket': 'bucket',
  'AWS::Lambda::Function': 'functions',
  'AWS::StepFunctions::StateMachine': 'state machines',
  'AWS::Scheduler::ScheduleGroup': 'schedule groups',
  'AWS::Scheduler::Schedule': 'maintenance schedules',
  'AWS::Events::Rule': 'rule for executions that died',
  'AWS::SQS::Queue': 'dead-letter queues',
  'AWS::CloudWatch::Alarm': 'alarms',
  'AWS::CloudWatch::Dashboard': 'dashboard',
  'AWS::Logs::QueryDefinition': 'saved queries',
  'AWS::Logs::LogGroup': 'log groups',
  'AWS::SNS::Topic': 'topic of alarms',
};

function countsOf(stack: Stack): readonly string[] {
  const types = stack.node
    .findAll()
    .filter((each): each is CfnResource => 'cfnResourceType' in each)
    .map(({ cfnResourceType }) => cfnResourceType);
  return Object.entries(KINDS).flatMap(([type, label]) => {
    const count = types.filter((each) => each === type).length;
    return count === 0 ? [] : [count === 1 ? label : `${count} ${label}`];
  });
}

const stackBox = (id: string, title: string, stack: Stack): readonly string[] => [
  `  subgraph ${id}["${title}"]`,
  ...countsOf(stack).map((label, index) => `    ${id}${index}["${label}"]`),
  '  end',
];

export function diagramsPage({ data, workflows }: PortageStacks): string {
  const stacks = [
    'flowchart LR',
    ...stackBox('data', data.stackName, data),
    ...stackBox('workflows', workflows.stackName, workflows),
    '  person((console, CLI)) --> workflows',
    '  schedule((EventBridge)) --> workflows',
    '  workflows --> data',
    '  workflows --> legacy[("legacy database, read only")]',
  ].join('\n');
  const machines = MACHINES.map(
    (machine) =>
      `## ${machine.area}\n\n${machine.comment}\n\n\`\`\`mermaid\n${machineDiagram(definitionOf(machine) as States)}\n\`\`\``,
  );
  return `${MADE}\n\n# Diagrams\n\nThe names of states are the names of files: \`MigrateSlice\` is \`functions/migration/migrate-slice.ts\`. A dotted line is what happens when a state fails for good.\n\n## Stacks\n\n\`\`\`mermaid\n${stacks}\n\`\`\`\n\n${machines.join('\n\n')}\n`;
}
