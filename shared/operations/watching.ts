/** The commands that watch over the system: health, performance, connections, and what a bug report needs. */
import { analyzePerformance } from './migration-analyzer/analyze-performance.ts';
import { databaseSnapshot } from './migration-analyzer/database-snapshot.ts';
import { debugConnections } from './migration-analyzer/debug-connections.ts';
import { detectConnectionLeaks } from './migration-analyzer/detect-connection-leaks.ts';
import { generatePerformanceReport } from './migration-analyzer/generate-performance-report.ts';
import { memoryLeakCheck } from './migration-analyzer/memory-leak-check.ts';
import { monitorConnections } from './migration-analyzer/monitor-connections.ts';
import { monitorResources } from './migration-analyzer/monitor-resources.ts';
import { performanceTrends } from './migration-analyzer/performance-trends.ts';
import { systemHealth } from './migration-analyzer/system-health.ts';
import { systemInfo } from './migration-analyzer/system-info.ts';
import type { Operation } from './operation.ts';

export const WATCHING: readonly Operation[] = [
  systemHealth,
  analyzePerformance,
  performanceTrends,
  generatePerformanceReport,
  debugConnections,
  detectConnectionLeaks,
  monitorConnections,
  monitorResources,
  memoryLeakCheck,
  systemInfo,
  databaseSnapshot,
];
