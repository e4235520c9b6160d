/** Errors with a code of the catalogue (error-catalogue.ts), and what they know of what was met. */
import { CATALOGUE } from './error-catalogue.ts';

export { CATALOGUE } from './error-catalogue.ts';

export type ErrorCode = keyof typeof CATALOGUE;

export const ERROR_CODES = Object.keys(CATALOGUE) as readonly ErrorCode[];
export const TRANSIENT_CODES = ERROR_CODES.filter((code) => CATALOGUE[code].retry === 'transient');

export interface ErrorFacts {
  /** What was met, without values of sensitive columns. */
  readonly got?: string;
  readonly expected?: string;
  /** Entity, range, variable or mapping path: where the reader should look. */
  readonly where?: string;
  /** What to do, where the raiser knows better than the catalogue. */
  readonly next?: string;
}

/** An error with a code of the catalogue. `name` is the code: Step Functions matches its Retry and Catch lists on it. */
export class PortageError extends Error {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = code;
    this.code = code;
    this.facts = facts;
  }

  get next(): string {
    return this.facts.next ?? CATALOGUE[this.code].next;
  }

  get exit(): 1 | 2 | 3 {
    return CATALOGUE[this.code].exit;
  }
}

export const isErrorCode = (name: string): name is ErrorCode => Object.hasOwn(CATALOGUE, name);

/** The code of any thrown value; what is not ours is an internal error. */
export const codeOf = (error: unknown): ErrorCode => (error instanceof PortageError ? error.code : 'SYS008');
