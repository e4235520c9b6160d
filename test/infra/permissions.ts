// Least privilege, tried: the workflows run on two real databases with the real clients of AWS, every call is recorded with
// the function that makes it, and what its role allows is exactly that.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { closeDependencies } from '../../functions/dependencies.ts';
import { handler as applyLedger } from '../../functions/environment/apply-ledger.ts';
import { handler as recordEnd } from '../../functions/environment/record-end.ts';
import { GIVEN_UP } from '../../infra/constructs/recorder.ts';
import { LOGS, SERVICE_MANAGED } from '../../infra/constructs/step-function.ts';
import { MACHINES } from '../../infra/state-machines/machines.ts';
import { fileOf } from '../../infra/state-machines/steps.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { recordCalls, type Recorder } from '../support/aws/recorded-calls.ts';
import { schedulerService, type SchedulerService } from '../support/aws/scheduler-service.ts';
import { secretsService } from '../support/aws/secrets-service.ts';
import type { Endpoint } from '../support/aws/endpoint.ts';
import { bucket, type Bucket } from '../support/bucket.ts';
import { CLUBS_ROWS, CLUBS_SOURCE, CLUBS_TARGET, clubs } from '../support/clubs.ts';
import { portage, type Around, type Portage } from '../support/portage.ts';
import { addressOf } from '../support/sides.ts';
import { resourcesOf, stacksOf, synthesise } from './stacks.ts';

const SECRETS = {
  source: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:portage/dev/source-AbCdEf',
  target: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:portage/dev/target-AbCdEf',
};

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** By function: what its role allows beyond what Lambda does in its name. */
function allowedActions(): ReadonlyMap<string, readonly string[]> {
  const existing = (side: 'source' | 'target') =>
    ({ kind: 'existing', host: side, port: 5432, database: side, connections: 10, secretArn: SECRETS[side] }) as const;
  const { environment } = stacksOf('dev');
  const { workflowsTemplate } = synthesise({ ...environment, source: existing('source'), target: existing('target') });
  const policies = resourcesOf(workflowsTemplate, 'AWS::IAM::Policy').map(([, is]) => is.Properties);
  const managed = new Set<string>([...SERVICE_MANAGED, ...LOGS]);
  return new Map(
    resourcesOf(workflowsTemplate, 'AWS::Lambda::Function').map(([, { Properties: is }]) => {
      const [role] = (is['Role'] as { 'Fn::GetAtt': [string] })['Fn::GetAtt'];
      const statements = policies
        .filter(({ Roles }) => (Roles as { Ref: string }[]).some(({ Ref }) => Ref === role))
        .flatMap(({ PolicyDocument }) => (PolicyDocument as { Statement: readonly Statement[] }).Statement);
      const actions = statements.flatMap(({ Action, Resource }) =>
        [Action]
          .flat()
          .flatMap((action) =>
            action.startsWith('secretsmanager:')
              ? [Resource].flat().map((arn) => `${action} ${String(arn)}`)
              : [action],
          ),
      );
      const name = String(is['FunctionName']).replace('portage-dev-', '');
      const byService = (action: string): boolean =>
        managed.has(action) || (name === 'environment-RecordEnd' && action === GIVEN_UP);
      return [name, [...new Set(actions.filter((action) => !byService(action)))].sort()] as const;
    }),
  );
}

describe('what the role of a function allows', () => {
  let p: Portage;
  let recorder: Recorder;
  const services: { scheduler: SchedulerService; secrets: Endpoint; objects: Bucket } = {} as never;
  let called: ReadonlyMap<string, readonly string[]>;
  const context = { getRemainingTimeInMillis: () => 60_000 } as Context;

  beforeAll(async () => {
    // One after the other: modules of steps share others, and are loaded by Jest only once each in peace.
    for (const { area, steps } of MACHINES)
      for (const name of Object.keys(steps)) await import(join(import.meta.dirname, '../..', fileOf(area, name)));
    recorder = recordCalls();
    const texts = new Map<string, string>();
    services.scheduler = await schedulerService('portage-dev');
    services.secrets = await secretsService(texts);
    services.objects = await bucket();
    p = await portage(`${CLUBS_SOURCE} ${CLUBS_ROWS}`, CLUBS_TARGET, clubs);
    const side = (name: 'source' | 'target', url: string): Record<string, string> => {
      const { host, port, name: database, user, password } = addressOf(url);
      texts.set(SECRETS[name], JSON.stringify({ username: user, password }));
      const prefix = `${name.toUpperCase()}_DB`;
      return {
        [`${prefix}_URL`]: '',
        [`${prefix}_HOST`]: host,
        [`${prefix}_PORT`]: String(port),
        [`${prefix}_NAME`]: database,
        [`${prefix}_SECRET_ARN`]: SECRETS[name],
      };
    };
    Object.assign(process.env, {
      ...side('source', p.sourceUrl),
      ...side('target', p.targetUrl),
      ...services.objects.variables,
      AWS_ENDPOINT_URL_SCHEDULER: services.scheduler.url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: services.secrets.url,
      PORTAGE_SCHEDULE_GROUP: 'portage-dev',
      PORTAGE_SCHEDULE_ROLE_ARN: 'arn:aws:iam::111122223333:role/scheduler',
      PORTAGE_SCHEDULE_MACHINE_ARN: 'arn:aws:states:eu-central-1:111122223333:stateMachine:portage-dev-synchronization',
      PORTAGE_SCHEDULE_DEAD_LETTER_ARN: 'arn:aws:sqs:eu-central-1:111122223333:dead',
    });
    await runEverything();
    called = sorted();
  }, 180_000);
  afterAll(async () => {
    recorder.end();
    await p.end();
    await services.scheduler.close();
    await services.secrets.close();
    await services.objects.end();
    for (const name of Object.keys(process.env))
      if (/^(AWS_|PORTAGE_SCHEDULE_|(SOURCE|TARGET)_DB_)/.test(name)) Reflect.deleteProperty(process.env, name);
  });

  /** Every state of a machine in the name of its function, with sessions of its own; `fails` throws what a Catch must catch. */
  const states = (area: string, fails?: string): Record<string, Around> =>
    Object.fromEntries(
      Object.keys(MACHINES.find((machine) => machine.area === area)!.steps).map((name): [string, Around] => [
        name,
        (_, go) =>
          recorder.as(`${area}-${name}`, async () => {
            if (name === fails) throw new PortageError('SYS007', 'as planned');
            await closeDependencies();
            return go();
          }),
      ]),
    );
  const run = async (
    area: string,
    input: Record<string, unknown>,
    fails?: string,
  ): Promise<Record<string, unknown>> => {
    const { output, failure } = await p.execute<Record<string, unknown>>(area, input, states(area, fails));
    if (fails === undefined && failure !== null)
      throw new Error(`${JSON.stringify(input)}: ${JSON.stringify(failure)}`);
    return output ?? {};
  };

  async function runEverything(): Promise<void> {
    const migrate = { command: 'differential-migration migrate' };
    for (const fails of ['PlanMigration', 'PrepareEntity', 'MigrateSlice']) await run('migration', migrate, fails);
    await run('migration', { ...migrate, dryRun: true });
    await run('migration', migrate);
    await p.run('source', 'DELETE FROM person WHERE no = 12; DELETE FROM club WHERE no = 5');
    await run('migration', { ...migrate, allowDeletes: '100%' }, 'DeleteRows');
    await p.empty();
    await run('migration', migrate);
    await p.run('source', 'DELETE FROM club WHERE no = 4; DELETE FROM person WHERE club = 4');
    await run('migration', { ...migrate, allowDeletes: '100%' });

    const validate = { command: 'data-validator validate', type: 'all' };
    for (const fails of ['PlanValidation', 'CheckIntegrity']) await run('validation', validate, fails);
    await run('validation', validate);
    await run('validation', { ...validate, type: 'completeness' });
    await run('validation', { ...validate, output: 's3://backups/reports/validation.html' });
    await run('validation', { ...validate, type: 'relationship_integrity', fixReferences: true });

    const operation = (command: string, more = {}) => run('operation', { command, ...more });
    await operation('sync-scheduler create-job', { name: 'nightly', schedule: 'daily', entities: 'all' });
    await operation('sync-scheduler update-job', { name: 'nightly', schedule: 'hourly' });
    const sync = { command: 'sync-scheduler run-job', name: 'nightly' };
    for (const fails of [
      'BeginRun',
      'DetectChanges',
      'ApplyChanges',
      'LinkReferences',
      'ValidateTouched',
      'FinishEntity',
    ]) {
      await p.run('source', "UPDATE club SET name = name || 'x'; UPDATE person SET friend = 1 + no % 3");
      await run('synchronization', sync, fails);
    }
    await p.run(
      'source',
      "UPDATE club SET name = 'both', seat = seat || '!'; UPDATE l SET other = 1; DELETE FROM person WHERE no = 11",
    );
    await p.run('target', "UPDATE clubs SET name = 'here'");
    await run('synchronization', sync, 'DeleteRows');
    await run('synchronization', sync);
    await operation('sync-scheduler restart-scheduler');
    await operation('sync-scheduler delete-job', { name: 'nightly' });

    const resolve = { command: 'conflict-resolver resolve', entity: ['clubs'], strategy: 'source_wins' };
    for (const fails of ['PlanResolution', 'ResolveBatch', 'DeleteRows']) await run('resolution', resolve, fails);
    await run('resolution', { ...resolve, createBackup: true, backupFile: 's3://backups/before.ndjson.gz' });

    const backup = { command: 'migration-analyzer create-full-backup', output: 's3://backups/all.ndjson.gz' };
    for (const fails of ['PlanRecovery', 'BackupSlice']) await run('recovery', backup, fails);
    await run('recovery', backup);
    const restore = { command: 'migration-analyzer restore-from-backup', backupFile: 's3://backups/all.ndjson.gz' };
    await p.run('target', 'UPDATE rates SET amount = 0');
    await run('recovery', { ...restore, dryRun: true });
    const { operationId } = await run('recovery', restore);
    await run('recovery', { command: 'differential-migration rollback', operationId });

    const report = { command: 'migration-analyzer generate-performance-report', lastDays: 7 };
    await run('operation', { ...report, output: 's3://backups/reports/weekly.json' });
    await operation('differential-migration explain', { entity: ['clubs'] });
    await operation('migration-analyzer analyze-relationships', { entity: ['people'] });
    await operation('migration-analyzer repair-uuid-mappings', { entity: ['people'] });
    await run('operation', { command: 'migration-analyzer repair-uuid-mappings', entity: ['people'] }, 'RepairRows');
    await operation('migration-analyzer monitor-connections', { duration: 1 });
    await operation('migration-analyzer cleanup-stale-checkpoints', { olderThanHours: 1 });
    await operation('migration-analyzer complete-checkpoint', { entity: ['clubs'] });
    await operation('migration-analyzer memory-leak-check', { entity: ['clubs'], duration: 1 });
    // Something must run that can be stopped.
    await p.run('source', "UPDATE club SET name = name || '?'");
    const killed: Around = (_, go, kill) => recorder.as('migration-MigrateSlice', () => (kill(), go()));
    await p.execute('migration', migrate, { ...states('migration'), MigrateSlice: killed });
    await operation('migration-analyzer stop-all-operations', { force: true });

    const { AWS_ENDPOINT_URL_S3: objects } = services.objects.variables;
    const deployed = { RequestType: 'Update', ResponseURL: `${objects!}/backups/answer`, StackId: 's', RequestId: 'r', LogicalResourceId: 'l' }; // prettier-ignore
    await recorder.as('environment-ApplyLedger', () => applyLedger(deployed, context));
    await closeDependencies();
    const ended = { executionArn: 'a', stateMachineArn: 'a:portage-dev-migration', name: 'x', status: 'ABORTED' };
    await recorder.as('environment-RecordEnd', () =>
      recordEnd({ 'detail-type': 'Step Functions Execution Status Change', detail: ended }, context),
    );
  }

  /** By function: what it was seen to ask for. */
  function sorted(): ReadonlyMap<string, readonly string[]> {
    const names = new Set(recorder.calls.map((call) => call.function));
    return new Map(
      [...names].map((name) => [
        name,
        [...new Set(recorder.calls.filter((call) => call.function === name).map(({ action }) => action))].sort(),
      ]),
    );
  }

  test('is what it was seen to ask for, and nothing else', () => {
    const allowed = allowedActions();
    const difference = [...allowed].flatMap(([name, may]) => {
      const asks = called.get(name) ?? [];
      const never = may.filter((action) => !asks.includes(action));
      const more = asks.filter((action) => !may.includes(action));
      return [...never.map((action) => `${name} may ${action} and never does`), ...more.map((action) => `${name} needs ${action}`)]; // prettier-ignore
    });
    expect(difference).toEqual([]);
    expect(called.get('nobody') ?? []).toEqual([]);
  });
});
