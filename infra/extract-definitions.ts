/**
 * Writes the definitions as plain Amazon States Language beside the code that builds them, so that the local runner and a
 * reviewer read what AWS would run without loading the CDK. With `--check` it only says whether they are fresh.
 *
 *     node infra/extract-definitions.ts [--check]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { StateGraph } from 'aws-cdk-lib/aws-stepfunctions';
import { MACHINES, type Machine } from './state-machines/machines.ts';

const FOLDER = join(import.meta.dirname, 'state-machines', 'definitions');

/** Stands for the deployed function: no account and no region has this ARN, so nothing real can be called by it. */
export const localArn = (step: string): string => `arn:aws:lambda:local:000000000000:function:${step}`;

/** The definition of one machine, its functions by their names. */
export function definitionOf(machine: Machine): unknown {
  const stack = new Stack(new App({ analyticsReporting: false }), 'Definitions');
  const start = machine.define(stack, (step) =>
    LambdaFunction.fromFunctionAttributes(stack, `${step}Function`, {
      functionArn: localArn(step),
      sameEnvironment: true,
    }),
  ).startState;
  const graph = new StateGraph(start, machine.area);
  return stack.resolve({ Comment: machine.comment, ...graph.toGraphJson() });
}

/** Every file that should be there, by its path, with its text. */
export function extractDefinitions(): ReadonlyMap<string, string> {
  return new Map(
    MACHINES.map((machine) => [
      join(FOLDER, `${machine.area}.asl.json`),
      `${JSON.stringify(definitionOf(machine), null, 2)}\n`,
    ]),
  );
}

/** The files, relative to the project, that differ from what the code says now. */
export function staleDefinitions(files = extractDefinitions()): readonly string[] {
  return [...files].filter(([path, text]) => readOrNothing(path) !== text).map(([path]) => shown(path));
}

const shown = (path: string): string => relative(join(import.meta.dirname, '..'), path);

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function main(checkOnly: boolean): void {
  const files = extractDefinitions();
  const stale = staleDefinitions(files);
  if (checkOnly && stale.length > 0) {
    process.stderr.write(`Stale: ${stale.join(', ')}\nThe machines were changed. Run: npm run definitions\n`);
    process.exitCode = 1;
    return;
  }
  if (!checkOnly) {
    mkdirSync(FOLDER, { recursive: true });
    for (const [path, text] of files) writeFileSync(path, text);
  }
  const what = checkOnly || stale.length === 0 ? 'fresh' : `written: ${stale.join(', ')}`;
  process.stdout.write(`${files.size} definitions, ${what}\n`);
}

if (import.meta.main) main(process.argv.includes('--check'));
