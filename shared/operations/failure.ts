/**
 * How an error crosses a state machine. Step Functions carries two texts, the name and the message; ours are the code
 * and a message of a few labelled lines, which a person reads in the console and the command line takes apart again.
 */
import { CATALOGUE, isErrorCode, PortageError, type ErrorCode } from '../domain/errors.ts';
import { codeNamed } from '../domain/state-error.ts';

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly got?: string | undefined;
  readonly expected?: string | undefined;
  readonly where?: string | undefined;
  readonly next: string;
  /** For `--verbose` alone. */
  readonly trace?: readonly string[] | undefined;
}

const LABELS = ['got', 'expected', 'where', 'next'] as const;

/** Of a text that names hundreds of entities a reader needs the first; a Cause has at most 32 KiB, and stands in a state. */
const LONGEST_TEXT = 4_000;

const cut = (text: string): string =>
  text.length <= LONGEST_TEXT
    ? text
    : `${text.slice(0, LONGEST_TEXT)} ... (${text.length - LONGEST_TEXT} characters more)`;

/** The message of an error as it leaves a step: its own text, then `got: ...`, `expected: ...`, `where: ...`, `next: ...`. */
export function failureText(error: PortageError): string {
  const lines = LABELS.flatMap((label) => {
    const fact = error.facts[label];
    return fact === undefined ? [] : [`${label}: ${cut(fact.replaceAll('\n', ' '))}`];
  });
  return [cut(error.message), ...lines].join('\n');
}

/** The failure behind the Error and Cause of an execution. */
export function failureOf(error: string, cause: string): Failure {
  const { text, trace } = textOf(cause);
  const code = codeNamed(error);
  const facts: Partial<Record<(typeof LABELS)[number], string>> = {};
  const message: string[] = [];
  for (const line of text.split('\n')) {
    const label = LABELS.find((each) => line.startsWith(`${each}: `));
    if (label === undefined) message.push(line);
    else facts[label] = line.slice(label.length + 2);
  }
  const own = message.join('\n').trim();
  return {
    code,
    // The name of an error that is not ours is a part of what went wrong.
    message: isErrorCode(error) ? own || CATALOGUE[code].title : [error, own].filter(Boolean).join(': '),
    got: facts.got,
    expected: facts.expected,
    where: facts.where,
    next: facts.next ?? CATALOGUE[code].next,
    trace,
  };
}

/** The failure behind anything thrown in this process. */
export function failureOfThrown(thrown: unknown): Failure {
  const trace =
    thrown instanceof Error
      ? thrown.stack
          ?.split('\n')
          .slice(1)
          .map((line) => line.trim())
      : undefined;
  if (thrown instanceof PortageError) {
    const { got, expected, where } = thrown.facts;
    return { code: thrown.code, message: thrown.message, got, expected, where, next: thrown.next, trace };
  }
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return { code: 'SYS008', message: text, next: CATALOGUE.SYS008.next, trace };
}

/** The way back: a failure that ends more than the execution that it came from. */
export function thrownFrom({ code, message, got, expected, where, next }: Failure): PortageError {
  const facts = Object.entries({ got, expected, where, next }).filter(([, fact]) => fact !== undefined);
  return new PortageError(code, message, Object.fromEntries(facts));
}

/** A Cause is a Lambda's `{errorType, errorMessage, trace}`, or text. */
function textOf(cause: string): { readonly text: string; readonly trace?: readonly string[] | undefined } {
  try {
    const parsed: unknown = JSON.parse(cause);
    if (typeof parsed === 'object' && parsed !== null && 'errorMessage' in parsed) {
      const trace = 'trace' in parsed && Array.isArray(parsed.trace) ? parsed.trace.map(String) : undefined;
      return { text: String(parsed.errorMessage), trace };
    }
  } catch {
    // Text, then.
  }
  return { text: cause };
}
