/**
 * The second half of the demo: both databases are used, a job carries the one over to the other and settles what both changed, a
 * validation says what it sees, and exactly that run is taken back and done again.
 */
import type { JudgeOutput } from '../../shared/contracts/validation.ts';
import type { FinishRunOutput } from '../../shared/contracts/synchronization.ts';
import type { FinishRecoveryOutput } from '../../shared/contracts/recovery.ts';
import { number, table } from '../output/table.ts';
import type { DemoPort } from './demo-port.ts';

const JOB = 'demo-orders';
const CREATE_JOB = `sync-scheduler create-job --name ${JOB} --entities orders --schedule hourly --conflict-resolution source_wins`;
const RUN_JOB = `sync-scheduler run-job --name ${JOB}`;

/** An order that was changed, and what it was and became. */
interface Watched {
  readonly order: string;
  readonly what: string;
  readonly seen: string[];
}

/** A command that did not do what the demo relies on: its answer is shown instead of a story. */
export class DemoFailure extends Error {
  readonly command: string;
  readonly code: number;
  readonly answer: unknown;
  constructor(command: string, code: number, answer: unknown) {
    super(`${command} ended with exit status ${code}`);
    this.command = command;
    this.code = code;
    this.answer = answer;
  }
}

async function answerOf<Answer>(port: DemoPort, line: string, key: string): Promise<Answer> {
  const { code, json } = await port.run(line.split(' '));
  if (typeof json !== 'object' || json === null || !(key in json)) throw new DemoFailure(line, code, json);
  return json as Answer;
}

const memoOf = async (port: DemoPort, side: 'legacy' | 'target', order: string): Promise<string> => {
  const [row] = await port.query(
    side,
    side === 'legacy'
      ? 'SELECT memo FROM public.order_hdr WHERE ord_no = $1'
      : 'SELECT memo FROM public.orders WHERE legacy_id = $1',
    [order],
  );
  if (row === undefined) return 'no such row';
  return typeof row['memo'] === 'string' ? row['memo'] : 'NULL';
};

/** The two oldest orders that both databases have; a clinic of very few rows may have fewer. */
async function twoOrders(port: DemoPort): Promise<readonly string[]> {
  const found = await port.query(
    'target',
    'SELECT legacy_id::text AS id FROM public.orders WHERE legacy_id IS NOT NULL ORDER BY legacy_id LIMIT 2',
  );
  return found.map(({ id }) => String(id));
}

/** Changes orders on both sides, as people would; the time makes each demo's edits others than the last one's. */
async function edit(port: DemoPort, first: string, second: string): Promise<readonly Watched[]> {
  const [{ next = '' } = {}] = await port.query(
    'legacy',
    'SELECT (max(ord_no) + 1)::text AS next FROM public.order_hdr',
  );
  const at = new Date().toTimeString().slice(0, 8);
  const old = (text: string, values: unknown[]) => port.query('legacy', text, values);
  await old('UPDATE public.order_hdr SET memo = $2 WHERE ord_no = $1', [first, `called back at ${at}`]);
  await port.query('target', 'UPDATE public.orders SET memo = $2 WHERE legacy_id = $1', [
    second,
    `paid by card at ${at}`,
  ]);
  await old('UPDATE public.order_hdr SET memo = $2 WHERE ord_no = $1', [second, `paid in cash at ${at}`]);
  await old(
    `INSERT INTO public.order_hdr SELECT (jsonb_populate_record(o, jsonb_build_object('ord_no', $2::bigint, 'memo', $3::text))).* FROM public.order_hdr o WHERE o.ord_no = $1`,
    [first, next, `ordered at ${at}`],
  );
  return [
    { order: first, what: 'edited in the old one', seen: [] },
    { order: second, what: 'edited in both', seen: [] },
    { order: String(next), what: 'new in the old one', seen: [] },
  ];
}

/** The whole second half. @throws DemoFailure where a command did something else */
export async function synchronize(port: DemoPort, head: (text: string) => void): Promise<void> {
  const say = (text: string): void => port.write(`${text}\n`);
  const look = async (orders: readonly Watched[]): Promise<void> => {
    for (const { order, seen } of orders) seen.push(await memoOf(port, 'target', order));
  };

  const [first, second] = await twoOrders(port);
  if (first === undefined || second === undefined) return;
  head('4. Both databases are used');
  const orders = await edit(port, first, second);
  const olds = new Map<string, string>();
  for (const { order } of orders) olds.set(order, await memoOf(port, 'legacy', order));
  await look(orders);
  port.write(
    table(
      [
        { head: 'order', text: ({ order }) => order },
        { head: 'what happened', text: ({ what }) => what },
        { head: 'memo in the old database', text: ({ order }) => olds.get(order) ?? '' },
        { head: 'in the new one', text: ({ seen }) => seen[0] ?? '' },
      ],
      orders,
      port.paint,
    ),
  );

  head('5. A job keeps the new one in step');
  say(port.paint('dim', `npx portage ${CREATE_JOB}\nnpx portage ${RUN_JOB}`));
  await port.run(['sync-scheduler', 'delete-job', '--name', JOB]); // of a demo that was interrupted
  await answerOf(port, CREATE_JOB, 'job');
  const run = await answerOf<FinishRunOutput>(port, RUN_JOB, 'operationId');
  await look(orders);
  const { inserted = 0, updated = 0 } = run.entities['orders'] ?? {};
  const settled = Object.entries(run.settled).map(([rule, rows]) => `${number(rows)} by ${rule}`);
  say(
    `${number(inserted)} inserted, ${number(updated)} updated, conflicts settled: ${settled.join(', ') || 'none'}. ${run.operationId}`,
  );
  for (const decision of await decisions(port, run.operationId)) say(decision);

  head('6. The verdict');
  say(port.paint('dim', 'npx portage data-validator validate'));
  say(verdictLine(await answerOf<JudgeOutput>(port, 'data-validator validate', 'verdict'), port));

  head('7. Exactly that run is taken back, and done again');
  const rollback = `differential-migration rollback --operation-id ${run.operationId}`;
  say(port.paint('dim', `npx portage ${rollback}\nnpx portage ${RUN_JOB}`));
  await answerOf<FinishRecoveryOutput>(port, rollback, 'operationId');
  await look(orders);
  await answerOf(port, RUN_JOB, 'operationId');
  await look(orders);
  await answerOf(port, `sync-scheduler delete-job --name ${JOB}`, 'job');
  port.write(
    table(
      [
        { head: 'order', text: ({ order }) => order },
        ...['memo before', 'after the run', 'taken back', 'run again'].map((title, i) => ({
          head: title,
          text: ({ seen }: Watched) => seen[i] ?? '',
        })),
      ],
      orders,
      port.paint,
    ),
  );
}

async function decisions(port: DemoPort, operationId: string): Promise<readonly string[]> {
  const rows = await port.query(
    'target',
    `SELECT c.legacy_key, c.columns[1] AS "column", c.old_values ->> c.columns[1] AS theirs, c.new_values ->> c.columns[1] AS ours, c.chosen, c.rule
     FROM portage.conflict_decisions c JOIN portage.operations o USING (operation_no) WHERE o.operation_id = $1 ORDER BY 1 LIMIT 5`,
    [operationId],
  );
  return rows.map((row) => {
    const text = (name: string): string => String(row[name]);
    return `Order ${text('legacy_key')}, ${text('column')}: the old database says '${text('ours')}', the new one '${text('theirs')}': ${text('rule')} took the ${text('chosen')}.`;
  });
}

function verdictLine({ verdict, coverage, entities }: JudgeOutput, { paint }: DemoPort): string {
  const sum = (side: 'sourceRows' | 'targetRows'): number =>
    Object.values(entities).reduce((rows, each) => rows + (each[side] ?? 0), 0);
  const read = `${number(sum('sourceRows'))} rows of the old database and ${number(sum('targetRows'))} of the new one`;
  const basis = coverage.complete ? `every key was read on both sides, ${read}` : `not everything was read, ${read}`;
  return `${paint(verdict === 'match' ? 'green' : 'red', verdict.toUpperCase())}: ${basis}.`;
}
