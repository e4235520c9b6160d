// The order of test files. jest remembers how long each one took; on a machine that never ran them it has only their sizes,
// and the longest of ours are short to read: begun last, one of them keeps the run waiting for a minute alone.
import imported from '@jest/test-sequencer';

/** Its types are those of a CommonJS module, which is not what Node imports. */
const Sequencer = imported as unknown as typeof imported.default;
type Sequencer = InstanceType<typeof Sequencer>;

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
  override async sort(tests: Parameters<Sequencer['sort']>[0]): Promise<Awaited<ReturnType<Sequencer['sort']>>> {
    const sorted = await super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
}
