import { describe, expect, test } from '@jest/globals';
import { ENVIRONMENT_NAMES } from '../../infra/environments.ts';
import { definitionOf, extractDefinitions, localArn, staleDefinitions } from '../../infra/extract-definitions.ts';
import { MACHINES } from '../../infra/state-machines/machines.ts';
import { resourcesOf, stacksOf } from './stacks.ts';

type Part = string | { readonly 'Fn::GetAtt': readonly [string, string] };

/** The definition that an environment deploys, its functions by the names of their states. */
function deployedDefinition(environment: string, area: string): unknown {
  const { workflowsTemplate } = stacksOf(environment);
  const names = new Map(
    resourcesOf(workflowsTemplate, 'AWS::Lambda::Function').map(([id, is]) => [
      id,
      String(is.Properties['FunctionName']).replace(`portage-${environment}-${area}-`, ''),
    ]),
  );
  const machine = resourcesOf(workflowsTemplate, 'AWS::StepFunctions::StateMachine').find(
    ([, is]) => is.Properties['StateMachineName'] === `portage-${environment}-${area}`,
  )!;
  const text = machine[1].Properties['DefinitionString'] as { readonly 'Fn::Join': readonly [string, readonly Part[]] };
  const parts = text['Fn::Join'][1].map((part) =>
    typeof part === 'string' ? part : localArn(names.get(part['Fn::GetAtt'][0])!),
  );
  return JSON.parse(parts.join(''));
}

describe('the extracted definitions', () => {
  test('are committed as the code says now', () => {
    expect(staleDefinitions()).toEqual([]);
  });

  test('are told stale when a machine was changed', () => {
    const [[path] = ['']] = [...extractDefinitions()];

    expect(staleDefinitions(new Map([[path, '{}']]))).toEqual(['infra/state-machines/definitions/migration.asl.json']);
  });

  describe.each(ENVIRONMENT_NAMES)('are what %s deploys', (environment) => {
    test.each(MACHINES.map((machine) => [machine.area, machine] as const))('as %s', (area, machine) => {
      expect(deployedDefinition(environment, area)).toEqual(definitionOf(machine));
    });
  });
});
