/** Records what failed, as FailMigration does in the ledger. */
interface Failed {
  readonly execution: string;
  readonly error: { readonly Error: string; readonly Cause: string };
}
export const recorded: Failed[] = [];

export async function handler(event: Failed): Promise<unknown> {
  recorded.push(event);
  return event.error;
}
