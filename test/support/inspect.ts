// Short commands as a person starts them: through the handler, on two real databases named by the environment.
import type { Json } from '../../cli/local/asl/definition.ts';
import { whole } from '../../cli/local/state-machine-runner.ts';
import { closeDependencies } from '../../functions/dependencies.ts';
import { handler as change } from '../../functions/operation/change-ledger.ts';
import { handler as inspect } from '../../functions/operation/inspect-ledger.ts';
import { handler as schedules } from '../../functions/operation/manage-schedules.ts';
import { handler as sample } from '../../functions/operation/sample-resources.ts';
import { handler as stop } from '../../functions/operation/stop-operations.ts';
import { CATALOGUE } from '../../shared/domain/errors.ts';
import { operationOf } from '../../shared/operations/catalogue.ts';
import { failureOf, type Failure } from '../../shared/operations/failure.ts';
import type { TestSides } from './sides.ts';

const context = { getRemainingTimeInMillis: () => 60_000 } as Parameters<typeof inspect>[1];

/** The step that the machine gives the command to. */
const handler = (input: { readonly command: string }): Promise<unknown> => {
  const step = { change, sample, schedules, stop }[operationOf(input.command)?.class as string] ?? inspect;
  return step(input, context);
};

/** A descriptor's schema of an answer. */
interface AnswerSchema<Answer> {
  parse(answer: unknown): Answer;
}

/** The answer as it leaves the machine, and the exit status that the command line makes of it. */
export async function ask<Answer>(
  schema: AnswerSchema<Answer>,
  command: string,
  flags: Record<string, unknown> = {},
): Promise<{ readonly answer: Answer; readonly exit: number }> {
  const answer = await whole(JSON.parse(JSON.stringify(await handler({ command, ...flags }))) as Json);
  return { answer: schema.parse(answer), exit: operationOf(command)!.exit(answer) };
}

/** The failure as it leaves the machine. */
export async function refused(
  command: string,
  flags: Record<string, unknown> = {},
): Promise<Failure & { exit: number }> {
  try {
    await handler({ command, ...flags });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const failure = failureOf(error.name, error.message);
    return { ...failure, exit: CATALOGUE[failure.code].exit };
  }
  throw new Error('it was not refused');
}

/** Runs the work under other variables. */
export async function under<T>(variables: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    await closeDependencies();
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
  }
}

export const variablesOf = ({ sourceUrl, targetUrl }: TestSides): Record<string, string> => ({
  SOURCE_DB_URL: sourceUrl,
  TARGET_DB_URL: targetUrl,
});
