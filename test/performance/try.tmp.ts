import { startBench, run } from './databases.ts';
import { readFileSync, readdirSync } from 'node:fs';
import { prepareFloor, runFloor } from './floor.ts';
import { migrateOrders } from './portage-command.ts';
const rows = Number(process.argv[2] ?? 200000);
const bench = await startBench();
const stat = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
async function cpu(url: string): Promise<number> {
  const [r] = await run(url, 'select pg_backend_pid() as pid');
  void r;
  let sum = 0;
  const pm = pmPid;
  const own = stat(pm);
  sum += [11, 12, 13, 14].reduce((s, i) => s + Number(own[i]), 0);
  for (const c of readFileSync(`/proc/${pm}/task/${pm}/children`, 'utf8').trim().split(' '))
    try {
      const s = stat(Number(c));
      sum += Number(s[11]) + Number(s[12]);
    } catch {}
  return sum * 10;
}
let pmPid = 0;
try {
  let t = performance.now();
  await bench.prepare(rows);
  console.log('prepared', bench.version, Math.round(performance.now() - t));
  for (const what of (process.argv[3] ?? 'f:2:10000,p').split(',')) {
    const sides = await bench.fresh();
    if (!pmPid) {
      const pg = (await import('pg')).default;
      const c = new pg.Client({ connectionString: sides.target });
      await c.connect();
      const pid = (await c.query('select pg_backend_pid() as pid')).rows[0].pid;
      pmPid = Number(stat(pid)[1]);
      await c.end();
    }
    const [kind, lanes, batch] = what.split(':');
    if (kind === 'f') await prepareFloor(sides);
    const c0 = await cpu(sides.target);
    const n0 = process.cpuUsage();
    const lsn0 = (await run(sides.target, 'select pg_current_wal_insert_lsn() as l'))[0]!.l;
    if (kind === 'p') {
      if (batch) process.env.PORTAGE_BATCH_ROWS = batch;
      else delete process.env.PORTAGE_BATCH_ROWS;
      if (lanes) process.env.PORTAGE_LANES = lanes;
      else delete process.env.PORTAGE_LANES;
      const r = await migrateOrders(sides);
      const c1 = await cpu(sides.target);
      console.log(
        'portage',
        lanes ?? '',
        batch ?? '',
        Math.round(r.ms),
        'ms',
        Math.round((rows / r.ms) * 1000),
        'rows/s',
        Math.round(r.peakBytes / 2 ** 20),
        'MiB; pg cpu',
        c1 - c0,
        'ms',
      );
    } else {
      const ms = await runFloor(sides, rows, Number(lanes), Number(batch));
      const c1 = await cpu(sides.target);
      const n1 = process.cpuUsage(n0);
      console.log(
        'floor',
        lanes,
        batch,
        Math.round(ms),
        'ms',
        Math.round((rows / ms) * 1000),
        'rows/s; pg cpu',
        c1 - c0,
        'ms; node cpu',
        Math.round((n1.user + n1.system) / 1000),
      );
    }
    console.log(
      '   wal MB',
      Math.round(
        Number((await run(sides.target, `select pg_current_wal_insert_lsn() - '${lsn0}' as l`))[0]!.l) / 2 ** 20,
      ),
      'load',
      readFileSync('/proc/loadavg', 'utf8').slice(0, 5),
    );
    const [c] = await run(sides.target, 'select count(*) as n from orders');
    if (Number(c!.n) !== rows) console.log('ROWS', c);
    await bench.drop(sides);
  }
} finally {
  await bench.end();
}
