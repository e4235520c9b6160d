// What AWS calls beside the machines: a deployment that brings the ledger to its version, and a rule that tells of executions
// which ended badly.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ledgerFingerprint } from '../../infra/constructs/ledger.ts';
import { MACHINES } from '../../infra/state-machines/machines.ts';
import { resourcesOf, stacksOf, type Resource } from './stacks.ts';

interface Dependent extends Resource {
  readonly DependsOn?: readonly string[];
}

describe('the ledger of a deployment', () => {
  const { workflowsTemplate } = stacksOf('prod');
  const [[, resource] = []] = resourcesOf(workflowsTemplate, 'Custom::PortageLedger');

  test('is another one when a statement of it is', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
    writeFileSync(join(folder, '0001-a.sql'), 'SELECT 1');
    const before = ledgerFingerprint(folder);
    writeFileSync(join(folder, '0002-b.sql'), 'SELECT 2');
    expect(ledgerFingerprint(folder)).not.toBe(before);
    expect(resource!.Properties['ledger']).toBe(ledgerFingerprint());
  });

  test('comes last, so that nothing which fails after it leaves a ledger that is too new', () => {
    const after = (resource as Dependent).DependsOn!.join(' ');
    for (const { area } of MACHINES) expect(after).toMatch(new RegExp(`${area}Machine`, 'i'));
    expect(after).toContain('RecorderEnded');
  });

  test('does not let CloudFormation wait for an hour for a function that died', () => {
    expect(resource!.Properties['ServiceTimeout']).toBe('360');
  });

  test('is the only one that may read the administrator’s secret', () => {
    const readers = resourcesOf(workflowsTemplate, 'AWS::IAM::Policy')
      .filter(([, is]) => JSON.stringify(is.Properties).includes('MasterUserSecret'))
      .map(([id]) => id);
    expect(readers).toEqual([expect.stringContaining('ApplyLedger')]);
  });
});

describe('the rule', () => {
  const { workflowsTemplate } = stacksOf('prod');
  const [[, rule] = []] = resourcesOf(workflowsTemplate, 'AWS::Events::Rule');

  test('tells of every machine’s executions that failed, ran out of time or were aborted', () => {
    const pattern = rule!.Properties['EventPattern'] as { detail: { status: string[]; stateMachineArn: object[] } };
    expect(pattern).toMatchObject({
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
    });
    expect(pattern.detail.stateMachineArn).toHaveLength(MACHINES.length);
  });

  test('calls one function, and keeps what that cannot be told', () => {
    expect(rule!.Properties['Targets']).toEqual([
      expect.objectContaining({
        Arn: { 'Fn::GetAtt': [expect.stringContaining('RecordEnd'), 'Arn'] },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringContaining('DeadLetters'), 'Arn'] } },
      }),
    ]);
  });

  test('keeps also what the function was told and could not record, and nothing else of its own is kept there', () => {
    const [[, invoked] = [], ...more] = resourcesOf(workflowsTemplate, 'AWS::Lambda::EventInvokeConfig');
    expect(more).toEqual([]);
    const queue = { 'Fn::GetAtt': [expect.stringContaining('RecorderDeadLetters'), 'Arn'] };
    expect(invoked!.Properties).toMatchObject({
      FunctionName: { Ref: expect.stringContaining('RecordEnd') },
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: queue } },
    });
    const senders = resourcesOf(workflowsTemplate, 'AWS::IAM::Policy').filter(([id, is]) => id.includes('RecordEnd') && JSON.stringify(is.Properties).includes('sqs:SendMessage')); // prettier-ignore
    expect(senders).toHaveLength(1);
  });
});
