/** `migration-analyzer monitor-connections`: one look. A side that is down is a look like any other. */
import type { Side } from '../../../shared/database/session.ts';
import { serverUse } from '../../../shared/database/watch/sessions.ts';
import {
  summarizeConnections,
  type ConnectionSample,
  type SideSample,
} from '../../../shared/domain/health/connection-samples.ts';
import { tightest } from '../../../shared/domain/health/connections.ts';
import { lookAt } from '../../one-side.ts';
import type { Invocation } from '../../step.ts';
import type { Sampler } from './sampler.ts';

export const monitorConnections: Sampler<unknown, ConnectionSample> = {
  async look(_request, { at }, deps) {
    const [source, target] = await Promise.all([sideOf('source', deps), sideOf('target', deps)]);
    return { sample: { at, source, target }, cursor: null };
  },
  answer: async (samples) => ({ samples, ...summarizeConnections(samples) }),
};

async function sideOf(side: Side, deps: Invocation): Promise<SideSample | null> {
  const { found } = await lookAt(deps, side, 'monitor-connections', async (session, database) => {
    const { ours, limits } = await serverUse(session, database.maxConnections);
    const nearest = tightest(limits);
    return {
      ours: ours.all,
      active: ours.active,
      idleInTransaction: ours.idleInTransaction,
      waiting: ours.waiting,
      used: nearest?.used ?? 0,
      most: nearest?.most ?? 1,
      limit: nearest?.name ?? 'the server',
    };
  });
  return found;
}
