import { readFileSync } from 'node:fs';
import { prepareFloor, runFloor } from './floor.ts';
const sides = JSON.parse(readFileSync('/tmp/bench-sides.json', 'utf8'));
await prepareFloor(sides);
console.log(await runFloor(sides, 300000, 2, 10000));
