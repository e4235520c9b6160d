/** docs/roles.md: what each role may do, out of the template. */
import { Stack } from 'aws-cdk-lib';
import { CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { PortageStacks } from '../app.ts';
import { LOGS, SERVICE_MANAGED } from '../constructs/step-function.ts';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const MANAGED = new Set<string>([...SERVICE_MANAGED, ...LOGS]);

/** A resource as a person knows it. */
function resourceName(resource: unknown): string {
  const text = JSON.stringify(resource);
  const known: readonly (readonly [RegExp, string])[] = [
    [/^"\*"$/, 'any (the service knows no narrower one)'],
    [/TargetMasterUserSecret|MasterUserSecret/, 'the administrator’s secret of the target'],
    [/rds-db|dbuser|DbiResourceId/i, 'the user portage_writer of the target'],
    [/Source/, 'the secret of the source'],
    [/BucketArn|Bucket/, 'objects of the bucket'],
    [/schedule\//, 'schedules of the environment’s group'],
    [/SchedulerRole/, 'the scheduler’s role, to the scheduler alone'],
    [/DeadLetters/, 'the dead letters'],
    [/stateMachine|Machine/, 'state machines of the environment'],
  ];
  return known.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}

/** What a policy allows beyond what the service does in the role's name. */
function rightsOf(statements: readonly Statement[]): readonly string[] {
  return statements.flatMap(({ Action, Resource }) => {
    const actions = [Action].flat().filter((action) => !MANAGED.has(action));
    if (actions.length === 0) return [];
    return [
      `${actions.map((action) => `\`${action}\``).join(', ')} on ${[Resource].flat().map(resourceName).join(', ')}`,
    ];
  });
}

export function rolesPage({ workflows }: PortageStacks): string {
  const all = workflows.node.findAll();
  const resolve = (value: unknown): unknown => Stack.of(workflows).resolve(value);
  const policies = all.filter((each): each is CfnPolicy => each instanceof CfnPolicy);
  const statementsOf = (role: CfnRole): readonly Statement[] =>
    policies
      .filter(({ roles }) => JSON.stringify(resolve(roles)).includes(`"${workflows.getLogicalId(role)}"`))
      .flatMap(({ policyDocument }) => (resolve(policyDocument) as { Statement: Statement[] }).Statement);
  const roles = all.filter((each): each is CfnRole => each instanceof CfnRole);
  const byRights = new Map<string, string[]>();
  for (const fn of all.filter((each): each is CfnFunction => each instanceof CfnFunction)) {
    const own = JSON.stringify(resolve(fn.role));
    const role = roles.find((each) => own.includes(`"${workflows.getLogicalId(each)}"`));
    if (role === undefined) throw new Error(`${String(fn.functionName)} has no role of its own`);
    const rights = rightsOf(statementsOf(role)).join('<br>');
    const [, , area, name] = String(fn.functionName).split('-');
    byRights.set(rights, [...(byRights.get(rights) ?? []), `${name ?? ''} (${area ?? ''})`]);
  }
  const rows = [...byRights].map(([rights, functions]) => `| ${rights} | ${functions.join(', ')} |`);
  return `<!-- Made by \`npm run docs\` from the template of \`prod\`. Change the code, not this page. -->

# What each role may do

Every function has a role of its own. Each may do what Lambda itself does in its name, and no code of ours asks for; those of the network are denied to it:
${SERVICE_MANAGED.map((action) => `\`${action}\``).join(', ')}; and in its own log group ${LOGS.map((action) => `\`${action}\``).join(', ')}. Beyond that:

| may | functions |
| --- | --- |
${rows.join('\n')}
`;
}
