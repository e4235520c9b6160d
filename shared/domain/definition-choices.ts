/**
 * Which conditions of a Choice AWS and the local runner decide alike: a field against a constant of one type, and absence
 * as the negation of presence. The local runner never matches a test for `false` such as `IsPresent: false`.
 */
import { isOneField } from './definition-paths.ts';

type Fields = Readonly<Record<string, unknown>>;

const TYPE_OF: Readonly<Record<string, 'string' | 'number' | 'boolean'>> = {
  StringEquals: 'string',
  BooleanEquals: 'boolean',
  NumericEquals: 'number',
  NumericLessThan: 'number',
  NumericLessThanEquals: 'number',
  NumericGreaterThan: 'number',
  NumericGreaterThanEquals: 'number',
};

/** What is wrong with the Choices of one state. */
export function choiceFaults(choices: unknown): readonly string[] {
  const faults: string[] = [];
  const types = new Map<string, string>();
  const list: readonly unknown[] = Array.isArray(choices) ? choices : [];
  if (list.length === 0) faults.push('has no Choices');
  for (const choice of list) {
    if (typeof fieldsOf(choice)['Next'] !== 'string') faults.push('a choice has no Next');
    conditionFaults(fieldsOf(choice), types, faults);
  }
  return faults;
}

/** One condition; `types` remembers what each field was compared with before. */
function conditionFaults(condition: Fields, types: Map<string, string>, faults: string[]): void {
  const { Next: _next, Comment: _comment, Variable: variable, ...rest } = condition;
  const [operator, ...others] = Object.keys(rest);
  if (operator === undefined || others.length > 0) {
    faults.push(`a condition must have one operator, this one has: ${Object.keys(rest).join(', ') || 'none'}`);
    return;
  }
  const operand = rest[operator];
  if (operator === 'Not' || operator === 'And' || operator === 'Or') {
    const inner: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
    for (const each of inner) conditionFaults(fieldsOf(each), types, faults);
    return;
  }
  if (!isOneField(variable)) faults.push(`${JSON.stringify(variable)} is not a field`);
  if (operator === 'IsPresent') {
    if (operand !== true) faults.push('IsPresent must be true; absence is its negation by Not');
    return;
  }
  const type = TYPE_OF[operator];
  if (type === undefined) {
    faults.push(`${operator} is not decided alike`);
    return;
  }
  if (typeof operand !== type) faults.push(`${operator} compares with ${JSON.stringify(operand)}`);
  const before = types.get(String(variable)) ?? type;
  if (before !== type) faults.push(`${String(variable)} is compared as ${before} and as ${type}`);
  types.set(String(variable), type);
}

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
