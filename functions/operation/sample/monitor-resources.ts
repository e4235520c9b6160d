/** `migration-analyzer monitor-resources`: one look at the ledger and both servers. */
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import {
  activityOf,
  countersOf,
  progressOf,
  type Counters,
  type Progress,
} from '../../../shared/database/watch/resources.ts';
import { summarizeResources, type ResourceSample } from '../../../shared/domain/health/resource-samples.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import { limitsOf } from '../../performance-limits.ts';
import type { Sampler } from './sampler.ts';

interface Request {
  readonly entity: 'all' | readonly string[];
}
/** What the next look subtracts from its own. */
interface Before extends Pick<Counters, 'commits' | 'blocksRead' | 'blocksHit'> {
  readonly at: number;
  readonly lastBatchNo: string;
}

const NOTHING: Progress = {
  atWork: 0,
  rows: 0,
  rowsTotal: null,
  batches: 0,
  lastBatchNo: '0',
  batchMs: null,
  memoryBytes: null,
  heartbeatSeconds: null,
};

export const monitorResources: Sampler<Request, ResourceSample> = {
  async look({ entity }, { at, cursor }, deps) {
    const map = await deps.configuredMap();
    const names = selectEntities(entity, Object.keys(map.entities));
    const before = cursor === null ? null : (JSON.parse(cursor) as Before);
    return deps.withSides('monitor-resources', [], async ({ source, target }) => {
      const known = (await ledgerVersion(target)) > 0;
      const { lastBatchNo, ...progress } = known
        ? await progressOf(target, map.name, names, before?.lastBatchNo ?? null)
        : NOTHING;
      const [reading, writing] = [await activityOf(source), await activityOf(target)];
      const { bytes, ...counters } = await countersOf(target);
      const sample: ResourceSample = {
        at,
        ...progress,
        // The first look does not know which batches are new: what they took says nothing of now.
        ...(before === null && progress.atWork === 0 ? { batchMs: null, memoryBytes: null } : {}),
        sourceActive: reading.active,
        targetActive: writing.active,
        waiting: reading.waiting + writing.waiting,
        ...ratesOf(counters, at, before),
        targetBytes: bytes,
      };
      return { sample, cursor: JSON.stringify({ at, lastBatchNo, ...counters } satisfies Before) };
    });
  },
  async answer(samples, deps) {
    const { memoryBytes } = limitsOf(deps.settings(await deps.configuredMap()));
    const { leaseSeconds } = deps.config;
    return { samples, summary: summarizeResources(samples, { memoryBytes, leaseSeconds }) };
  },
};

function ratesOf(
  now: Omit<Counters, 'bytes'>,
  at: number,
  before: Before | null,
): Pick<ResourceSample, 'commitsPerSecond' | 'cacheHitPercent'> {
  // Counters that were reset meanwhile say nothing.
  if (before === null || at <= before.at || now.commits < before.commits)
    return { commitsPerSecond: null, cacheHitPercent: null };
  const [read, hit] = [now.blocksRead - before.blocksRead, now.blocksHit - before.blocksHit];
  return {
    commitsPerSecond: Math.round(((now.commits - before.commits) / (at - before.at)) * 10) / 10,
    cacheHitPercent: read + hit <= 0 ? null : Math.round((hit / (read + hit)) * 1000) / 10,
  };
}
