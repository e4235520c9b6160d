/** The texts of commands that watch over the system. */
import {
  analyzePerformance,
  analyzePerformanceAnswer,
} from '../../shared/operations/migration-analyzer/analyze-performance.ts';
import {
  debugConnections,
  debugConnectionsAnswer,
} from '../../shared/operations/migration-analyzer/debug-connections.ts';
import {
  detectConnectionLeaks,
  detectConnectionLeaksAnswer,
} from '../../shared/operations/migration-analyzer/detect-connection-leaks.ts';
import {
  generatePerformanceReport,
  generatePerformanceReportAnswer,
} from '../../shared/operations/migration-analyzer/generate-performance-report.ts';
import {
  memoryLeakCheck,
  memoryLeakCheckAnswer,
} from '../../shared/operations/migration-analyzer/memory-leak-check.ts';
import {
  monitorConnections,
  monitorConnectionsAnswer,
} from '../../shared/operations/migration-analyzer/monitor-connections.ts';
import {
  monitorResources,
  monitorResourcesAnswer,
} from '../../shared/operations/migration-analyzer/monitor-resources.ts';
import {
  performanceTrends,
  performanceTrendsAnswer,
} from '../../shared/operations/migration-analyzer/performance-trends.ts';
import { systemHealth, systemHealthAnswer } from '../../shared/operations/migration-analyzer/system-health.ts';
import { systemInfo, systemInfoAnswer } from '../../shared/operations/migration-analyzer/system-info.ts';
import { commandOf } from '../../shared/operations/operation.ts';
import type { Io } from '../io.ts';
import { systemInfoText } from './bug-report.ts';
import { debugConnectionsText, leaksText } from './connections.ts';
import { printHealth } from './health.ts';
import { analyzePerformanceText, trendsText } from './performance.ts';
import { reportText } from './report.ts';
import { connectionsWatchedText, leakCheckedText, resourcesWatchedText } from './sampled.ts';

type Print = (answer: unknown, io: Io) => void;

/** A snapshot is JSON for a program to read; it is printed as it is. */
export const WATCHING_PRINTS: readonly (readonly [string, Print])[] = [
  [commandOf(systemHealth), (answer, io) => printHealth(systemHealthAnswer.parse(answer), io)],
  [
    commandOf(analyzePerformance),
    (answer, io) => io.out(analyzePerformanceText(analyzePerformanceAnswer.parse(answer), io.paint)),
  ],
  [commandOf(performanceTrends), (answer, io) => io.out(trendsText(performanceTrendsAnswer.parse(answer), io.paint))],
  [
    commandOf(debugConnections),
    (answer, io) => io.out(debugConnectionsText(debugConnectionsAnswer.parse(answer), io.paint)),
  ],
  [
    commandOf(detectConnectionLeaks),
    (answer, io) => io.out(leaksText(detectConnectionLeaksAnswer.parse(answer), io.paint)),
  ],
  [
    commandOf(monitorConnections),
    (answer, io) => io.out(connectionsWatchedText(monitorConnectionsAnswer.parse(answer), io.paint)),
  ],
  [
    commandOf(monitorResources),
    (answer, io) => io.out(resourcesWatchedText(monitorResourcesAnswer.parse(answer), io.paint)),
  ],
  [commandOf(memoryLeakCheck), (answer, io) => io.out(leakCheckedText(memoryLeakCheckAnswer.parse(answer), io.paint))],
  [
    commandOf(generatePerformanceReport),
    (answer, io) => io.out(reportText(generatePerformanceReportAnswer.parse(answer), io.paint)),
  ],
  [commandOf(systemInfo), (answer, io) => io.out(systemInfoText(systemInfoAnswer.parse(answer), io.paint))],
];
