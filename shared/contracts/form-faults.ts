/** Turns what zod says about a document into faults that a person can act on: where, what was met, what belongs there. */
import * as z from 'zod';
import { type Fault, pathOf } from '../domain/map-faults.ts';
import { suggestion } from '../domain/nearest-name.ts';

/** A strict object whose complaint about an unknown field is the list of the known ones. */
export function object<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : undefined),
  });
}

type Issue = z.core.$ZodIssue;

/** The schema of the alternative that was meant by the value at a path, where the place is a choice of several. */
type Meant = (path: readonly PropertyKey[], value: unknown) => z.ZodType | null;

/** Every issue as a fault; where a choice failed, only what is wrong with the alternative that was meant. */
export function formFaults(error: z.ZodError, document: unknown, meant: Meant): Fault[] {
  const judged = new Set<string>();
  return error.issues.flatMap((issue) => {
    for (let depth = issue.path.length; depth > 0; depth--) {
      const path = issue.path.slice(0, depth);
      const alternative = meant(path, valueAt(document, path));
      if (alternative === null) continue;
      const place = JSON.stringify(path);
      if (judged.has(place)) return [];
      judged.add(place);
      const issues = alternative.safeParse(valueAt(document, path)).error?.issues ?? [];
      return issues.map((inner) => faultOf(inner, [...path, ...inner.path], document));
    }
    return [faultOf(issue, issue.path, document)];
  });
}

function faultOf(issue: Issue, path: readonly PropertyKey[], document: unknown): Fault {
  const value = valueAt(document, path);
  const steps = path.map((step) => (typeof step === 'number' ? step : String(step)));
  const [message, expected] = wording(issue, value);
  return {
    path: steps.length === 0 ? 'the map' : pathOf(...steps),
    message,
    got: show(issue, value),
    ...(expected === undefined ? {} : { expected }),
  };
}

function wording(issue: Issue, value: unknown): readonly [string, (string | undefined)?] {
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined
        ? ['it is missing', article(issue.expected)]
        : ['of the wrong type', article(issue.expected)];
    case 'unrecognized_keys':
      return [
        `unknown field ${issue.keys.map((key) => `${JSON.stringify(key)}${suggestion(key, issue.message.split(', '))}`).join(', ')}`,
        `only ${issue.message}`,
      ];
    case 'invalid_value':
      return ['not one of the values that are known here', issue.values.map((one) => JSON.stringify(one)).join(' or ')];
    case 'invalid_union':
      return ['none of the forms that are known here', unionForms(issue)];
    case 'invalid_format':
      return ['not well formed', issue.message];
    case 'too_small':
      return ['too small', issue.origin === 'array' ? 'at least one column' : `at least ${issue.minimum}`];
    case 'too_big':
      return ['too large', `at most ${issue.maximum}`];
    case 'invalid_key':
      return ['not a good name', issue.issues.map((inner) => inner.message).join(', ')];
    default:
      return [issue.message];
  }
}

const article = (type: string): string =>
  type === 'array'
    ? 'a list'
    : type === 'int'
      ? 'a whole number'
      : /^[aeiou]/.test(type)
        ? `an ${type}`
        : type === 'record'
          ? 'an object'
          : `a ${type}`;

const COLUMN_FORMS = 'a source column, {"from"}, {"sql"}, {"value"}, {"ref", "from"} or {"ref", "sql"}';

function unionForms(issue: z.core.$ZodIssueInvalidUnion): string {
  const issues = issue.errors.flat();
  const types = issues.flatMap((inner) => (inner.code === 'invalid_type' ? [inner.expected] : []));
  if (types.includes('object') || issues.some((inner) => inner.code === 'unrecognized_keys')) return COLUMN_FORMS;
  const words = issues.flatMap((inner) => {
    if (inner.code === 'invalid_value') return inner.values.map((one) => JSON.stringify(one));
    return inner.code === 'invalid_format' ? ['"soft:COLUMN"'] : [];
  });
  return words.length > 1 ? words.join(' or ') : types.join(', ');
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<PropertyKey, unknown>)[step]
        : undefined,
    document,
  );
}

function show(issue: Issue, value: unknown): string {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => JSON.stringify(key)).join(', ');
  if (issue.code === 'invalid_key') return JSON.stringify(issue.path.at(-1));
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
