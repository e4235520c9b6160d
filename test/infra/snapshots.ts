// What each environment deploys, line by line and reviewed: prod as a whole, the others by what they differ in. Anything that
// changes a template changes a file here. `UPDATE_GOLDEN=1 npm test -- test/infra` writes them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { stacksOf } from './stacks.ts';
import { differenceOf, templateLines } from './template-text.ts';

const FOLDER = join(import.meta.dirname, 'snapshots');

function linesOf(name: string): Readonly<Record<'data' | 'workflows', readonly string[]>> {
  const { dataTemplate, workflowsTemplate } = stacksOf(name);
  return { data: templateLines(dataTemplate, name), workflows: templateLines(workflowsTemplate, name) };
}

function expectSnapshot(name: string, lines: readonly string[]): void {
  const file = join(FOLDER, `${name}.txt`);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, `${lines.join('\n')}\n`);
  expect(lines).toEqual(readFileSync(file, 'utf8').trimEnd().split('\n'));
}

describe('the templates as they were reviewed', () => {
  const prod = linesOf('prod');

  test('of prod, as a whole', () => {
    expectSnapshot('prod-data', prod.data);
    expectSnapshot('prod-workflows', prod.workflows);
  });

  test.each(['staging', 'dev'])('of %s, where they are not those of prod', (name) => {
    const own = linesOf(name);
    expectSnapshot(`${name}-data`, differenceOf(prod.data, own.data));
    expectSnapshot(`${name}-workflows`, differenceOf(prod.workflows, own.workflows));
  });

  test('have a line for each value, so that nothing can change unseen', () => {
    const [data, workflows] = [prod.data.join('\n'), prod.workflows.join('\n')];
    expect(data).toMatch(/^AWS::RDS::DBInstance Target\w+$/m);
    expect(data).toMatch(/^Target\w+ Properties\.StorageEncrypted: true$/m);
    expect(workflows).toMatch(/^AWS::Lambda::Function \* Properties\.Runtime: "nodejs24\.x"$/m);
    expect(workflows).not.toMatch(/[0-9a-f]{64}/);
  });
});
