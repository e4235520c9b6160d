/**
 * Which paths and payload templates AWS and the local runner read alike. A path names one place: no wildcard, no filter,
 * no slice, because those give a list on one side and a single value on the other.
 */

/** The only intrinsic functions that both sides evaluate alike. */
const INTRINSICS = new Set(['States.Format', 'States.ArrayLength', 'States.MathAdd']);
const ONE_PLACE = /^\$\$?(\.[A-Za-z_]\w*|\[\d+\])*$/;
/** A ResultPath or a Choice's Variable: a field, never the whole state. */
const ONE_FIELD = /^\$(\.[A-Za-z_]\w*)+$/;

/** Where `$$` may lead. The local runner gives an item its own input as `$$.Execution.Input`, so items get neither. */
const OF_EXECUTION = /^\$\$\.Execution\.(Name|Input)(\.|$)/;
const OF_ITEM = /^\$\$\.Map\.Item\.(Value|Index)(\.|$)/;

/** Where in a definition a path stands. */
export interface PathPlace {
  /** Inside the processor of any Map. */
  readonly inItem: boolean;
  /** In an ItemSelector, which is evaluated before the item begins. */
  readonly inSelector: boolean;
}

export const PATH_RULES = ['path', 'context', 'intrinsic'] as const;
type PathRule = (typeof PATH_RULES)[number];
export interface PathFault {
  readonly rule: PathRule;
  readonly text: string;
}

export const isOneField = (path: unknown): boolean => typeof path === 'string' && ONE_FIELD.test(path);

/** What is wrong with one path, if anything. */
export function pathFault(path: unknown, place: PathPlace): PathFault | null {
  if (typeof path !== 'string' || !ONE_PLACE.test(path)) {
    return { rule: 'path', text: `${JSON.stringify(path)} is not a path to one place` };
  }
  if (!path.startsWith('$$')) return null;
  if (place.inSelector && OF_ITEM.test(path)) return null;
  if (!place.inItem && OF_EXECUTION.test(path)) return null;
  const where = place.inItem ? 'inside an item; its ItemSelector should hand it over' : 'here';
  return { rule: 'context', text: `${path} is not the same on both sides ${where}` };
}

/** Everything that is wrong in a payload template: Parameters, ResultSelector, ItemSelector. */
export function templateFaults(template: unknown, place: PathPlace): readonly PathFault[] {
  if (Array.isArray(template)) {
    const list: readonly unknown[] = template;
    return list.flatMap((value) => templateFaults(value, place));
  }
  if (typeof template !== 'object' || template === null) return [];
  return Object.entries(template).flatMap(([key, value]: [string, unknown]) => {
    if (!key.endsWith('.$')) return templateFaults(value, place);
    if (typeof value === 'string' && !value.startsWith('$')) return intrinsicFaults(value, place);
    const fault = pathFault(value, place);
    return fault === null ? [] : [fault];
  });
}

/** Names and paths of a call, wherever they are nested; what stands in quotes is text. */
function intrinsicFaults(call: string, place: PathPlace): readonly PathFault[] {
  const unquoted = call.replaceAll(/'(?:[^'\\]|\\.)*'/g, "''");
  const names = unquoted.match(/[A-Za-z_][\w.]*(?=\s*\()/g) ?? [];
  const faults: PathFault[] = names
    .filter((name) => !INTRINSICS.has(name))
    .map((name) => ({ rule: 'intrinsic', text: `${name} is not among ${[...INTRINSICS].join(', ')}` }));
  if (names.length === 0) faults.push({ rule: 'intrinsic', text: `${call} is neither a path nor a call` });
  for (const path of unquoted.match(/\$[^\s,)]*/g) ?? []) {
    const fault = pathFault(path, place);
    if (fault !== null) faults.push(fault);
  }
  return faults;
}
