/** Turns the request of a test into the state of the loop. */
export async function handler(event: { execution: string; request: object }): Promise<unknown> {
  return {
    operationId: `operation of ${event.execution}`,
    rounds: 0,
    done: false,
    undefinedField: undefined,
    ...event.request,
  };
}
