import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ENVIRONMENT_NAMES } from '../../infra/environments.ts';
import { MACHINES } from '../../infra/state-machines/machines.ts';
import { ENVIRONMENT_STEPS, fileOf } from '../../infra/state-machines/steps.ts';
import { resourcesOf, stacksOf, synthesise } from './stacks.ts';

const AREAS = [...MACHINES, { area: 'environment', steps: ENVIRONMENT_STEPS }];
const STEPS = AREAS.flatMap(({ area, steps }) => Object.keys(steps).map((name) => `${area}-${name}`));

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const asList = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** One snapshot, or one reading of a file. */
const UNBROKEN = ['EstimateRecovery', 'VerifyBackup', 'BackupSlice', 'PlanResolution'];

describe.each(ENVIRONMENT_NAMES)('the stacks of %s', (name) => {
  const { data, workflows, dataTemplate, workflowsTemplate, environment } = stacksOf(name);
  const functions = resourcesOf(workflowsTemplate, 'AWS::Lambda::Function').map(([, { Properties: is }]) => is);

  test('are named after the environment', () => {
    expect([data.stackName, workflows.stackName]).toEqual([`portage-${name}-data`, `portage-${name}-workflows`]);
    expect(data.terminationProtection).toBe(environment.retained);
  });

  test('have a state machine each, Standard, traced, and logged without the data of executions', () => {
    const machines = resourcesOf(workflowsTemplate, 'AWS::StepFunctions::StateMachine').map(([, is]) => is.Properties);

    expect(machines.map((is) => is['StateMachineName'])).toEqual(MACHINES.map(({ area }) => `portage-${name}-${area}`));
    for (const machine of machines) {
      expect(machine).toMatchObject({
        StateMachineType: 'STANDARD',
        TracingConfiguration: { Enabled: true },
        LoggingConfiguration: { IncludeExecutionData: false, Level: 'ALL' },
      });
    }
  });

  test('have one function a state, each on Node 24 and arm64 with five minutes, or all that there are where its work cannot be cut', () => {
    expect(functions.map((is) => is['FunctionName'])).toEqual(STEPS.map((step) => `portage-${name}-${step}`));
    for (const is of functions) {
      expect(is).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Timeout: UNBROKEN.some((step) => String(is['FunctionName']).endsWith(`-${step}`)) ? 900 : 300,
        TracingConfig: { Mode: 'Active' },
      });
    }
  });

  test('give each function a role of its own', () => {
    const roles = functions.map((is) => JSON.stringify(is['Role']));

    expect(new Set(roles).size).toBe(functions.length);
  });

  test('grant no action by wildcard, and no managed policy', () => {
    for (const template of [dataTemplate, workflowsTemplate]) {
      const policies = resourcesOf(template, 'AWS::IAM::Policy');
      const statements = policies.flatMap(
        ([, is]) => (is.Properties['PolicyDocument'] as { Statement: readonly Statement[] }).Statement,
      );
      const actions = statements.flatMap((statement) => asList(statement.Action));

      expect(actions.filter((action) => action.includes('*'))).toEqual([]);
      for (const [, role] of resourcesOf(template, 'AWS::IAM::Role')) {
        expect(role.Properties).not.toHaveProperty('ManagedPolicyArns');
      }
    }
  });

  test('let Lambda put interfaces into the network for a function, and its own code not', () => {
    const policies = resourcesOf(workflowsTemplate, 'AWS::IAM::Policy').map(([, is]) => is.Properties);
    for (const { FunctionName: named, Role: role } of functions) {
      const [id] = (role as { 'Fn::GetAtt': [string] })['Fn::GetAtt'];
      const own = policies.filter(({ Roles }) => (Roles as { Ref: string }[]).some(({ Ref }) => Ref === id));
      const statements = own.flatMap((is) => (is['PolicyDocument'] as { Statement: readonly (Statement & { Effect: string; Condition?: unknown })[] }).Statement); // prettier-ignore
      const interfaces = statements.filter(({ Action }) => asList(Action).includes('ec2:CreateNetworkInterface'));
      expect(interfaces.map(({ Effect }) => Effect)).toEqual(['Allow', 'Deny']);
      expect(interfaces[1]!.Action).toEqual(
        asList(interfaces[0]!.Action).filter((action) => action.startsWith('ec2:')),
      );
      expect(JSON.stringify(interfaces[1]!.Condition)).toMatch(new RegExp(`"lambda:SourceFunctionArn".*:function:${String(named)}"`)); // prettier-ignore
    }
  });

  test('keep the secret of the source from the steps that only record', () => {
    const sourceSecret = JSON.stringify(workflows.resolve(data.source.secret.secretArn));
    const readers = resourcesOf(workflowsTemplate, 'AWS::IAM::Policy')
      .filter(([, is]) => JSON.stringify(is.Properties['PolicyDocument']).includes(sourceSecret))
      .map(([id]) => id);

    expect(readers.some((id) => id.includes('MigrateSlice'))).toBe(true);
    for (const recorder of ['FailSlice', 'FailEntity', 'FailMigration']) {
      expect(readers.some((id) => id.includes(recorder))).toBe(false);
    }
  });

  test('tell functions where the databases are, never what opens them', () => {
    for (const is of functions) {
      const { Variables: variables } = is['Environment'] as { Variables: Record<string, unknown> };

      expect(Object.keys(variables).filter((key) => /PASSWORD|HASH_KEY|_URL|TOKEN/.test(key))).toEqual([]);
      expect(JSON.stringify(variables)).not.toContain('resolve:secretsmanager');
      expect(variables).toMatchObject({ SOURCE_DB_SSL: 'verify-full', SOURCE_DB_SECRET_ARN: expect.anything() });
      expect(variables).toMatchObject({ TARGET_DB_SSL: 'verify-full', TARGET_DB_AUTH: 'iam', TARGET_DB_USER: 'portage_writer' }); // prettier-ignore
      expect(variables).not.toHaveProperty('TARGET_DB_SECRET_ARN');
    }
  });

  test('keep functions and databases in subnets without a way out', () => {
    expect(resourcesOf(dataTemplate, 'AWS::EC2::InternetGateway')).toEqual([]);
    expect(resourcesOf(dataTemplate, 'AWS::EC2::NatGateway')).toEqual([]);
    for (const is of functions) expect(is['VpcConfig']).toBeDefined();
    dataTemplate.hasResourceProperties('AWS::RDS::DBInstance', { PubliclyAccessible: false, StorageEncrypted: true });
  });

  test('protect what lasts exactly where the environment is retained', () => {
    const [database] = resourcesOf(dataTemplate, 'AWS::RDS::DBInstance').map(([, is]) => is);
    const [bucket] = resourcesOf(dataTemplate, 'AWS::S3::Bucket').map(([, is]) => is);

    expect(database!.Properties['DeletionProtection']).toBe(environment.retained);
    expect(database!.DeletionPolicy).toBe(environment.retained ? 'Retain' : 'Snapshot');
    expect(bucket!.DeletionPolicy).toBe(environment.retained ? 'Retain' : 'Delete');
    expect(bucket!.Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: expect.anything(),
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    });
  });

  test('keep every log as long as the environment says', () => {
    for (const template of [dataTemplate, workflowsTemplate]) {
      for (const [, is] of resourcesOf(template, 'AWS::Logs::LogGroup')) {
        expect(is.Properties['RetentionInDays']).toBe(environment.logDays);
      }
    }
  });
});

describe('the row of a step', () => {
  const rows = AREAS.flatMap(({ area, steps }) =>
    Object.entries(steps).map(([name, { readsSource }]) => [name, fileOf(area, name), readsSource] as const),
  );

  test.each(rows)('%s lets its function open what %s opens', (_, file, readsSource) => {
    const text = readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
    const opensSource = /withSides|withWorker/.test(text);

    if (opensSource || text.includes('withTarget')) expect(readsSource).toBe(opensSource);
  });
});

describe('an environment of another kind', () => {
  const dev = stacksOf('dev').environment;

  test('uses a target that exists by its secret, and makes no database', () => {
    const secretArn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:target-AbCdEf';
    const { dataTemplate, workflowsTemplate } = synthesise({
      ...dev,
      target: { kind: 'existing', host: 'db.internal', port: 5433, database: 'app', connections: 10, secretArn },
      reservedConcurrency: 5,
    });

    expect(resourcesOf(dataTemplate, 'AWS::RDS::DBInstance')).toEqual([]);
    const [, plan] = resourcesOf(workflowsTemplate, 'AWS::Lambda::Function')[0]!;
    expect(plan.Properties).toMatchObject({
      ReservedConcurrentExecutions: 5,
      Environment: {
        Variables: {
          TARGET_DB_HOST: 'db.internal',
          TARGET_DB_PORT: '5433',
          TARGET_DB_NAME: 'app',
          TARGET_DB_SECRET_ARN: secretArn,
          TARGET_DB_MAX_CONNECTIONS: '10',
        },
      },
    });
  });
});
