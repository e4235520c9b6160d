/** From the words of a command line to an execution input that fits its schema, or a UsageError that says why not. */
import type * as z from 'zod';
import { commandOf, fieldOf, type Operation } from '../shared/operations/operation.ts';
import { flagsOf, readWords, type SeenFlag } from './program.ts';
import { UsageError, unknownName } from './usage-error.ts';

interface GlobalOptions {
  readonly map: string | null;
  readonly env: string | null;
  readonly json: boolean;
  readonly verbose: boolean;
}

export type Parsed =
  | { readonly kind: 'help'; readonly text: string }
  | {
      readonly kind: 'own';
      readonly words: string;
      readonly fields: Readonly<Record<string, unknown>>;
      readonly options: GlobalOptions;
    }
  | {
      readonly kind: 'operation';
      readonly operation: Operation;
      /** What the machine is started with. */
      readonly input: { readonly command: string };
      readonly options: GlobalOptions;
      readonly wait: boolean;
      /** Flags for the command line alone. */
      readonly own: Readonly<Record<string, unknown>>;
    };

/** Reads a command line; throws UsageError. */
export function parse(argv: readonly string[], version: string): Parsed {
  const words = readWords(argv, version);
  if (words.kind === 'help') return words;
  refuseContradictions(words.seen);
  const options: GlobalOptions = {
    map: text(words.seen, 'map'),
    env: text(words.seen, 'env'),
    json: has(words.seen, 'json'),
    verbose: has(words.seen, 'verbose'),
  };
  if (words.kind === 'own') return { kind: 'own', words: words.words, fields: fieldsOf(words.seen), options };
  return {
    kind: 'operation',
    operation: words.operation,
    input: inputOf(words.operation, words.seen),
    options,
    wait: !has(words.seen, 'no-wait'),
    own: fieldsOf(words.seen.filter(({ flag }) => flag.cliOnly === true)),
  };
}

const has = (seen: readonly SeenFlag[], name: string): boolean => seen.some(({ flag }) => flag.name === name);
const text = (seen: readonly SeenFlag[], name: string): string | null =>
  seen.find(({ flag }) => flag.name === name)?.value ?? null;

/** The same field said twice differently, or two flags of which one excludes the other. */
function refuseContradictions(seen: readonly SeenFlag[]): void {
  const said = new Map<string, SeenFlag>();
  for (const each of seen) {
    const earlier = said.get(fieldOf(each.flag));
    if (earlier !== undefined && meaning(earlier) !== meaning(each)) throw contradiction(earlier, each);
    said.set(fieldOf(each.flag), each);
  }
  for (const each of seen) {
    const other = seen.find(({ flag }) => each.flag.contradicts?.includes(flag.name));
    if (other !== undefined) throw contradiction(each, other);
  }
}

const meaning = ({ flag, value }: SeenFlag): string => value ?? String(flag.sets?.value ?? true);
const asTyped = ({ flag, value }: SeenFlag): string => `--${flag.name}${value === undefined ? '' : ` ${value}`}`;
const contradiction = (a: SeenFlag, b: SeenFlag): UsageError =>
  new UsageError(`${asTyped(a)} and ${asTyped(b)} contradict each other`, { expected: 'one of the two' });

/** The execution input, as the console would send it. */
function inputOf(operation: Operation, seen: readonly SeenFlag[]): { readonly command: string } {
  const own = seen.filter(
    ({ flag }) => operation.flags.some((each) => each.name === flag.name) && flag.cliOnly !== true,
  );
  const fields = fieldsOf(own);
  const parsed = operation.input.safeParse({ command: commandOf(operation), ...fields });
  if (parsed.success) return parsed.data;
  throw schemaError(operation, fields, parsed.error);
}

const fieldsOf = (seen: readonly SeenFlag[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(seen.map((each) => [fieldOf(each.flag), valueOf(each)]));

function valueOf({ flag, value }: SeenFlag): unknown {
  switch (flag.kind) {
    case 'switch':
      return flag.sets?.value ?? true;
    case 'integer':
      if (!/^-?\d{1,15}$/.test(value ?? '')) {
        throw new UsageError(`--${flag.name} takes a whole number`, { got: value ?? '', expected: flag.help });
      }
      return Number(value);
    case 'names':
      return namesIn(flag.name, value ?? '');
    case 'keys':
      return keysIn(flag.name, value ?? '');
    case 'text':
      return value;
  }
}

function namesIn(flag: string, value: string): 'all' | readonly string[] {
  const names = [...new Set(value.split(',').map((name) => name.trim()))].filter((name) => name !== '');
  if (names.length === 1 && names[0] === 'all') return 'all';
  if (names.length === 0 || names.includes('all')) {
    throw new UsageError(`--${flag} takes names separated by commas, or all`, { got: value });
  }
  return names;
}

/** `1,2,3`, or JSON: `["a,b", "c"]`, and `[["a", 1]]` where a key has several parts. */
function keysIn(flag: string, value: string): readonly unknown[] {
  if (!value.trimStart().startsWith('[')) {
    const keys = [...new Set(value.split(',').map((key) => key.trim()))].filter((key) => key !== '');
    if (keys.length === 0) throw new UsageError(`--${flag} takes legacy keys`, { got: value, expected: '1,2,3' });
    return keys;
  }
  try {
    return JSON.parse(value) as readonly unknown[];
  } catch {
    throw new UsageError(`--${flag} is no JSON array`, {
      got: value,
      expected: '1,2,3, or ["a","b"], or [["a",1],["b",2]]',
    });
  }
}

function schemaError(operation: Operation, fields: Readonly<Record<string, unknown>>, error: z.ZodError): UsageError {
  const issue = error.issues[0];
  const field = String(issue?.path[0] ?? '');
  const flag = flagsOf(operation).find((each) => fieldOf(each) === field);
  const facts = { where: `portage ${commandOf(operation)}`, next: `npx portage ${commandOf(operation)} --help` };
  const got = fields[field];
  // A rule over several flags says itself what is wrong.
  if (issue?.code === 'custom' && issue.path.length === 1) return new UsageError(issue.message, facts);
  if (got === undefined) {
    return new UsageError(`--${flag?.name ?? field} is missing`, { expected: flag?.help ?? 'a value', ...facts });
  }
  if (issue?.code === 'invalid_value') {
    return unknownName(`value of --${flag?.name ?? field}`, shown(got), issue.values.map(String), facts);
  }
  return new UsageError(`--${flag?.name ?? field} does not take this value`, {
    got: shown(got),
    expected: flag?.help ?? issue?.message ?? 'another value',
    ...facts,
  });
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
