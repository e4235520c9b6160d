/** Where a report was written, and what in it is wrong. */
import type { GeneratePerformanceReportAnswer } from '../../shared/operations/migration-analyzer/generate-performance-report.ts';
import type { Paint } from '../io.ts';
import { number, rowsOf } from './table.ts';

export const reportText = (answer: GeneratePerformanceReportAnswer, paint: Paint): string =>
  [
    `${answer.output}\n`,
    `  ${answer.days} ${answer.days === 1 ? 'day' : 'days'}: ${number(answer.operations)} ${answer.operations === 1 ? 'operation' : 'operations'}, ${number(answer.entities)} ${answer.entities === 1 ? 'entity' : 'entities'}, ${rowsOf(answer.rows)}\n`,
    ...answer.findings.map((finding) => `  ${paint('red', 'found')} ${finding}\n`),
  ].join('');
