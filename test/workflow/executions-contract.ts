/** What every implementation of the port `Executions` must do, over the machine in local-runner/definitions/tiny.asl.json. */
import { expect, test } from '@jest/globals';
import { failureOf } from '../../shared/operations/failure.ts';
import type { Executions } from '../../shared/operations/ports.ts';

export function executionsContract(makeExecutions: () => Executions): void {
  const unique = (): string => `tiny-${Math.random().toString(36).slice(2)}`;

  test('an execution succeeds with the output of its machine', async () => {
    const executions = makeExecutions();
    const name = unique();
    expect(await executions.start('tiny', name, { wanted: 3 })).toEqual({ name });
    expect(await executions.wait(name)).toEqual({
      name,
      status: 'SUCCEEDED',
      output: { operationId: `operation of ${name}`, rounds: 3, done: true, wanted: 3 },
      error: null,
      cause: null,
    });
  });

  test('a failure keeps its code, its text and where to look', async () => {
    const executions = makeExecutions();
    const name = unique();
    await executions.start('tiny', name, { fails: 'M008' });
    const result = await executions.wait(name);
    expect(result).toMatchObject({ status: 'FAILED', output: null, error: 'M008' });
    expect(failureOf(result.error!, result.cause!)).toMatchObject({
      code: 'M008',
      message: 'orders needs patients',
      where: 'orders.patient_id',
    });
  });

  test('a stop lets the step at work return its progress, and ends the execution', async () => {
    const executions = makeExecutions();
    const name = unique();
    await executions.start('tiny', name, { untilStopped: true });
    await executions.stop(name);
    expect(await executions.wait(name)).toMatchObject({ name, status: 'ABORTED', output: null });
  });

  test('an ended execution can be asked for again, and stopping it changes nothing', async () => {
    const executions = makeExecutions();
    const name = unique();
    await executions.start('tiny', name, {});
    const first = await executions.wait(name);
    await executions.stop(name);
    expect(await executions.wait(name)).toEqual(first);
  });

  test('a name can be used once', async () => {
    const executions = makeExecutions();
    const name = unique();
    await executions.start('tiny', name, {});
    await expect(executions.start('tiny', name, { wanted: 2 })).rejects.toThrow();
    await executions.wait(name);
  });

  test('an execution or machine that does not exist is an error', async () => {
    const executions = makeExecutions();
    await expect(executions.wait('nobody')).rejects.toThrow();
    await expect(executions.start('nothing', unique(), {})).rejects.toThrow();
  });
}
