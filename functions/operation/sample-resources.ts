/**
 * The `--duration` commands: one look at a time, in a loop with a Wait, so that no function is paid for waiting and a look may
 * last hours. The state carries what was seen; a look that is repeated after a fault is one look more.
 */
import { sampleInput, sampleOutput, type SampleInput } from '../../shared/contracts/sampling.ts';
import { intervalOf, scheduleAfter } from '../../shared/domain/health/sampling.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { operationOf } from '../../shared/operations/catalogue.ts';
import { memoryLeakCheck as memoryLeakCheckCommand } from '../../shared/operations/migration-analyzer/memory-leak-check.ts';
import { monitorConnections as monitorConnectionsCommand } from '../../shared/operations/migration-analyzer/monitor-connections.ts';
import { monitorResources as monitorResourcesCommand } from '../../shared/operations/migration-analyzer/monitor-resources.ts';
import { commandOf, type Operation } from '../../shared/operations/operation.ts';
import { requestOf } from '../short-command.ts';
import { step, type Invocation } from '../step.ts';
import { memoryLeakCheck } from './sample/memory-leak-check.ts';
import { monitorConnections } from './sample/monitor-connections.ts';
import { monitorResources } from './sample/monitor-resources.ts';
import type { Sampler } from './sample/sampler.ts';

type AnySampler = Sampler<never, { readonly at: number }>;
const bound = (operation: Operation, sampler: unknown): readonly [string, AnySampler] => [
  commandOf(operation),
  sampler as AnySampler,
];
const SAMPLERS = new Map<string, AnySampler>([
  bound(monitorConnectionsCommand, monitorConnections),
  bound(monitorResourcesCommand, monitorResources),
  bound(memoryLeakCheckCommand, memoryLeakCheck),
]);

type Output = Readonly<Record<string, unknown>> & { readonly done: boolean; readonly waitSeconds?: number };

export async function sampleResources(input: SampleInput, deps: Invocation): Promise<Output> {
  const { sampling, done: _done, waitSeconds: _wait, answer: _answer, ...asked } = input;
  const operation = operationOf(input.command);
  const sampler = SAMPLERS.get(input.command);
  if (operation === undefined || sampler === undefined)
    throw new PortageError('SYS002', 'this step knows no such command', {
      got: input.command,
      expected: [...SAMPLERS.keys()].join(', '),
    });
  const request = requestOf(operation, asked);
  const { duration } = request as { readonly duration: number };
  const startedAt = sampling?.startedAt ?? deps.now().toISOString();
  const elapsed = (): number => Math.round((deps.now().getTime() - Date.parse(startedAt)) / 100) / 10;
  const earlier = sampling?.samples ?? [];
  const interval = intervalOf(duration);
  const { sample, cursor } = await sampler.look(
    request,
    { at: elapsed(), samples: earlier, cursor: sampling?.cursor ?? null, interval },
    deps,
  );
  const samples = [...earlier, sample];
  const { done, waitSeconds } = scheduleAfter(elapsed(), duration, interval);
  const answer = operation.answer.parse({
    done,
    seconds: elapsed(),
    ...(await sampler.answer(samples, deps)),
  }) as Output;
  if (done) return answer;
  const state = { sampling: { startedAt, samples, cursor }, done, waitSeconds };
  // What it amounts to so far, for whoever ends it early; the looks themselves stand beside it.
  return { ...asked, command: input.command, ...state, answer: { ...answer, samples: [] } };
}

export const handler = step('SampleResources', { input: sampleInput, output: sampleOutput }, sampleResources);
