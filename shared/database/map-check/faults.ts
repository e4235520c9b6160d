/** What checkMap finds, in the form of the faults that are found without a database, and the one error that lists them. */
import { PortageError } from '../../domain/errors.ts';
import type { Fault } from '../../domain/map-faults.ts';

export type Severity = 'fault' | 'warning';

export interface CatalogFault extends Fault {
  /** A warning is a thing to know; a fault keeps every operation from starting. */
  readonly severity: Severity;
}

const found =
  (severity: Severity) =>
  (path: string, message: string, got: string, expected: string): CatalogFault => ({
    severity,
    path,
    message,
    got,
    expected,
  });

export const fault = found('fault');
export const warning = found('warning');

/** One line: `path: message (got ..., expected ...)`. */
export function catalogFaultText({ path, message, got, expected }: Fault): string {
  const facts = [
    ...(got === undefined ? [] : [`got ${got}`]),
    ...(expected === undefined ? [] : [`expected ${expected}`]),
  ];
  return `${path}: ${message}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
}

/** Tables alone are missing: nothing is wrong with the map but that it is that of other databases. */
const ANOTHER_MAP =
  'Name the databases of this map (SOURCE_DB_URL, TARGET_DB_URL), or the map of these (PORTAGE_MAP, or portage differential-migration init). The sample data: npm start.';

/** One SYS002 that lists every fault, a line each. */
export function faultsError(faults: readonly Fault[]): PortageError {
  const [first] = faults;
  const count = faults.length === 1 ? 'The mapping has a fault' : `The mapping has ${faults.length} faults`;
  const only = faults.length === 1 ? first : undefined;
  const none = faults.length > 1 && faults.every(({ path }) => /\.(source|target)\.table$/.test(path));
  return new PortageError(
    'SYS002',
    [`${count} (against both databases):`, ...faults.map((one) => `  ${catalogFaultText(one)}`)].join('\n'),
    {
      where: only?.path ?? 'the mapping',
      ...(only?.got === undefined ? {} : { got: only.got }),
      ...(only?.expected === undefined ? {} : { expected: only.expected }),
      ...(none ? { next: ANOTHER_MAP } : {}),
    },
  );
}
