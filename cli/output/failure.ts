/** How an error is told: to a person in labelled lines, to a program as one JSON document. */
import { CATALOGUE } from '../../shared/domain/errors.ts';
import { redactedText } from '../../shared/log/redact.ts';
import { failureOfThrown, type Failure } from '../../shared/operations/failure.ts';
import type { Paint } from '../io.ts';
import { UsageError } from '../usage-error.ts';

/** An error as the command line tells it; USAGE is the one code that no step can raise. */
export interface ToldFailure extends Omit<Failure, 'code'> {
  readonly code: Failure['code'] | 'USAGE';
  readonly exit: 1 | 2 | 3;
}

export const told = (failure: Failure): ToldFailure => ({ ...failure, exit: CATALOGUE[failure.code].exit });

/** The same for anything thrown in this process. */
export function toldOf(thrown: unknown): ToldFailure {
  if (!(thrown instanceof UsageError)) return told(failureOfThrown(thrown));
  const { next, ...facts } = thrown.facts;
  return { code: 'USAGE', message: thrown.message, ...facts, next: next ?? 'npx portage --help', exit: 2 };
}

export function failureJson(failure: ToldFailure, verbose: boolean): unknown {
  const { code, message, got, expected, where, next, trace } = failure;
  const detail = Object.fromEntries(
    Object.entries({ got, expected, where, ...(verbose ? { trace: trace?.join('\n') } : {}) }).flatMap(
      ([label, fact]) => (fact === undefined ? [] : [[label, redactedText(fact)]]),
    ),
  );
  return { error: { code, message: redactedText(message), detail, next } };
}

export function failureLines(failure: ToldFailure, verbose: boolean, paint: Paint): string {
  const title = failure.code === 'USAGE' ? 'Usage' : `${failure.code} ${CATALOGUE[failure.code].title}`;
  const [first, ...rest] = redactedText(failure.message).split('\n');
  const labelled = [
    ['got', failure.got],
    ['expected', failure.expected],
    ['where', failure.where],
    ['next', failure.next],
  ] as const;
  const lines = [
    // A message that says no more than the title is not said twice.
    `${paint('red', title)}${first === undefined || first === '' || title.endsWith(first) ? '' : `: ${first}`}`,
    ...rest.map((line) => `  ${line}`),
    ...labelled.flatMap(([label, fact]) =>
      fact === undefined ? [] : [`  ${paint('bold', label.padEnd(9))} ${redactedText(fact)}`],
    ),
    ...(verbose ? (failure.trace ?? []).map((line) => `    ${redactedText(line.trim())}`) : []),
  ];
  return `${lines.join('\n')}\n`;
}
