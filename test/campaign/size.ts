/** How long a campaign is, and the numbers that its chances are drawn from: the same seed draws the same trials. */

const LONG = process.env['PORTAGE_LONG'] === '1';

/** The number of trials: in full by `npm run test:long`, a part of it by `npm test`. */
export const trials = (long: number, short: number): number => (LONG ? long : short);

/** Another one each time in a long run, the same one in a short run, which must not fail by chance; `PORTAGE_SEED` sets it. */
const SEED = Number(process.env['PORTAGE_SEED'] ?? (LONG ? Date.now() % 2 ** 31 : 20240229));

/** The seed, printed with the way to repeat the campaign. */
export function seedOf(campaign: string): number {
  process.stderr.write(`${campaign}: PORTAGE_SEED=${SEED}${LONG ? ' PORTAGE_LONG=1' : ''}\n`);
  return SEED;
}

export interface Chance {
  /** A whole number from 0 to `below` - 1. */
  readonly number: (below: number) => number;
  readonly pick: <T>(of: readonly T[]) => T;
}

/** Mulberry32: small, and even enough to choose points by. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const number = (below: number): number => Math.floor(next() * below);
  return { number, pick: (of) => of[number(of.length)]! };
}
