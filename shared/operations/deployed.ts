/** What is deployed is called after its environment, so that the command line finds it by name. */

/** `portage-dev-migration`. */
export const machineName = (environment: string, area: string): string => `portage-${environment}-${area}`;

/** The environment and the area of a machine's name; null where it is none of ours. */
export function machineNamed(name: string): { readonly environment: string; readonly area: string } | null {
  const [, environment, area] = /^portage-([a-z0-9]+)-([a-z]+)$/.exec(name) ?? [];
  return environment === undefined || area === undefined ? null : { environment, area };
}
