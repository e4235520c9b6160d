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
  [commandOf(systemInfo), (answer, io) => io.out(systemInfoText(systemInfoAnswer.parse(answer), io.paint))],
];
