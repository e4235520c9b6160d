import { describe, expect, test } from '@jest/globals';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { ENVIRONMENT_NAMES } from '../../infra/environments.ts';
import { EXISTING_NETWORK, stacksOf, synthesise } from './stacks.ts';

const findings = (app: App): readonly string[] =>
  new AwsSolutionsChecks(app)
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${String(constructPath)}`),
    );

/** The exceptions to rules that a construct has, each with its reason. */
const exceptions = ({ node }: IConstruct): readonly (readonly [string, string])[] =>
  node.metadata
    .filter((entry) => entry.type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap((entry) => Object.entries(entry.data as Record<string, string>))
    .filter(([rule]) => rule.includes('AwsSolutions'));

describe('the rules of AWS Solutions', () => {
  test.each(ENVIRONMENT_NAMES)('find nothing in %s', (name) => {
    expect(findings(stacksOf(name).app)).toEqual([]);
  });

  test('find nothing where network and databases exist already', () => {
    const { environment } = stacksOf('dev');
    const database = { kind: 'existing', host: 'db', port: 5432, database: 'd', connections: 5, securityGroupId: 'sg-00000001' } as const; // prettier-ignore
    const { app } = synthesise({ ...environment, network: EXISTING_NETWORK, source: database, target: database });
    expect(findings(app)).toEqual([]);
  });

  test('would find a bucket that anybody may read without TLS', () => {
    const app = new App({ analyticsReporting: false });
    new Bucket(new Stack(app, 'Planted'), 'Bucket');

    expect(findings(app)).toContainEqual(expect.stringContaining('AwsSolutions-S10'));
  });

  test.each(ENVIRONMENT_NAMES)('would find something at each construct of %s that has an exception', (name) => {
    const { app } = synthesise(stacksOf(name).environment);
    const made = app.node
      .findAll()
      .flatMap((construct) => exceptions(construct).map((rule) => [rule, construct.node.path] as const));
    for (const { node } of app.node.findAll())
      Object.assign(node, {
        _metadata: node.metadata.filter(({ type }) => type !== Validations.ACKNOWLEDGED_RULES_METADATA_KEY),
      });
    const found = findings(app);
    const stale = made.filter(
      ([[rule], path]) =>
        !found.some((finding) => finding.startsWith(`${rule.replace('Annotation::', '')} at ${path}/`)),
    );
    expect(made.length).toBeGreaterThan(100);
    expect(stale.map(([[rule], path]) => `${rule} at ${path}`)).toEqual([]);
  });

  test('have no exception without a reason, and none for a whole stack', () => {
    const { app, data, workflows } = stacksOf('prod');
    const reasons = app.node
      .findAll()
      .flatMap(exceptions)
      .map(([, reason]) => JSON.stringify(reason));

    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(reason.length).toBeGreaterThan(30);
    for (const whole of [app, data, workflows]) {
      const own = whole.node.metadata.filter((entry) => entry.type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY);
      expect(own).toEqual([]);
    }
  });
});
