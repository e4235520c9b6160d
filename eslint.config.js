// What the linter holds us to: type-aware strictness, and the house rules of size, console and environment.
import tseslint from 'typescript-eslint';

const ONE_OWNER_OF_THE_ENVIRONMENT = [
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'Only shared/config.ts reads process.env.',
  },
  {
    selector: "ImportDeclaration[source.value=/^(node:)?process$/] > ImportSpecifier[imported.name='env']",
    message: 'Only shared/config.ts reads process.env.',
  },
];

// By its one name `z` the whole of zod, with the messages of forty languages, would be in every function's bundle.
const SMALL_BUNDLES = {
  selector: "ImportDeclaration[source.value='zod'] > ImportSpecifier",
  message: "Write: import * as z from 'zod'",
};

export default tseslint.config(
  { ignores: ['node_modules/', 'cdk.out/', 'coverage/', '.portage/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Both forms have their place; a union cannot be an interface, and readonly data reads well as a type.
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A CDK stack is a class that is all constructor.
      '@typescript-eslint/no-extraneous-class': ['error', { allowConstructorOnly: true }],
      // A step is async by contract, whether or not it waits for anything.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['**/*.{ts,js,cjs,mjs}'],
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...ONE_OWNER_OF_THE_ENVIRONMENT, SMALL_BUNDLES],
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
    },
  },
  { files: ['cli/**', 'test/performance/**'], rules: { 'no-console': 'off' } },
  { files: ['shared/config.ts', 'test/**'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['test/**/*.ts'],
    rules: {
      // A test that finds nothing there should fail at that spot, and does.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
