/** What a validation may say. Wrong is a value; what could not be read is never match (DESIGN, decision 11). */
export type Verdict = 'match' | 'mismatch' | 'unknown';

export interface Evidence {
  /** Differences that were found. */
  readonly differences: number;
  /** Every key was read on both sides. */
  readonly complete: boolean;
}

export const verdictOf = ({ differences, complete }: Evidence): Verdict =>
  differences > 0 ? 'mismatch' : complete ? 'match' : 'unknown';

/** Of several entities: one that is wrong makes all wrong, one that is unknown makes them unknown. Of none nothing is known. */
export const verdictOfAll = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.includes('mismatch')
    ? 'mismatch'
    : verdicts.length === 0 || verdicts.includes('unknown')
      ? 'unknown'
      : 'match';
