// What AWS would refuse: sizes of templates, policies, definitions and variables against the limits of the services.
import { statSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ENVIRONMENT_NAMES } from '../../infra/environments.ts';
import { resourcesOf, stacksOf } from './stacks.ts';

/** Of a template in a bucket. */
const MOST_TEMPLATE_BYTES = 2 ** 20;
/** More functions will come. */
const ROOM = 0.75;
const size = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

describe.each(ENVIRONMENT_NAMES)('the templates of %s', (name) => {
  const { app, dataTemplate, workflowsTemplate } = stacksOf(name);

  test('are smaller than CloudFormation takes, in bytes, resources and outputs', () => {
    // As it is sent, with whatever stands between the values.
    for (const { templateFullPath } of app.synth().stacks)
      expect(statSync(templateFullPath).size).toBeLessThan(MOST_TEMPLATE_BYTES * ROOM);
    for (const template of [dataTemplate.toJSON(), workflowsTemplate.toJSON()]) {
      expect(Object.keys(template['Resources'] as object).length).toBeLessThan(500);
      expect(Object.keys((template['Outputs'] as object | undefined) ?? {}).length).toBeLessThan(200);
    }
  });

  test('have no inline policies over 10,240 characters a role', () => {
    const bytes = new Map<string, number>();
    for (const [, { Properties: is }] of resourcesOf(workflowsTemplate, 'AWS::IAM::Policy'))
      for (const { Ref } of is['Roles'] as { Ref: string }[])
        bytes.set(Ref, (bytes.get(Ref) ?? 0) + size(is['PolicyDocument']));
    expect([...bytes].filter(([, all]) => all > 10_240)).toEqual([]);
  });

  test('have definitions under 1 MB, and variables under 4 KB', () => {
    for (const [, { Properties: is }] of resourcesOf(workflowsTemplate, 'AWS::StepFunctions::StateMachine'))
      expect(size(is['DefinitionString'])).toBeLessThan(1_000_000);
    for (const [, { Properties: is }] of resourcesOf(workflowsTemplate, 'AWS::Lambda::Function'))
      expect(size(is['Environment'])).toBeLessThan(4_096);
  });
});
