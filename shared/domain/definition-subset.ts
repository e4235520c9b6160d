/**
 * The subset of the Amazon States Language that AWS and the local runner execute alike. A definition outside of it may work
 * on one side and fail on the other, so it is refused on both: in a test for what we deploy, by the runner before it starts.
 */
import { choiceFaults } from './definition-choices.ts';
import {
  isOneField,
  PATH_RULES,
  pathFault,
  templateFaults,
  type PathFault,
  type PathPlace,
} from './definition-paths.ts';

/** A fault is known by its rule; a test plants one for each. */
export const SUBSET_RULES = [
  ...PATH_RULES,
  'query-language',
  'state-type',
  'unknown-field',
  'unique-names',
  'task-name',
  'task-resource',
  'task-timeout',
  'task-retry',
  'catch-all',
  'choice-default',
  'choice-condition',
  'result-path',
  'pass-result',
  'wait',
  'fail',
  'map-fields',
  'map-concurrency',
  'map-result',
  'distributed',
  'item-end',
] as const;
export type SubsetRule = (typeof SUBSET_RULES)[number];

export interface SubsetFault {
  readonly rule: SubsetRule;
  readonly state: string;
  readonly text: string;
}

type Fields = Readonly<Record<string, unknown>>;
interface Place extends PathPlace {
  readonly report: (rule: SubsetRule, state: string, text: string) => void;
}

/** Maps whose results are the answer. Any other result of a Map is in the ledger, and would outgrow the state. */
const MAPS_THAT_KEEP_RESULTS: readonly string[] = ['EachEstimate'];
/** A timer of JavaScript holds no more seconds than this divided by a thousand; AWS takes up to 99,999,999. */
const LONGEST_TIMEOUT_SECONDS = 2_147_483;
/** AWS runs no more items of an inline Map side by side. */
const MOST_INLINE_ITEMS = 40;

const COMMON = ['Type', 'Comment', 'QueryLanguage'];
const MOVES_ON = ['Next', 'End'];
const MAP_FIELDS =
  'ItemsPath ItemSelector ItemProcessor MaxConcurrency MaxConcurrencyPath ResultSelector ResultPath Catch';
const FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  Task: new Set([
    ...COMMON,
    ...MOVES_ON,
    ...['Resource', 'Parameters', 'ResultSelector', 'ResultPath', 'TimeoutSeconds', 'Retry', 'Catch'],
  ]),
  Choice: new Set([...COMMON, 'Choices', 'Default']),
  Map: new Set([...COMMON, ...MOVES_ON, ...MAP_FIELDS.split(' ')]),
  Pass: new Set([...COMMON, ...MOVES_ON, 'Result', 'Parameters', 'ResultPath']),
  Wait: new Set([...COMMON, ...MOVES_ON, 'Seconds', 'SecondsPath']),
  Succeed: new Set(COMMON),
  Fail: new Set([...COMMON, 'Error', 'Cause', 'ErrorPath', 'CausePath']),
};

/** Every place where `definition` leaves the subset; none where both sides may run it. */
export function subsetFaults(definition: unknown): readonly SubsetFault[] {
  const faults: SubsetFault[] = [];
  const seen = new Set<string>();
  const report = (rule: SubsetRule, state: string, text: string): void => void faults.push({ rule, state, text });
  const walk = (machine: Fields, place: Place): void => {
    checkQueryLanguage('(machine)', machine, place);
    for (const [name, value] of Object.entries(fieldsOf(machine['States']))) {
      const state = fieldsOf(value);
      if (seen.has(name)) report('unique-names', name, 'the name is used twice in this machine');
      seen.add(name);
      checkState(name, state, place);
      if (state['Type'] !== 'Map') continue;
      const processor = fieldsOf(state['ItemProcessor']);
      checkItemEnds(processor, keepsNothing(name), report);
      walk(processor, { inItem: true, inSelector: false, report });
    }
  };
  walk(fieldsOf(definition), { inItem: false, inSelector: false, report });
  return faults;
}

function checkState(name: string, state: Fields, place: Place): void {
  const type = String(state['Type']);
  const known = FIELDS[type];
  if (known === undefined) {
    place.report('state-type', name, `${type} is not run alike`);
    return;
  }
  for (const field of Object.keys(state).filter((field) => !known.has(field))) {
    place.report('unknown-field', name, `${field} of a ${type}`);
  }
  checkQueryLanguage(name, state, place);
  const paths = (found: readonly PathFault[]): void =>
    found.forEach(({ rule, text }) => place.report(rule, name, text));
  paths(templateFaults(state['Parameters'], place));
  paths(templateFaults(state['ResultSelector'], place));
  if ('ResultPath' in state) checkResultPath(name, state['ResultPath'], place);
  if (type === 'Task') checkTask(name, state, place);
  if (type === 'Map') checkMap(name, state, place);
  if (type === 'Fail') checkFail(name, state, place);
  if (type === 'Choice') {
    if (typeof state['Default'] !== 'string') place.report('choice-default', name, 'has no Default');
    for (const text of choiceFaults(state['Choices'])) place.report('choice-condition', name, text);
  }
  if (type === 'Pass' && 'Result' in state && !state['Result']) {
    place.report('pass-result', name, 'a Result that JavaScript takes for absent');
  }
  if (type === 'Wait' && !(Number.isInteger(state['Seconds']) && Number(state['Seconds']) > 0)) {
    if (!isOneField(state['SecondsPath']))
      place.report('wait', name, 'waits neither whole seconds nor those of one field');
  }
}

function checkTask(name: string, state: Fields, place: Place): void {
  const { Resource: resource, TimeoutSeconds: timeout, Retry: retry } = state;
  if (!/^[A-Z][A-Za-z0-9]*$/.test(name)) place.report('task-name', name, 'names no file in functions/');
  if (typeof resource !== 'string' || !/^arn:[\w-]+:lambda:[^:]*:\d*:function:[\w-]+$/.test(resource)) {
    place.report('task-resource', name, 'must be the ARN of a function, so that its answer is the result itself');
  }
  if (!Number.isInteger(timeout) || Number(timeout) < 1 || Number(timeout) > LONGEST_TIMEOUT_SECONDS) {
    place.report('task-timeout', name, `TimeoutSeconds must be from 1 to ${LONGEST_TIMEOUT_SECONDS}`);
  }
  if (!Array.isArray(retry) || retry.length === 0) place.report('task-retry', name, 'has no Retry');
  checkCatch(name, state, place);
}

/** States.ALL must stand alone, on a Task always: it leaves nothing out, and both sides match it alike. */
function checkCatch(name: string, state: Fields, place: Place): void {
  const catches: readonly unknown[] = Array.isArray(state['Catch']) ? state['Catch'] : [];
  const only = fieldsOf(catches[0]);
  if (catches.length !== 1 || JSON.stringify(only['ErrorEquals']) !== '["States.ALL"]') {
    place.report('catch-all', name, 'must have one Catch, of States.ALL alone');
  }
  if ('ResultPath' in only) checkResultPath(name, only['ResultPath'], place);
}

function checkResultPath(name: string, path: unknown, place: Place): void {
  if (path === null || isOneField(path)) return;
  const text = `ResultPath ${JSON.stringify(path)}: leave it out to replace the state, null discards, else $.field`;
  place.report('result-path', name, text);
}

function checkMap(name: string, state: Fields, place: Place): void {
  const { ItemsPath: items, ItemSelector: selector, MaxConcurrencyPath: path } = state;
  const itemsFault = pathFault(items, place);
  if (itemsFault !== null) place.report('map-fields', name, `ItemsPath: ${itemsFault.text}`);
  if (typeof selector !== 'object' || selector === null) place.report('map-fields', name, 'has no ItemSelector');
  for (const { rule, text } of templateFaults(selector, { ...place, inSelector: true })) place.report(rule, name, text);
  if ('Catch' in state) checkCatch(name, state, place);
  if (keepsNothing(name) && state['ResultPath'] !== null) place.report('map-result', name, 'must discard its results');

  const config = fieldsOf(fieldsOf(state['ItemProcessor'])['ProcessorConfig']);
  const most = config['Mode'] === 'DISTRIBUTED' ? Infinity : MOST_INLINE_ITEMS;
  const bound = Number(state['MaxConcurrency'] ?? 0);
  if (path === undefined ? bound < 1 || bound > most : !isOneField(path)) {
    place.report('map-concurrency', name, `must say how many items go side by side, from 1 to ${most}, or a field`);
  }
  if (config['Mode'] === 'DISTRIBUTED' && config['ExecutionType'] !== 'STANDARD') {
    place.report('distributed', name, 'Express executions end after five minutes and leave no history');
  }
}

/**
 * An item never fails, or items that have not started yet would start beside its Catch. Where its result is discarded it
 * ends with `{}`, so that nothing outgrows the state.
 */
function checkItemEnds(processor: Fields, discarded: boolean, report: Place['report']): void {
  for (const [name, value] of Object.entries(fieldsOf(processor['States']))) {
    const { Type: type, End: end, Result: result, ...others } = fieldsOf(value);
    if (type === 'Fail') report('item-end', name, 'an item must not fail; it records its failure and ends');
    const ends = end === true || type === 'Succeed';
    const empty = type === 'Pass' && JSON.stringify(result) === '{}' && !('ResultPath' in others);
    if (discarded && ends && !empty) report('item-end', name, 'an item must end with a Pass whose Result is {}');
  }
}

function checkFail(name: string, state: Fields, place: Place): void {
  for (const field of ['Error', 'Cause']) {
    const path = state[`${field}Path`];
    const given = path === undefined ? typeof state[field] === 'string' : field in state ? false : isOneField(path);
    if (!given) place.report('fail', name, `needs ${field} as text or ${field}Path as a field, and one of them`);
  }
}

function checkQueryLanguage(name: string, state: Fields, place: Place): void {
  const language = state['QueryLanguage'] ?? 'JSONPath';
  if (language !== 'JSONPath') place.report('query-language', name, `${JSON.stringify(language)} instead of JSONPath`);
}

const keepsNothing = (map: string): boolean => !MAPS_THAT_KEEP_RESULTS.includes(map);
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
