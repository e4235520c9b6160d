/**
 * Runs a committed definition on the library that the local runner uses, with fake steps. Inputs and outputs go through
 * JSON and, where a contract stands, through the contract, so that a definition that hands over too little is found here.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExecutionError, StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import type * as z from 'zod';
import * as contracts from '../../shared/contracts/migration.ts';

type Input = Readonly<Record<string, unknown>>;
type JsonInput = Parameters<StateMachine['run']>[0];
export type Steps = Readonly<Record<string, (input: Input) => unknown>>;

export interface Run {
  readonly output: unknown;
  readonly error: { readonly code: string; readonly cause: string } | null;
  /** What each call of a step was given, in order. */
  calls(step: string): readonly Input[];
  /** When a step was first called for an entity, as a place in the order of all calls. */
  order(step: string, entity: string): number;
}

/** An error as a step throws it: its name is the code. */
export function failure(code: string, message: string): Error {
  const error = new Error(message);
  error.name = code;
  return error;
}

const INPUTS: Readonly<Record<string, z.ZodType>> = {
  PlanMigration: contracts.planMigrationInput,
  EstimateEntity: contracts.estimateEntityInput,
  PrepareEntity: contracts.prepareEntityInput,
  MigrateSlice: contracts.migrateSliceInput,
  LinkReferences: contracts.entityStepInput,
  FinishEntity: contracts.entityStepInput,
  MigrateCycle: contracts.migrateCycleInput,
  DeleteRows: contracts.deleteRowsInput,
  FailDeletes: contracts.failEntityInput,
  FailEntity: contracts.failEntityInput,
  FinishMigration: contracts.finishMigrationInput,
  FailMigration: contracts.failMigrationInput,
};

export const migration = (steps: Steps, input: unknown): Promise<Run> => run('migration', steps, input);
export const operation = (steps: Steps, input: unknown): Promise<Run> => run('operation', steps, input);

async function run(area: string, steps: Steps, input: unknown): Promise<Run> {
  const calls: { readonly step: string; readonly input: Input }[] = [];
  const handlers = Object.fromEntries(
    Object.entries(steps).map(([step, work]) => [
      step,
      (given: unknown) => {
        const own = throughJson(given) as Input;
        calls.push({ step, input: own });
        INPUTS[step]?.parse(own);
        return Promise.resolve(throughJson(work(own)));
      },
    ]),
  );
  const definition = JSON.parse(
    readFileSync(join(import.meta.dirname, `../../infra/state-machines/definitions/${area}.asl.json`), 'utf8'),
  ) as StateMachineDefinition;
  // Validity has its own test; to prove it again costs half a second a run.
  const execution = new StateMachine(definition, { validationOptions: { noValidate: true } }).run(input as JsonInput, {
    context: { Execution: { Name: 'exec-1' } },
    overrides: {
      taskResourceLocalHandlers: handlers as never,
      retryIntervalOverrides: Object.fromEntries(Object.keys(steps).map((step) => [step, 0])),
    },
  });
  const ended = await execution.result.then(
    (output) => ({ output, error: null }),
    (error: unknown) => ({ output: null, error: faultOf(error) }),
  );
  return {
    ...ended,
    calls: (step) => calls.filter((call) => call.step === step).map((call) => call.input),
    order: (step, entity) => calls.findIndex((call) => call.step === step && call.input['entity'] === entity),
  };
}

function faultOf(error: unknown): { readonly code: string; readonly cause: string } {
  if (!(error instanceof ExecutionError) || !(error.cause instanceof Error)) throw error;
  return { code: error.cause.name, cause: error.cause.message };
}

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;
