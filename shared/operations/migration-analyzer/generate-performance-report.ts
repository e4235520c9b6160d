import * as z from 'zod';
import { operation } from '../operation.ts';

export const generatePerformanceReportAnswer = z.strictObject({
  output: z.string(),
  format: z.enum(['json', 'html']),
  days: z.int(),
  operations: z.number(),
  entities: z.int(),
  rows: z.number(),
  findings: z.array(z.string()),
});
export type GeneratePerformanceReportAnswer = z.output<typeof generatePerformanceReportAnswer>;

export const generatePerformanceReport = operation({
  program: 'migration-analyzer',
  name: 'generate-performance-report',
  purpose: 'Writes what the runs of the last days did and took, as JSON or as one HTML page with plots.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('migration-analyzer generate-performance-report'),
    lastDays: z.int().min(1).max(3650).default(7),
    output: z.string().regex(/\.(json|html)$/i, 'a file whose name ends in .json or .html'),
  }),
  answer: generatePerformanceReportAnswer,
  finds: 'a run was beyond a limit; the report is written all the same',
  exit: ({ findings }) => (findings.length > 0 ? 1 : 0),
  flags: [
    { name: 'last-days', kind: 'integer', placeholder: 'N', help: 'how far back, 1 to 3650 (7)' },
    { name: 'output', kind: 'text', placeholder: 'FILE', help: 'a file whose name ends in .json or .html' },
  ],
  examples: [
    'migration-analyzer generate-performance-report --last-days 7 --output weekly-report.json',
    'migration-analyzer generate-performance-report --last-days 30 --output report.html',
  ],
});
