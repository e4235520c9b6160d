/** What AWS sends beside the state machines: how an execution ended, and what a deployment asks of the ledger. */
import * as z from 'zod';

/** An event of EventBridge, `Step Functions Execution Status Change`, as far as it is read here. */
export const executionEnded = z.looseObject({
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.looseObject({
    executionArn: z.string(),
    stateMachineArn: z.string(),
    name: z.string(),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    /** Null where it was too large for an event. */
    input: z.string().nullish(),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});
export type ExecutionEnded = z.output<typeof executionEnded>;

/** Whether there was anything left to record. */
export const endRecorded = z.strictObject({ execution: z.string(), recorded: z.boolean() });
export type EndRecorded = z.output<typeof endRecorded>;

/** A custom resource of CloudFormation: what it wants, and where the answer goes. */
export const resourceRequest = z.looseObject({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.string().optional(),
});
export type ResourceRequest = z.output<typeof resourceRequest>;
