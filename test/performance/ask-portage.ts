/** The performance programs ask the command line itself, on the databases that it would find: variables, or the embedded server. */
import { parseArgs } from 'node:util';
import { processIo } from '../../cli/io.ts';
import { runCommandLine } from '../../cli/run.ts';

export interface Answered {
  readonly exit: number;
  readonly answer: unknown;
}

/** The answer of a command; its error is told and ends the program, with the command's exit status. */
export async function askPortage(...words: readonly string[]): Promise<Answered> {
  let out = '';
  const io = { ...processIo, terminal: false, out: (text: string) => void (out += text) };
  const exit = await runCommandLine([...words, '--json'], io, () => process.exit(3));
  // A command that looks for a while prints a line a look; the last is its answer.
  const last = out.trimEnd().split('\n').at(-1) ?? '';
  const answer: unknown = JSON.parse(last === '' ? '{}' : last);
  if (typeof answer === 'object' && answer !== null && 'error' in answer) {
    const { code, message, next } = answer.error as { code: string; message: string; next: string };
    process.stderr.write(`${code} ${message}\n  next      ${next}\n`);
    process.exit(exit);
  }
  return { exit, answer };
}

export type Values = Readonly<Record<string, string | undefined>>;

/** Flags that take a value; anything else is a usage error, exit 2. */
export function flags(usage: string, names: readonly string[], needed: readonly string[] = []): Values {
  const refuse = (why: string): never => {
    process.stderr.write(`${why}\nusage: ${usage}\n`);
    return process.exit(2);
  };
  try {
    const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
    const { values } = parseArgs({ options, strict: true });
    const missing = needed.filter((name) => values[name] === undefined);
    return missing.length > 0 ? refuse(`--${missing.join(', --')} is missing`) : values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}
