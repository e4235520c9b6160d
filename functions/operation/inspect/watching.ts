/** The commands that watch over the system, as InspectLedger finds them: health, performance, connections, bug reports. */
import { analyzePerformance as analyzePerformanceCommand } from '../../../shared/operations/migration-analyzer/analyze-performance.ts';
import { databaseSnapshot as databaseSnapshotCommand } from '../../../shared/operations/migration-analyzer/database-snapshot.ts';
import { debugConnections as debugConnectionsCommand } from '../../../shared/operations/migration-analyzer/debug-connections.ts';
import { detectConnectionLeaks as detectConnectionLeaksCommand } from '../../../shared/operations/migration-analyzer/detect-connection-leaks.ts';
import { generatePerformanceReport as generatePerformanceReportCommand } from '../../../shared/operations/migration-analyzer/generate-performance-report.ts';
import { performanceTrends as performanceTrendsCommand } from '../../../shared/operations/migration-analyzer/performance-trends.ts';
import { systemHealth as systemHealthCommand } from '../../../shared/operations/migration-analyzer/system-health.ts';
import { systemInfo as systemInfoCommand } from '../../../shared/operations/migration-analyzer/system-info.ts';
import type { BoundCommand } from '../../short-command.ts';
import { analyzePerformance } from './analyze-performance.ts';
import { databaseSnapshot } from './database-snapshot.ts';
import { debugConnections } from './debug-connections.ts';
import { detectConnectionLeaks } from './detect-connection-leaks.ts';
import { generatePerformanceReport } from './generate-performance-report.ts';
import { performanceTrends } from './performance-trends.ts';
import { systemHealth } from './system-health.ts';
import { systemInfo } from './system-info.ts';

export const WATCHING: readonly BoundCommand[] = [
  [systemHealthCommand, systemHealth],
  [analyzePerformanceCommand, analyzePerformance],
  [performanceTrendsCommand, performanceTrends],
  [generatePerformanceReportCommand, generatePerformanceReport],
  [debugConnectionsCommand, debugConnections],
  [detectConnectionLeaksCommand, detectConnectionLeaks],
  [systemInfoCommand, systemInfo],
  [databaseSnapshotCommand, databaseSnapshot],
];
