/** docs/scale.md: the arithmetic of large runs, as shared/domain/scale.ts does it. */
import { eventsOfMigration, eventsOfSynchronization, fitsHistory } from '../../shared/domain/execution-room.ts';
import { foresee, LIMITS, type Scale } from '../../shared/domain/scale.ts';

/** What the table rests on: a lane alone on a core, and a target that indexes and logs what it is given. */
const ASSUMED = { laneRate: 12_000, targetRate: 100_000 };
export const CASES: readonly Scale[] = [
  { rows: 10_000_000, lanes: 4, ...ASSUMED },
  { rows: 1_000_000_000, lanes: 16, ...ASSUMED },
  { rows: 10_000_000_000, lanes: 32, ...ASSUMED },
];

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

function time(seconds: number): string {
  if (seconds < 7200) return `${whole(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`;
}

/** In one wave, none with rows to delete. */
const ofMigration = (groups: number): number => eventsOfMigration({ waves: 1, groups, deletions: 0 });
const ofJob = (groups: number): number => eventsOfSynchronization({ waves: 1, groups, deletions: 0 }, groups, 1);

/** Down to tens: the order of waves and deletions count too. */
function most(events: (entities: number) => number): number {
  let entities = 0;
  while (fitsHistory(events(entities + 10))) entities += 10;
  return entities;
}

export function scalePage(): string {
  const rows: readonly (readonly [string, (scale: Scale) => string])[] = [
    ['lanes', ({ lanes }) => whole(lanes)],
    ['slices, each an execution of its own', (scale) => whole(foresee(scale).slices)],
    ['rows of a slice', (scale) => whole(foresee(scale).rowsOfASlice)],
    ['invocations a slice', (scale) => whole(foresee(scale).loopsOfASlice)],
    [`events of its history, of ${whole(LIMITS.events)}`, (scale) => whole(foresee(scale).eventsOfASlice)],
    [`bytes of the plan in a state, of ${whole(LIMITS.payloadBytes)}`, (scale) => whole(foresee(scale).planBytes)],
    ['sessions on each database', (scale) => whole(foresee(scale).connections)],
    ['rows a second', (scale) => whole(foresee(scale).rowsPerSecond)],
    ['bounded by', (scale) => foresee(scale).bound],
    ['time', (scale) => time(foresee(scale).seconds)],
    ['Lambda and Step Functions', (scale) => `$ ${foresee(scale).dollars.toFixed(2)}`],
  ];
  const table = rows.map(([label, cell]) => `| ${label} | ${CASES.map(cell).join(' | ')} |`);
  return `<!-- Made by \`npm run docs\` from shared/domain/scale.ts. Change that file, not this page. -->

# Scale beyond one machine

A run of one entity is a plan of slices. A distributed Map starts an execution for each, at most as many at once as there are
lanes; a slice works for a minute, commits batch by batch, and is called again until it is done. What bounds a run is the
databases: a lane has one session on either side, and lanes are chosen so that a fifth of the connections stays free.

| a first load of | ${CASES.map((scale) => `${whole(scale.rows)} rows`).join(' | ')} |
| --- | ${CASES.map(() => '---:').join(' | ')} |
${table.join('\n')}

It rests on ${whole(ASSUMED.laneRate)} rows a second of one lane, which is measured on a core of its own with narrow rows, and on a target
that writes ${whole(ASSUMED.targetRate)} rows a second whatever is asked of it, which is assumed: measure yours with \`npm run bench\`. Wide rows,
indexes and triggers lower both. From where the table says *the target*, more lanes only wait.

- **Events.** A loop of a slice is 7 events of its own execution's history, so ${whole(LIMITS.loops)} loops, or ${whole(LIMITS.loops / 60)} hours of one slice, fit into it. The run's own execution
  has some hundred events, whatever the number of rows.
- **Entities** go inline: each is ${ofMigration(1) - ofMigration(0)} events of that execution, and ${ofJob(1) - ofJob(0)} of a synchronization's
  with one lane. A run of more than about ${most(ofMigration)} of them, or a job of more than about ${most(ofJob)}, is refused by its first state with SYS012, which says how many have
  room: name some with \`--entities\`, parents first. A validation takes any number.
- **Payload.** A plan has at most 1,000 slices, so that their bounds stay under a third of what a state holds; a validation has pieces of four million rows,
  and lists at most about 1,000 items of them. Rows are never in a state.
  Answers that are too large for one go to the bucket, and the state says where.
- **Concurrency.** A distributed Map could run ${whole(LIMITS.concurrency)} at once; the lanes are far fewer. Fresh accounts have 10 to 50 functions at once for
  all of Lambda: \`reservedConcurrency\` in \`infra/environments.ts\` keeps some.
- **Memory** of a function does not grow with the table: rows stream, batches are bounded by rows and bytes.
- **Keys.** Only an integer key is cut into so many slices: without an index that serves a range every slice reads the table once, so other keys have at most 20.
`;
}
