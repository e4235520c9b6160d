/** The stacks of an environment, synthesised without bundling: what is inside a function is no question of these tests. */
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { addEnvironment, type PortageStacks } from '../../infra/app.ts';
import { environmentNamed, type Environment, type ExistingNetwork } from '../../infra/environments.ts';

export interface Synthesised extends PortageStacks {
  readonly app: App;
  readonly environment: Environment;
  readonly dataTemplate: Template;
  readonly workflowsTemplate: Template;
}

/** Of somebody else: two subnets that share a route table. */
export const EXISTING_NETWORK: ExistingNetwork = {
  kind: 'existing',
  vpcId: 'vpc-0a1b2c3d',
  subnets: [
    { subnetId: 'subnet-0000000a', availabilityZone: 'eu-central-1a', routeTableId: 'rtb-0000000f' },
    { subnetId: 'subnet-0000000b', availabilityZone: 'eu-central-1b', routeTableId: 'rtb-0000000f' },
  ],
  has: [],
};

const synthesised = new Map<string, Synthesised>();

/** Each environment is synthesised once: nobody changes a template. */
export function stacksOf(name: string): Synthesised {
  const known = synthesised.get(name) ?? synthesise(environmentNamed(name));
  synthesised.set(name, known);
  return known;
}

/** The stacks of an environment that does not ship. */
export function synthesise(environment: Environment): Synthesised {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] }, analyticsReporting: false });
  const stacks = addEnvironment(app, environment);
  return {
    ...stacks,
    app,
    environment,
    dataTemplate: Template.fromStack(stacks.data),
    workflowsTemplate: Template.fromStack(stacks.workflows),
  };
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

/** The resources of one type, by their logical ids. */
export const resourcesOf = (template: Template, type: string): readonly (readonly [string, Resource])[] =>
  Object.entries(template.findResources(type) as Readonly<Record<string, Resource>>);
