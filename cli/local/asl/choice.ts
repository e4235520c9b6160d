/** The conditions of a Choice: one field, one type, and, or, not. A value of another type does not match. */
import { isObject, type ChoiceState, type Json, type JsonObject } from './definition.ts';
import { StateError } from './errors.ts';
import { lookUp, read, type Scope } from './paths.ts';

type Test = (value: Json, wanted: Json) => boolean;

const ofType =
  (type: 'string' | 'number' | 'boolean', compare: Test): Test =>
  (value, wanted) =>
    typeof value === type && typeof wanted === type && compare(value, wanted);

const TESTS: Readonly<Record<string, Test>> = {
  BooleanEquals: ofType('boolean', (a, b) => a === b),
  StringEquals: ofType('string', (a, b) => a === b),
  NumericEquals: ofType('number', (a, b) => a === b),
  NumericLessThan: ofType('number', (a, b) => Number(a) < Number(b)),
  NumericLessThanEquals: ofType('number', (a, b) => Number(a) <= Number(b)),
  NumericGreaterThan: ofType('number', (a, b) => Number(a) > Number(b)),
  NumericGreaterThanEquals: ofType('number', (a, b) => Number(a) >= Number(b)),
};

function holds(rule: JsonObject, scope: Scope): boolean {
  if (Array.isArray(rule['And'])) return rule['And'].every((each) => holds(each as JsonObject, scope));
  if (Array.isArray(rule['Or'])) return rule['Or'].some((each) => holds(each as JsonObject, scope));
  if (isObject(rule['Not'])) return !holds(rule['Not'], scope);
  const { Variable: variable } = rule;
  if (typeof variable !== 'string') throw new StateError('States.Runtime', 'A condition of the Choice names no field');
  const operator = Object.keys(rule).find((key) => !['Variable', 'Next', 'Comment'].includes(key)) ?? 'nothing';
  const wanted = rule[operator];
  if (operator === 'IsPresent') return (lookUp(variable, scope) !== undefined) === wanted;
  const test = TESTS[operator];
  if (test === undefined || wanted === undefined) {
    throw new StateError('States.Runtime', `The comparison ${operator} is outside the subset`);
  }
  return test(read(variable, scope), wanted);
}

/** The state to go to. */
export function choose(state: ChoiceState, scope: Scope): string {
  const next = state.Choices.find((rule) => holds(rule, scope))?.Next ?? state.Default;
  if (next === undefined)
    throw new StateError('States.NoChoiceMatched', 'No rule of the Choice matched, and it has no Default');
  return next;
}
