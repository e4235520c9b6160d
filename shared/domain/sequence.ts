import { quoteLiteral } from './identifiers.ts';

/** A sequence that would give a number which a row has already. */
export interface SequenceFact {
  readonly sequence: string;
  readonly column: string;
  readonly next: string;
  readonly highest: string;
}

/** What brings it beyond its column. */
export const raised = ({ sequence, highest }: SequenceFact): string =>
  `SELECT setval(${quoteLiteral(sequence)}, ${highest})`;
