// What wakes a person and where it sends him, what he looks at, and what is done regularly without him.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { anchorOf, SECTIONS } from '../../infra/runbook.ts';
import { MACHINES } from '../../infra/state-machines/machines.ts';
import { operationOf } from '../../shared/operations/catalogue.ts';
import { DUTIES } from '../../shared/operations/maintenance.ts';
import { machineOf } from '../../shared/operations/operation.ts';
import { wordsOf } from '../../cli/maintenance.ts';
import { parse } from '../../cli/parse.ts';
import { resourcesOf, stacksOf } from './stacks.ts';

const { workflows, workflowsTemplate } = stacksOf('prod');
const resources = (type: string) => resourcesOf(workflowsTemplate, type).map(([, is]) => is.Properties);
const text = (value: unknown): string => JSON.stringify(workflows.resolve(value));
const GUIDE = join(import.meta.dirname, '../../docs/troubleshooting.md');

describe('alarms', () => {
  const alarms = resources('AWS::CloudWatch::Alarm');

  // Until the guide is there, the links lead nowhere, and that is known.
  const guided = existsSync(GUIDE) ? test : test.failing;
  guided('each say what is wrong, and link a section of the guide that is there', () => {
    const guide = readFileSync(GUIDE, 'utf8');
    const anchors = new Set([...guide.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!)));
    for (const { AlarmDescription: says } of alarms) {
      const anchor = /^[A-Z].{20,}\.\nWhat to do: docs\/troubleshooting\.md#(.+)$/.exec(String(says))?.[1];
      expect([says, anchors.has(anchor ?? '')]).toEqual([says, true]);
    }
    expect(Object.values(SECTIONS).filter((heading) => !anchors.has(anchorOf(heading)))).toEqual([]);
  });

  test('there is one for every machine, the queues, the functions, the database and what the steps tell', () => {
    const names = alarms.map(({ AlarmName }) => String(AlarmName).replace('portage-prod-', ''));
    expect(names).toEqual(
      expect.arrayContaining(['MigrationEnded', 'OperationEnded', 'DeadLetters', 'Throttled', 'Died', 'MigrationLongSteps', 'RecoveryLongSteps', 'Health', 'Jobs', 'Differences', 'Slow', 'DatabaseConnections', 'DatabaseStorage']), // prettier-ignore
    );
    expect(names.filter((name) => name.endsWith('Ended'))).toHaveLength(MACHINES.length);
  });

  test('every function that moves rows until its time ends is among those whose time is watched', () => {
    const watched = text(alarms.filter(({ AlarmName }) => String(AlarmName).endsWith('LongSteps')));
    const movers = resourcesOf(workflowsTemplate, 'AWS::Lambda::Function').filter(([, { Properties: is }]) => is['MemorySize'] === 1769 && is['Timeout'] === 300); // prettier-ignore
    expect(movers.length).toBeGreaterThan(10);
    expect(movers.filter(([id]) => !watched.includes(`"${id}"`)).map(([id]) => id)).toEqual([]);
  });

  test('a function that dies is counted, whichever it is, and what a step refuses is not', () => {
    const filters = resources('AWS::Logs::MetricFilter');
    const counted = text(filters.map(({ LogGroupName }) => LogGroupName));
    for (const [, { Properties: is }] of resourcesOf(workflowsTemplate, 'AWS::Lambda::Function')) {
      const { LogGroup: group } = is['LoggingConfig'] as { LogGroup: unknown };
      expect(counted).toContain(text(group));
    }
    const [alarm] = alarms.filter(({ AlarmName }) => AlarmName === 'portage-prod-Died');
    const figures = filters.flatMap(({ MetricTransformations }) => MetricTransformations as Record<string, string>[]);
    expect(new Set(figures.map(({ MetricNamespace: space, MetricName: name }) => `${space} ${name}`))).toEqual(
      new Set([`${String(alarm!['Namespace'])} ${String(alarm!['MetricName'])}`]),
    );
    const patterns = new Set(filters.map(({ FilterPattern: pattern }) => String(pattern)));
    expect(patterns.size).toBe(1);
    const words = [...[...patterns][0]!.matchAll(/\?"([^"]+)"/g)].map(([, word]) => word!);
    const dies = (line: string): boolean => words.some((word) => line.includes(word));
    for (const line of [
      '2023-12-01T12:34:56.789Z 5f0c3c2e Task timed out after 300.00 seconds',
      'RequestId: 5f0c3c2e Error: Runtime exited with error: signal: killed\nRuntime.ExitError',
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
      '2023-12-01T12:34:56.789Z undefined ERROR Uncaught Exception {"errorType":"Runtime.ImportModuleError"}',
      'INIT_REPORT Init Duration: 10007.35 ms\tPhase: init\tStatus: timeout',
      'INIT_REPORT Init Duration: 2025.36 ms\tPhase: invoke\tStatus: error\tError Type: Extension.Crash',
    ])
      expect([line, dies(line)]).toEqual([line, true]);
    for (const line of [
      'ERROR Invoke Error {"errorType":"M001","errorMessage":"M001 Active checkpoint already exists"}',
      'INIT_START Runtime Version: nodejs:24.v12\tRuntime Version ARN: arn:aws:lambda:eu-central-1::runtime:0a1b',
      'REPORT RequestId: 5f0c3c2e\tDuration: 12.10 ms\tBilled Duration: 415 ms\tMemory Size: 512 MB\tMax Memory Used: 96 MB\tInit Duration: 402.10 ms',
    ])
      expect([line, dies(line)]).toEqual([line, false]);
  });

  test('a start that failed is known by its report, because no function is kept started, which would report each start', () => {
    const functions = resources('AWS::Lambda::Function');
    expect(functions.filter(({ SnapStart }) => SnapStart !== undefined)).toEqual([]);
    for (const kept of ['AWS::Lambda::Alias', 'AWS::Lambda::Version']) expect(resources(kept)).toEqual([]);
    for (const { LoggingConfig: logs } of functions) expect(logs).not.toHaveProperty('LogFormat');
  });

  test('all lead to one, and that to one topic, encrypted with a key that CloudWatch may use', () => {
    const [any, ...more] = resources('AWS::CloudWatch::CompositeAlarm');
    expect(more).toEqual([]);
    for (const [id] of resourcesOf(workflowsTemplate, 'AWS::CloudWatch::Alarm')) expect(text(any)).toContain(id);
    expect(any!['AlarmActions']).toHaveLength(1);
    expect(resources('AWS::SNS::Topic')).toMatchObject([{ KmsMasterKeyId: expect.anything() }]);
    expect(text(resources('AWS::KMS::Key'))).toContain('cloudwatch.amazonaws.com');
    // Of the alarms themselves none has an action: one fault is one message.
    expect(alarms.filter(({ AlarmActions }) => AlarmActions !== undefined)).toEqual([]);
  });

  test('a database that somebody else keeps is not watched, and nobody is told who did not ask', () => {
    expect(resources('AWS::SNS::Subscription')).toEqual([]);
  });
});

describe('what a person looks at', () => {
  test('is one dashboard, of figures that there are', () => {
    const [dashboard, ...more] = resources('AWS::CloudWatch::Dashboard');
    expect(more).toEqual([]);
    for (const figure of ['RowsPerSecond', 'BatchTime', 'RowsSetAside', 'HealthProblems', 'DatabaseConnections'])
      expect(text(dashboard)).toContain(figure);
  });

  test('are the greps of the guide, each over log groups of this environment', () => {
    const queries = resources('AWS::Logs::QueryDefinition');
    expect(queries.length).toBeGreaterThanOrEqual(7);
    for (const { Name, LogGroupNames } of queries) {
      expect(Name).toMatch(/^portage\/prod\/[A-Z]/);
      expect((LogGroupNames as unknown[]).length).toBeGreaterThan(0);
    }
  });

  test.each(MACHINES.map(({ area, comment }) => [area, comment] as const))(
    'in the description of %s are inputs that work',
    (area, comment) => {
      const inputs = [...comment.matchAll(/\{"(?:command|jobName)".*?\}/g)].map(([json]) => JSON.parse(json) as Record<string, string>); // prettier-ignore
      expect(inputs.length).toBeGreaterThan(0);
      for (const input of inputs) {
        if (input['command'] === undefined) continue;
        const operation = operationOf(input['command'])!;
        expect(machineOf(operation, input as never)).toBe(area);
        expect(operation.input.safeParse(input)).toMatchObject({ success: true });
      }
    },
  );
});

describe('what is done regularly', () => {
  const schedules = resources('AWS::Scheduler::Schedule');

  test('is what the command line would understand, started on the machine that runs it', () => {
    for (const { name, input, file } of DUTIES) {
      const whole = { ...input, ...(file && { [file.field]: file.name }) };
      const parsed = parse([...wordsOf(whole)], '0');
      expect([name, parsed.kind]).toEqual([name, 'operation']);
      if (parsed.kind === 'operation') expect(parsed.input).toMatchObject({ command: input.command });
      expect(operationOf(input.command)!.input.safeParse(whole)).toMatchObject({ success: true });
    }
  });

  test('has a schedule each, in a group that nobody sweeps, which leaves dead letters', () => {
    expect(schedules.map(({ Name }) => Name)).toEqual(DUTIES.map(({ name }) => name));
    for (const { GroupName, Target } of schedules) {
      expect(GroupName).toBe('portage-prod-maintenance');
      expect(Target).toMatchObject({ DeadLetterConfig: { Arn: expect.anything() } });
    }
    expect(text(schedules)).toContain('/reports/weekly-report.html');
  });
});
