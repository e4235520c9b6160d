// The order of test files. jest remembers how long each one took; on a machine that never ran them it has only their sizes,
// and the longest of ours are short to read: begun last, one of them keeps the run waiting for a minute alone.
import Sequencer from '@jest/test-sequencer';

/** Measured in a whole run: each takes longer than twenty seconds. */
const LONG = [
  'docs/docs',
  'infra/deployment',
  'workflow/schemas-graph',
  'workflow/versions',
  'workflow/schemas-values',
  'workflow/faults-midway',
  'guide/procedures',
  'campaign/crash',
  'workflow/backup',
  'workflow/watching',
  'workflow/faults-server',
  'workflow/restore',
  'workflow/rollback-modes',
];

const isLong = ({ path }: { readonly path: string }): boolean =>
  LONG.some((name) => path.replaceAll('\\', '/').endsWith(`/test/${name}.test.ts`));

export default class LongestFirst extends Sequencer {
  override sort(tests: Parameters<Sequencer['sort']>[0]): ReturnType<Sequencer['sort']> {
    const sorted = super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
}
