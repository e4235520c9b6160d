// What docs/deploy.md says to paste, and to run in an account that no test has: inputs are what the machine named before them
// takes, and words are what the command line understands.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from '../../cli/parse.ts';
import { operationOf } from '../../shared/operations/catalogue.ts';
import { machineOf } from '../../shared/operations/operation.ts';
import { ROOT } from './story.ts';

const page = await readFile(join(ROOT, 'docs/deploy.md'), 'utf8');

test('every input to paste is taken by the machine that is named before it', () => {
  const inputs = [...page.matchAll(/\{"command":[^}]*\}/g)];
  expect(inputs.length).toBeGreaterThan(3);
  for (const { 0: json, index } of inputs) {
    const input = JSON.parse(json) as { readonly command: string };
    const operation = operationOf(input.command)!;
    const machine = [...page.slice(0, index).matchAll(/\*portage-dev-(\w+)\*/g)].at(-1)![1];
    expect([json, operation.input.safeParse(input)]).toEqual([json, expect.objectContaining({ success: true })]);
    expect([json, machineOf(operation, input)]).toEqual([json, machine]);
  }
});

test('every command of ours is one that the command line understands', () => {
  const commands = [...page.matchAll(/(?:^\$ |`)npx portage ([^\n`]+)/gm)].map(([, words]) => words!);
  expect(commands.length).toBeGreaterThan(5);
  for (const line of commands) {
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
    expect([line, parse(words, '0').kind]).toEqual([line, 'operation']);
  }
});

test('every command of the CDK names its environment, without which nothing is synthesised', () => {
  const commands = [...page.matchAll(/npx cdk [^\n`]+/g)].map(([command]) => command);
  expect(commands.length).toBeGreaterThan(5);
  for (const command of commands) expect(command).toMatch(/ -c env=(dev|prod)\b/);
});
