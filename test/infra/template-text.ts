// A template as a person reviews it: one line a value, without what changes from build to build. What all resources of a type
// have in common stands once, so that what is special about one is seen.
import type { Template } from 'aws-cdk-lib/assertions';

type Json = string | number | boolean | null | readonly Json[] | { readonly [field: string]: Json };
type Intrinsics = Readonly<Record<string, (value: Json) => string>>;

const text = (value: Json): string => (typeof value === 'string' ? value : rendered(value));

/** Functions of CloudFormation, as one would write them in a text. */
const INTRINSICS: Intrinsics = {
  Ref: (name) => `\${${text(name)}}`,
  'Fn::GetAtt': (path) => `\${${(path as readonly string[]).join('.')}}`,
  'Fn::ImportValue': (name) => `\${import ${text(name)}}`,
  'Fn::Join': (parts) => {
    const [between, values] = parts as readonly [string, readonly Json[]];
    return values.map(text).join(between);
  },
  'Fn::Select': (parts) => {
    const [index, list] = parts as readonly [Json, Json];
    return `\${${text(list)}[${text(index)}]}`;
  },
};

function rendered(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  const [[name, inner] = []] = entries;
  const intrinsic = entries.length === 1 && name !== undefined ? INTRINSICS[name] : undefined;
  if (intrinsic !== undefined && inner !== undefined) return intrinsic(inner);
  return JSON.stringify(value, (_, each: Json) => {
    const [only, ...more] = typeof each === 'object' && each !== null ? Object.keys(each) : [];
    return only !== undefined && more.length === 0 && only in INTRINSICS ? rendered(each) : each;
  });
}

/** Of a build, and told elsewhere: code by its hash, definitions by their extracts, the ledger by its files. */
const LEFT_OUT: readonly (readonly [RegExp, string])[] = [
  [/\.Code\.S3Key$/, '(asset)'],
  [/\.DefinitionString$/, '(as in infra/state-machines/definitions)'],
  [/\.Properties\.ledger$/, '(fingerprint of shared/database/ledger)'],
  [/\.Metadata\./, ''],
];

const isSingle = (value: Json): boolean =>
  typeof value !== 'object' || value === null || Object.keys(value).some((name) => name in INTRINSICS);

/** Down to lists of values and to what is one value to a reader. */
function leavesOf(value: Json, path: string): readonly (readonly [string, string])[] {
  const left = LEFT_OUT.find(([pattern]) => pattern.test(path));
  if (left !== undefined) return left[1] === '' ? [] : [[path, left[1]]];
  // A page within a page.
  if (path.endsWith('.DashboardBody')) return leavesOf(JSON.parse(rendered(value)) as Json, `${path}(page)`);
  if (isSingle(value) || (Array.isArray(value) && value.every(isSingle))) return [[path, rendered(value)]];
  const entries = Object.entries(value ?? {});
  return entries.length === 0
    ? [[path, '{}']]
    : entries.flatMap(([name, inner]) => leavesOf(inner as Json, `${path}.${name}`));
}

/** What every resource of a type says, where there are several. */
function commonTo(resources: readonly (readonly string[])[]): ReadonlySet<string> {
  const [first = [], ...more] = resources;
  const others = more.map((lines) => new Set(lines));
  return new Set(more.length === 0 ? [] : first.filter((line) => others.every((lines) => lines.has(line))));
}

/** @returns lines that can be compared one by one with those of another environment, whose name is `ENV` in all of them */
export function templateLines(template: Template, environment: string): readonly string[] {
  const { Resources: resources, Outputs: outputs = {} } = template.toJSON() as Readonly<
    Record<string, Readonly<Record<string, { readonly Type: string }>>>
  >;
  const byType = Map.groupBy(Object.entries(resources ?? {}), ([, { Type: type }]) => type);
  const lines = [...byType].flatMap(([type, members]) => {
    const own = members.map(([id, resource]) => {
      const { Type: _, ...rest } = resource as unknown as Readonly<Record<string, Json>>;
      const leaves = leavesOf(rest, '').map(([path, value]) => `${path.slice(1)}: ${value}`);
      return [id, leaves] as const;
    });
    const common = commonTo(own.map(([, leaves]) => leaves));
    return [
      ...[...common].map((leaf) => `${type} * ${leaf}`),
      ...own.flatMap(([id, leaves]) => [
        `${type} ${id}`,
        ...leaves.filter((leaf) => !common.has(leaf)).map((leaf) => `${id} ${leaf}`),
      ]),
    ];
  });
  const told = leavesOf(outputs as unknown as Json, '').map(([path, value]) => `Output ${path.slice(1)}: ${value}`);
  // Names of the environment are no difference; ids that have one within them end in a hash of it.
  const named = new RegExp(`\\b${environment}\\b|(?<=portage)${environment}`, 'gi');
  const hashed = (id: string): string => id.replaceAll(/[0-9A-F]{8}/g, '');
  return [...lines, ...told].map((line) => line.replaceAll(named, 'ENV').replaceAll(/\w*portageENV\w*/g, hashed));
}

/** `-` only the one has, `+` only the other. */
export function differenceOf(one: readonly string[], other: readonly string[]): readonly string[] {
  const [inOne, inOther] = [new Set(one), new Set(other)];
  return [
    ...one.filter((line) => !inOther.has(line)).map((line) => `- ${line}`),
    ...other.filter((line) => !inOne.has(line)).map((line) => `+ ${line}`),
  ];
}
