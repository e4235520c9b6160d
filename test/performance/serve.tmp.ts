import { startBench } from './databases.ts';
import { writeFileSync } from 'node:fs';
const bench = await startBench({ url: 'postgres://postgres:portage@127.0.0.1:54991/postgres', stop: async () => {} });
if (process.argv[2] !== '0') await bench.prepare(Number(process.argv[2]));
const sides = await bench.fresh();
writeFileSync('/tmp/bench-sides.json', JSON.stringify(sides));
