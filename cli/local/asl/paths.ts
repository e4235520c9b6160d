/** Reading and writing of state data: reference paths, payload templates, and the three intrinsics of the subset. */
import { isObject, type Json, type JsonObject } from './definition.ts';
import { StateError } from './errors.ts';

/** What `$` and `$$` stand for. */
export interface Scope {
  readonly input: Json;
  readonly context: Json;
}

/** A path of the subset: names and indexes, no wildcard, filter or slice. */
const STEP = /\.([\w-]+)|\['((?:[^'\\]|\\.)*)'\]|\[(\d+)\]/gy;

const fault = (message: string): StateError => new StateError('States.Runtime', message);

function steps(path: string): readonly (string | number)[] {
  const rest = path.replace(/^\$\$?/, '');
  const found: (string | number)[] = [];
  let end = 0;
  for (const step of rest.matchAll(STEP)) {
    found.push(step[1] ?? step[2] ?? Number(step[3]));
    end = step.index + step[0].length;
  }
  if (!path.startsWith('$') || end !== rest.length) throw fault(`The path ${path} is outside the subset`);
  return found;
}

/** The value at a path; undefined where there is none. */
export function lookUp(path: string, scope: Scope): Json | undefined {
  let value: unknown = path.startsWith('$$') ? scope.context : scope.input;
  for (const step of steps(path)) {
    if (typeof step === 'number') value = Array.isArray(value) ? value[step] : undefined;
    else value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value as Json | undefined;
}

/** The value at a path; its absence ends the execution, as in AWS. */
export function read(path: string, scope: Scope): Json {
  const value = lookUp(path, scope);
  if (value === undefined)
    throw fault(`The path ${path} is not in the input: ${JSON.stringify(scope.input).slice(0, 500)}`);
  return value;
}

/** Parameters, ItemSelector, ResultSelector: keys that end in `.$` are paths or intrinsics. */
export function fillTemplate(template: Json, scope: Scope): Json {
  if (Array.isArray(template)) return (template as readonly Json[]).map((each) => fillTemplate(each, scope));
  if (!isObject(template)) return template;
  return Object.fromEntries(
    Object.entries(template as JsonObject).map(([key, value]) =>
      key.endsWith('.$') ? [key.slice(0, -2), evaluate(value, scope)] : [key, fillTemplate(value, scope)],
    ),
  );
}

/** ResultPath: where in the raw input a result goes; null discards it. */
export function placeResult(path: string | null | undefined, raw: Json, result: Json): Json {
  if (path === undefined || path === '$') return result;
  if (path === null) return raw;
  const place = (value: Json | undefined, rest: readonly (string | number)[]): Json => {
    const [step, ...others] = rest;
    if (step === undefined) return result;
    if (typeof step === 'number' || (value !== undefined && !isObject(value))) {
      throw new StateError('States.ResultPathMatchFailure', `The result cannot be placed at ${path}`);
    }
    const object: JsonObject = (value as JsonObject | undefined) ?? {};
    return { ...object, [step]: place(object[step], others) };
  };
  return place(raw, steps(path));
}

function evaluate(text: Json, scope: Scope): Json {
  if (typeof text !== 'string') throw fault('The value of a key that ends in .$ is no text');
  if (text.startsWith('$')) return read(text, scope);
  const call = /^States\.(\w+)\((.*)\)$/s.exec(text.trim());
  const values = splitArguments(call?.[2] ?? '').map((argument) => argumentValue(argument, scope));
  switch (call?.[1]) {
    case 'Format':
      return format(values);
    case 'ArrayLength':
      if (!Array.isArray(values[0])) throw new StateError('States.IntrinsicFailure', `${text}: not an array`);
      return values[0].length;
    case 'MathAdd':
      if (!values.every((value) => typeof value === 'number'))
        throw new StateError('States.IntrinsicFailure', `${text}: not numbers`);
      return values.reduce((sum, value) => sum + value, 0);
    default:
      throw fault(`${text} is outside the subset`);
  }
}

function argumentValue(argument: string, scope: Scope): Json {
  if (argument.startsWith('$') || argument.startsWith('States.')) return evaluate(argument, scope);
  if (argument.startsWith("'"))
    return argument.slice(1, -1).replace(/\\(['{}\\])/g, (whole, c: string) => ('{}'.includes(c) ? whole : c));
  return JSON.parse(argument) as Json;
}

function format(values: readonly Json[]): string {
  const [pattern, ...rest] = values;
  if (typeof pattern !== 'string') throw new StateError('States.IntrinsicFailure', 'States.Format: no text to fill');
  return pattern.replace(/\\([{}])|\{\}/g, (_, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    if (rest.length === 0) throw new StateError('States.IntrinsicFailure', 'States.Format: fewer values than places');
    const value = rest.shift();
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

/** Splits at commas outside of quotes and brackets. */
function splitArguments(text: string): readonly string[] {
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quoted && c === '\\') {
      part += c + text.charAt(++i);
      continue;
    }
    if (c === "'") quoted = !quoted;
    if (!quoted) depth += c === '(' ? 1 : c === ')' ? -1 : 0;
    if (c === ',' && !quoted && depth === 0) {
      parts.push(part.trim());
      part = '';
    } else part += c;
  }
  return part.trim() === '' ? parts : [...parts, part.trim()];
}
