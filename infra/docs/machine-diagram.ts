/** A state machine as a Mermaid flow chart, out of its extracted definition: what is drawn is what runs. */
interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Catch?: readonly { readonly Next: string }[];
  readonly ItemProcessor?: States;
}
export interface States {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** Names of states as Mermaid takes them. */
const idOf = (name: string): string => name.replaceAll(/\W/g, '_');

const SHAPES: Readonly<Record<string, (name: string) => string>> = {
  Choice: (name) => `${idOf(name)}{"${name}"}`,
  Fail: (name) => `${idOf(name)}[["${name}"]]`,
  Succeed: (name) => `${idOf(name)}(["${name}"])`,
  Pass: (name) => `${idOf(name)}(["${name}"])`,
  Wait: (name) => `${idOf(name)}>"${name}"]`,
};

/** The lines of the chart; a Map holds its item. */
export function machineDiagram(machine: States): string {
  return ['flowchart TD', `  start((start)) --> ${idOf(machine.StartAt)}`, ...linesOf(machine, '  ')].join('\n');
}

function linesOf({ States: states }: States, indent: string): readonly string[] {
  return Object.entries(states).flatMap(([name, state]) => [
    ...nodeOf(name, state, indent),
    ...edgesOf(state).map(([to, label]) => `${indent}${idOf(name)} ${label} ${idOf(to)}`),
  ]);
}

function nodeOf(name: string, state: State, indent: string): readonly string[] {
  if (state.ItemProcessor !== undefined)
    return [
      `${indent}subgraph ${idOf(name)}["${name}, each item"]`,
      ...linesOf(state.ItemProcessor, `${indent}  `),
      `${indent}end`,
    ];
  return [`${indent}${(SHAPES[state.Type] ?? ((task) => `${idOf(task)}["${task}"]`))(name)}`];
}

/** A Catch is drawn as a dotted line; one target is drawn once. */
function edgesOf({ Next, Default, Choices = [], Catch = [] }: State): readonly (readonly [string, string])[] {
  const plain = new Set([Next, ...Choices.map((choice) => choice.Next), Default].filter((to) => to !== undefined));
  const caught = new Set(Catch.map(({ Next: to }) => to).filter((to) => !plain.has(to)));
  return [...[...plain].map((to) => [to, '-->'] as const), ...[...caught].map((to) => [to, '-. fails .->'] as const)];
}
