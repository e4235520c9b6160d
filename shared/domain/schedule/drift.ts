/** How a schedule that was found differs from what the job wants, in words. */

interface Comparable {
  readonly expression: string;
  readonly timezone: string;
  readonly enabled: boolean;
}

/** Nothing where they agree. When a rate began to count is no difference: whoever fires it knows. */
export function driftOf(
  wanted: Comparable,
  found: (Comparable & { readonly deviations: readonly string[] }) | null,
): readonly string[] {
  if (found === null) return ['there is no schedule'];
  // A rate fires alike in every zone.
  const zoned = wanted.expression.startsWith('cron');
  return [
    ...(found.expression === wanted.expression
      ? []
      : [`fires at ${found.expression || 'no time'} instead of ${wanted.expression}`]),
    ...(zoned && found.timezone !== wanted.timezone
      ? [`in ${found.timezone || 'no time zone'} instead of ${wanted.timezone}`]
      : []),
    ...(found.enabled === wanted.enabled ? [] : [found.enabled ? 'fires, though the job is paused' : 'is disabled']),
    ...found.deviations,
  ];
}
