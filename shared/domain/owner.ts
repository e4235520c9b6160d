/** Who owns a checkpoint, as the ledger says it: an execution, and the host on which it works. */
export const ownerOf = (execution: string, host: string): string => `${execution} on ${host}`;

/** Whether the owner is that execution, on whatever host. */
export const isOwner = (owner: string, execution: string): boolean => owner.startsWith(ownerOf(execution, ''));
