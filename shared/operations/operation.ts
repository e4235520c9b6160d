/**
 * What a command is, without what it does. The command line's parser and help, the inputs of the console and the docs are
 * all derived from these descriptors, so they cannot disagree; handlers are bound in functions/ and cli/.
 */
import type * as z from 'zod';

/** Which state machine runs it, and which of its branches; one role of the database a class. */
export type OperationClass =
  LongClass | 'inspect' | 'inspect-rows' | 'sample' | 'repair' | 'change' | 'schedules' | 'stop';

/** Classes that touch rows in batches: each has a state machine of its own, and a progress bar. */
export const LONG_CLASSES = ['migration', 'validation', 'synchronization', 'resolution', 'recovery'] as const;
export type LongClass = (typeof LONG_CLASSES)[number];

/** The five programs of the guide, and the question at their end, which is one command. */
export const PROGRAMS = {
  'differential-migration': 'carry rows from the source into the target, in checkpointed batches',
  'data-validator': 'compare the two databases',
  'conflict-resolver': 'decide what both sides changed',
  'sync-scheduler': 'keep the target in step by scheduled jobs',
  'migration-analyzer': 'look at the state of everything, and repair it',
  'cut-over': 'say whether the application may be switched to the target',
} as const;
export type Program = keyof typeof PROGRAMS;

/** How the text after a flag is read: `names` is a comma list or `all`, `keys` a comma list or a JSON array, a `switch` takes no text. */
type FlagKind = 'switch' | 'integer' | 'text' | 'names' | 'keys';

export interface Flag {
  /** Without the dashes; the field of the input is its camelCase, unless `sets` says otherwise. */
  readonly name: string;
  readonly kind: FlagKind;
  /** What stands for the value in the help, such as N or NAMES. */
  readonly placeholder?: string;
  readonly help: string;
  /** A switch that writes this value into this field. Two flags that set one field differently contradict. */
  readonly sets?: { readonly field: string; readonly value: boolean };
  /** Other flags that make no sense beside this one. */
  readonly contradicts?: readonly string[];
  /** For the command line alone: the console and the handler never see it. */
  readonly cliOnly?: true;
}

export interface Operation {
  readonly program: Program;
  readonly name: string;
  /** One sentence. */
  readonly purpose: string;
  readonly class: OperationClass;
  /** Where one of its flags makes it another class's: a list that can also be worked through. */
  classOf?(input: { readonly command: string }): OperationClass;
  /** The execution input: `command` and the flags in camelCase. */
  readonly input: z.ZodType<{ readonly command: string }>;
  readonly flags: readonly Flag[];
  /** What a person would type, without `npx portage`. */
  readonly examples: readonly string[];
  /** What the machine gives back, which `--json` prints as it is. */
  readonly answer: z.ZodType;
  /** What exit status 1 tells, where there is one: "1: ...". */
  readonly finds?: string;
  /** Exit status of an answer (SEMANTICS 37): 0 nothing wrong, 1 something found, 3 it could not finish. */
  exit(answer: unknown): 0 | 1 | 3;
}

/** A command that may find something says what. */
type Exit<Answer> =
  { readonly finds?: never; exit(answer: Answer): 0 | 3 } | { readonly finds: string; exit(answer: Answer): 0 | 1 | 3 };

/** Types a descriptor by its answer, so that its `exit` reads what was checked. */
export function operation<Answer extends z.ZodType>(
  description: Omit<Operation, 'answer' | 'exit' | 'finds'> & { readonly answer: Answer } & Exit<z.output<Answer>>,
): Operation {
  return { ...description, exit: (answer) => description.exit(description.answer.parse(answer)) };
}

/** `differential-migration migrate`: the `command` of its execution input. A program of one command bears its name. */
export const commandOf = ({ program, name }: Pick<Operation, 'program' | 'name'>): string =>
  program === name ? program : `${program} ${name}`;

export const isLong = (name: OperationClass): name is LongClass => (LONG_CLASSES as readonly string[]).includes(name);

/** The state machine of a class: long ones have one of their own, short commands share `operation`. */
export const machineOf = (
  op: Pick<Operation, 'class' | 'classOf'>,
  input?: { readonly command: string },
): LongClass | 'operation' => {
  const name = classOf(op, input);
  return isLong(name) ? name : 'operation';
};

/** The class of an operation with this input; without one, that of its plain form. */
export const classOf = (
  op: Pick<Operation, 'class' | 'classOf'>,
  input?: { readonly command: string },
): OperationClass => (input === undefined ? op.class : (op.classOf?.(input) ?? op.class));

const camelCase = (flag: string): string => flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The input field that a flag fills. */
export const fieldOf = (flag: Flag): string => flag.sets?.field ?? camelCase(flag.name);
