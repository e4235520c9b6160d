/** How long a run takes whose entities go wave by wave, those of a wave side by side. */

/** A wave takes as long as its longest entity, or as all of them on the lanes there are. */
export function secondsOfWaves(
  waves: readonly (readonly string[])[],
  secondsOf: (entity: string) => number,
  lanes: number,
): number {
  const total = waves.reduce((sum, wave) => {
    const each = wave.map(secondsOf);
    return sum + Math.max(0, ...each, each.reduce((all, one) => all + one, 0) / lanes);
  }, 0);
  return Number(total.toFixed(1));
}
