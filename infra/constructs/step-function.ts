/** One function a state, with a role of its own: what it may do follows from its row in steps.ts. */
import { join } from 'node:path';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogLevel, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { fileOf, type Step } from '../state-machines/steps.ts';
import { acknowledge } from './acknowledge.ts';
import { FUNCTION_TIMEOUT, STEP_BUDGET, UNBROKEN_TIMEOUT } from './task-state.ts';

const PROJECT = join(import.meta.dirname, '..', '..');

/** The ledger's statements are read beside the code that runs them, so they lie beside the bundle too. */
const copyLedger = (input: string, output: string): string[] => [`cp ${input}/shared/database/ledger/*.sql ${output}/`];

/** What a bundle loads late, as `imports` of package.json has it. */
const LATE_IMPORTS = '{"type":"module","imports":{"#report/*":"./report/*.mjs","#rds-roots":"./rds-roots.mjs"}}';
const PAGES = ['validation-page', 'performance-page'];

const esbuild = (input: string, files: readonly string[], options: readonly string[]): string =>
  [
    `"${input}/node_modules/.bin/esbuild"`,
    ...files.map((file) => `"${input}/shared/${file}.ts"`),
    ...['--bundle', '--minify', '--keep-names', '--platform=node', '--format=esm', '--target=node24'],
    ...['--main-fields=module,main', '--log-level=warning', ...options],
  ].join(' ');

/** Certificates of RDS: text that nobody needs before the first login. */
const bundleRoots = (input: string, output: string): string[] => [
  esbuild(input, ['database/rds-roots'], [`--outfile="${output}/rds-roots.mjs"`]),
  `printf '%s' '${LATE_IMPORTS}' > "${output}/package.json"`,
];

/** They bring a library of plots and a document to draw in, larger than everything else: a bundle of their own. */
const bundlePages = (input: string, output: string): string[] => [
  esbuild(
    input,
    PAGES.map((page) => `report/${page}`),
    ['--splitting', '--out-extension:.js=.mjs', `--outdir="${output}/report"`],
  ),
];

/** One side as a function sees it. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: string;
  readonly name: string;
  /** Where IAM answers for the user of the functions, it opens the database for the administrator alone. */
  readonly secret: ISecret;
  readonly iam: { readonly user: string; readonly arn: string } | null;
  readonly connections: number;
}

/** Every object of the bucket of backups and reports, for a policy, and as cdk-nag prints it. */
export interface BucketObjects {
  /** The bucket's own name. */
  readonly bucket: string;
  readonly arn: string;
  readonly printed: string;
}

/** What every function of an environment has in common. */
export interface StepSurroundings {
  readonly environment: string;
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  readonly securityGroup: ISecurityGroup;
  readonly source: DatabaseAddress;
  readonly target: DatabaseAddress;
  readonly objects: BucketObjects;
  readonly logGroup: ILogGroup;
  readonly reservedConcurrency?: number | undefined;
}

/** esbuild makes one ES module of a step; what is CommonJS inside it still asks for `require`. */
const REQUIRE_BANNER =
  "import { createRequire as portageCreateRequire } from 'node:module'; const require = portageCreateRequire(import.meta.url);";

/** Adds the function of the state `name` of the machine `area`. */
export function stepFunction(
  scope: Construct,
  area: string,
  name: string,
  step: Step,
  around: StepSurroundings,
): NodejsFunction {
  const { environment, source, target } = around;
  return new NodejsFunction(scope, name, {
    functionName: functionNameOf(environment, area, name),
    description: step.purpose,
    entry: join(PROJECT, fileOf(area, name)),
    projectRoot: PROJECT,
    depsLockFilePath: join(PROJECT, 'package-lock.json'),
    handler: 'handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: step.memoryMib,
    timeout: step.unbroken ? UNBROKEN_TIMEOUT : FUNCTION_TIMEOUT,
    role: stepRole(scope, area, name, step, around),
    vpc: around.vpc,
    vpcSubnets: around.subnets,
    securityGroups: [around.securityGroup],
    logGroup: around.logGroup,
    tracing: Tracing.ACTIVE,
    ...(around.reservedConcurrency !== undefined && { reservedConcurrentExecutions: around.reservedConcurrency }),
    environment: {
      NODE_OPTIONS: '--enable-source-maps',
      PORTAGE_STEP_BUDGET_MS: String(STEP_BUDGET.toMilliseconds()),
      // The only folder that a function may write to.
      PORTAGE_HOME: '/tmp/portage',
      PORTAGE_LOG_DIR: '/tmp/portage/logs',
      PORTAGE_ENVIRONMENT: environment,
      POWERTOOLS_SERVICE_NAME: area,
      POWERTOOLS_METRICS_NAMESPACE: 'Portage',
      ...(step.bucket === 'writes' && { PORTAGE_BUCKET: around.objects.bucket }),
      ...databaseVariables('SOURCE_DB', source),
      ...databaseVariables('TARGET_DB', target),
    },
    bundling: {
      format: OutputFormat.ESM,
      target: 'node24',
      mainFields: ['module', 'main'],
      // The runtime brings the SDK; pg asks for its native binding only where that is wanted.
      externalModules: ['@aws-sdk/*', 'pg-native', '#report/*', '#rds-roots'],
      commandHooks: {
        beforeBundling: () => [],
        beforeInstall: () => [],
        afterBundling: (input, output) => [
          ...copyLedger(input, output),
          ...bundleRoots(input, output),
          ...(step.draws ? bundlePages(input, output) : []),
        ],
      },
      banner: REQUIRE_BANNER,
      minify: true,
      keepNames: true,
      sourceMap: true,
      logLevel: LogLevel.WARNING,
      forceDockerBundling: false,
    },
  });
}

/** Where a database is and which secret opens it; never the secret itself. */
const databaseVariables = (prefix: string, database: DatabaseAddress): Record<string, string> => ({
  [`${prefix}_HOST`]: database.host,
  [`${prefix}_PORT`]: database.port,
  [`${prefix}_NAME`]: database.name,
  [`${prefix}_SSL`]: 'verify-full',
  ...(database.iam === null
    ? { [`${prefix}_SECRET_ARN`]: database.secret.secretArn }
    : { [`${prefix}_AUTH`]: 'iam', [`${prefix}_USER`]: database.iam.user }),
  [`${prefix}_MAX_CONNECTIONS`]: String(database.connections),
});

const NETWORK_INTERFACES = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
] as const;
/**
 * What Lambda itself does in the name of every function's role, and no code of ours ever asks for: it puts its network
 * interfaces into the VPC, and sends traces. These calls know no narrower resource.
 */
export const SERVICE_MANAGED = [...NETWORK_INTERFACES, 'xray:PutTraceSegments', 'xray:PutTelemetryRecords'] as const;
/** The same for the lines of the function, in its own group. */
export const LOGS = ['logs:CreateLogStream', 'logs:PutLogEvents'] as const;

const functionNameOf = (environment: string, area: string, name: string): string =>
  `portage-${environment}-${area}-${name}`;

function stepRole(scope: Construct, area: string, name: string, step: Step, around: StepSurroundings): Role {
  const role = new Role(scope, `${name}Role`, {
    description: `${name} of Portage ${around.environment}`,
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
  });
  role.addToPolicy(new PolicyStatement({ actions: [...LOGS], resources: [around.logGroup.logGroupArn] }));
  letIn(role, around.target);
  if (step.readsSource) letIn(role, around.source);
  if (step.bucket !== null) grantObjects(role, step.bucket, around.objects);
  role.addToPolicy(new PolicyStatement({ actions: [...SERVICE_MANAGED], resources: ['*'] }));
  role.addToPolicy(
    new PolicyStatement({
      effect: Effect.DENY,
      actions: [...NETWORK_INTERFACES],
      resources: ['*'],
      // Set where the code of the function asks, and not where Lambda does.
      conditions: {
        ArnEquals: { 'lambda:SourceFunctionArn': arnOf(scope, functionNameOf(around.environment, area, name)) },
      },
    }),
  );
  acknowledge(
    role,
    'IAM5[Resource::*]',
    'Network interfaces of a function in a VPC and X-Ray segments have no resource that a policy could name.',
  );
  return role;
}

/** By its name: the function itself needs the role first. */
function arnOf(scope: Construct, functionName: string): string {
  const { partition, region, account } = Stack.of(scope);
  return `arn:${partition}:lambda:${region}:${account}:function:${functionName}`;
}

/** Lets a function log in, by the one way that the database has for it. */
function letIn(role: Role, { iam, secret }: DatabaseAddress): void {
  const [action, resource] =
    iam === null ? ['secretsmanager:GetSecretValue', secret.secretArn] : ['rds-db:connect', iam.arn];
  role.addToPolicy(new PolicyStatement({ actions: [action], resources: [resource] }));
}

/** An upload that is given up is taken away by the function itself, and by the bucket where that died. */
const OBJECT_ACTIONS = {
  reads: ['s3:GetObject'],
  writes: ['s3:PutObject', 's3:AbortMultipartUpload'],
} as const satisfies Record<NonNullable<Step['bucket']>, readonly string[]>;

function grantObjects(role: Role, how: NonNullable<Step['bucket']>, objects: BucketObjects): void {
  role.addToPolicy(new PolicyStatement({ actions: [...OBJECT_ACTIONS[how]], resources: [objects.arn] }));
  acknowledge(
    role,
    `IAM5[Resource::${objects.printed}]`,
    'The names of backups are chosen by who makes them; the bucket holds nothing but what Portage has written.',
  );
}
