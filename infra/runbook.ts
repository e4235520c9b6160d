/** Where each alarm sends its reader: a section of the troubleshooting guide. A test looks whether it is there. */
const GUIDE = 'docs/troubleshooting.md';

/** As a heading of Markdown becomes an anchor. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .trim()
    .replaceAll(/\s/g, '-');

/** Headings of the guide. */
export const SECTIONS = {
  health: 'System Health Check',
  checkpoint: 'Problem: Migration checkpoint stuck in "in_progress" state',
  schedule: 'Problem: Sync job not executing on schedule',
  syncFailing: 'Problem: Sync job failing with timeout errors',
  integrity: 'Problem: Data integrity validation failing',
  conflicts: 'Problem: Conflicts not being resolved automatically',
  slow: 'Problem: Migration running slower than expected',
  memory: 'Problem: Memory usage exceeding limits',
  died: 'Problem: Function of a deployed environment dies',
  connection: 'Problem: Database connection failures',
  pool: 'Problem: Connection pool exhaustion',
  recovery: 'Data Recovery Procedures',
  errors: 'Error Code Reference',
} as const;
export type Section = keyof typeof SECTIONS;

export const runbook = (section: Section): string => `${GUIDE}#${anchorOf(SECTIONS[section])}`;
