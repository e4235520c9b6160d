/**
 * Which rows an operation is about when it is about no range: named ones, which are written whatever stands there, or those
 * that were set aside, which get another look.
 */
export type ListedRows = { readonly kind: 'force'; readonly keys: readonly string[] } | { readonly kind: 'retry' };

/** From the request that the ledger keeps of an operation; null for one that looks at whole entities. */
export function listedRowsOf(request: Readonly<Record<string, unknown>>): ListedRows | null {
  if (request['retry'] === true) return { kind: 'retry' };
  const keys = request['forceRecords'];
  return Array.isArray(keys) ? { kind: 'force', keys: keys.map(String) } : null;
}
