/**
 * When so many rows of an entity are gone from the source that somebody must say they really are (SEMANTICS 17): a table
 * that was emptied by accident, or read through a wrong filter, must not empty its copy.
 */

/** Share of an entity's mapped rows, unless `settings.deleteThresholdPercent` says otherwise. */
const PERCENT = 10;
/** Below this many rows a share says nothing: one row of five is 20 %. */
const FEWEST = 20;

/** What `--allow-deletes` lets pass. */
export type DeleteAllowance = { readonly rows: number } | { readonly percent: number };

export interface DeleteCount {
  readonly deletions: number;
  /** Rows that the entity has a mapping for, those to be deleted included. */
  readonly mapped: number;
}

/** `N` or `P%`, as the request's schema has checked it; null where nothing was allowed. */
export function deleteAllowance(text: unknown): DeleteAllowance | null {
  if (typeof text !== 'string') return null;
  return text.endsWith('%') ? { percent: Number(text.slice(0, -1)) } : { rows: Number(text) };
}

const isWithin = ({ deletions, mapped }: DeleteCount, percent: number): boolean => deletions * 100 <= mapped * percent;

const isAllowed = (count: DeleteCount, allowance: DeleteAllowance | null): boolean => {
  if (allowance === null) return false;
  return 'rows' in allowance ? count.deletions <= allowance.rows : isWithin(count, allowance.percent);
};

export const isMassDeletion = (
  count: DeleteCount,
  allowance: DeleteAllowance | null,
  thresholdPercent: number = PERCENT,
): boolean => count.deletions >= FEWEST && !isWithin(count, thresholdPercent) && !isAllowed(count, allowance);

/** Count and share in words, and what would let them pass. */
export function massDeletionText(entity: string, count: DeleteCount, thresholdPercent: number = PERCENT): string {
  const percent = Math.ceil((count.deletions * 1000) / Math.max(1, count.mapped)) / 10;
  return (
    `${entity}: ${count.deletions} of ${count.mapped} mapped rows (${percent} %) are gone from the source and would be deleted, more than ${thresholdPercent} %; ` +
    `none was. To let them pass: --allow-deletes ${count.deletions}, or --allow-deletes ${percent}%`
  );
}
