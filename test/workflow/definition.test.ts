/** What AWS will be given: valid, inside the subset, and each Task with its file, its retries and its Catch. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { FUNCTION_DIED_ERRORS, LAMBDA_SERVICE_ERRORS } from '../../infra/state-machines/retry.ts';
import { fileOf } from '../../infra/state-machines/steps.ts';
import { CATALOGUE, TRANSIENT_CODES } from '../../shared/domain/errors.ts';
import { subsetFaults } from '../../shared/domain/definition-subset.ts';

const require = createRequire(import.meta.url);
/** It adds fields to what it checks, so it is given a copy. */
const validate = require('asl-validator') as (definition: unknown) => {
  readonly isValid: boolean;
  errorsText(): string;
};

const PROJECT = join(import.meta.dirname, '..', '..');

interface State {
  readonly Type: string;
  readonly Comment?: string;
  readonly Resource?: string;
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[]; readonly JitterStrategy: string }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[] }[];
  readonly ItemProcessor?: Definition;
}
interface Definition {
  readonly Comment?: string;
  readonly States: Readonly<Record<string, State>>;
}

const definitionOf = (area: string): Definition =>
  JSON.parse(readFileSync(join(PROJECT, `infra/state-machines/definitions/${area}.asl.json`), 'utf8')) as Definition;

/** Every state, those inside Maps too. */
const statesOf = (definition: Definition): readonly (readonly [string, State])[] =>
  Object.entries(definition.States).flatMap(([name, state]) => [
    [name, state] as const,
    ...(state.ItemProcessor ? statesOf(state.ItemProcessor) : []),
  ]);

describe.each(['migration', 'validation', 'synchronization', 'resolution', 'recovery', 'operation'])(
  'the definition of %s',
  (area) => {
    const definition = definitionOf(area);
    const states = statesOf(definition);
    const tasks = states.filter(([, state]) => state.Type === 'Task');

    test('is valid Amazon States Language', () => {
      const answer = validate(structuredClone(definition));

      expect(answer.errorsText()).toBe('');
      expect(answer.isValid).toBe(true);
    });

    test('stays in the subset that AWS and the local runner execute alike', () => {
      expect(subsetFaults(definition)).toEqual([]);
    });

    test('shows the reader of the console an input to start from, and what each state is for', () => {
      const example = /\{.*?\}/.exec(definition.Comment ?? '')?.[0] ?? '';

      expect(JSON.parse(example)).toHaveProperty('command');
      for (const [name, { Comment }] of states) expect([name, Comment?.length]).toEqual([name, expect.any(Number)]);
    });

    test.each(tasks)('%s has a file of its name', (name, state) => {
      expect(state.Resource).toBe(`arn:aws:lambda:local:000000000000:function:${name}`);
      expect([fileOf(area, name), existsSync(join(PROJECT, fileOf(area, name)))]).toEqual([fileOf(area, name), true]);
    });

    test.each(tasks)('%s tries transient errors again, those of the catalogue and those of Lambda', (_, { Retry }) => {
      expect(Retry!.map((retry) => retry.ErrorEquals)).toEqual([
        TRANSIENT_CODES,
        [...LAMBDA_SERVICE_ERRORS],
        [...FUNCTION_DIED_ERRORS],
      ]);
      for (const retry of Retry!) expect(retry.JitterStrategy).toBe('FULL');
    });

    test.each(tasks)('%s catches everything else', (_, state) => {
      expect(state.Catch!.map((caught) => caught.ErrorEquals)).toEqual([['States.ALL']]);
    });
  },
);

test('no error that will come again is tried again', () => {
  const retried = statesOf(definitionOf('migration')).flatMap(([, { Retry = [] }]) =>
    Retry.flatMap((r) => r.ErrorEquals),
  );

  for (const [code, { retry }] of Object.entries(CATALOGUE))
    expect([code, retried.includes(code)]).toEqual([code, retry === 'transient']);
});
