/**
 * One environment of Portage: `npx cdk deploy --all -c env=dev`.
 *
 * The stacks name no account and no region, so they go where the caller's credentials lead, and synth needs none.
 */
import { App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { PortageError } from '../shared/domain/errors.ts';
import { environmentNamed, type Environment } from './environments.ts';
import { DataStack } from './stacks/data-stack.ts';
import { WorkflowsStack } from './stacks/workflows-stack.ts';

export interface PortageStacks {
  readonly data: DataStack;
  readonly workflows: WorkflowsStack;
}

/** Adds both stacks of an environment; cdk-nag looks at all of it when the app is synthesised. */
export function addEnvironment(app: App, environment: Environment): PortageStacks {
  const { name, retained } = environment;
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  // A subnet or secret that the workflows still use cannot be taken away under them.
  app.node.setContext('@aws-cdk/core:defaultCrossStackReferences', 'strong');
  Tags.of(app).add('project', 'portage');
  Tags.of(app).add('environment', name);
  const data = new DataStack(app, `portage-${name}-data`, environment, {
    description: `Portage ${name}: network, databases, bucket`,
    terminationProtection: retained,
  });
  const workflows = new WorkflowsStack(app, `portage-${name}-workflows`, environment, data, {
    description: `Portage ${name}: state machines and their functions`,
    // A third of what CloudFormation takes would be spaces.
    suppressTemplateIndentation: true,
  });
  return { data, workflows };
}

/** Builds what `-c env=` names, or says what could be named. */
function main(): void {
  const app = new App();
  try {
    addEnvironment(app, environmentNamed(app.node.tryGetContext('env')));
    app.synth();
  } catch (error) {
    if (!(error instanceof PortageError)) throw error;
    const { expected } = error.facts;
    process.stderr.write(
      `${error.code}: ${error.message}${expected === undefined ? '' : ` (${expected})`}\n${error.next}\n`,
    );
    process.exitCode = error.exit;
  }
}

if (import.meta.main) main();
