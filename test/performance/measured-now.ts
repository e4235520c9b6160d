/** What the last run of each entity measured, in the form of a baseline. */
import { analyzePerformanceAnswer } from '../../shared/operations/migration-analyzer/analyze-performance.ts';
import type { Measured } from '../../shared/domain/performance/regression.ts';
import { askPortage } from './ask-portage.ts';

export async function measuredNow(entity = 'all'): Promise<readonly Measured[]> {
  const { answer } = await askPortage('migration-analyzer', 'analyze-performance', '--entity', entity);
  const newest = new Map<string, Measured>();
  // The newest first; a run in which nothing moved says nothing of how rows move.
  for (const run of analyzePerformanceAnswer.parse(answer).runs) {
    if (run.batches === 0 || newest.has(run.entity)) continue;
    newest.set(run.entity, {
      entity: run.entity,
      rows: run.rowsMoved,
      wallMs: run.wallMs,
      rowsPerSecond: run.rowsPerSecond,
      batchMedianMs: run.batchMs.median,
      memoryBytes: run.memoryBytes?.most ?? null,
    });
  }
  return [...newest.values()];
}
