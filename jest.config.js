// Tests run as native ES modules (middy offers nothing else) against one real PostgreSQL.

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/performance/'],
  modulePathIgnorePatterns: ['<rootDir>/cdk.out/', '<rootDir>/.portage/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  coverageProvider: 'v8',
  collectCoverageFrom: ['{shared,functions,infra,cli}/**/*.ts'],
  globalSetup: '<rootDir>/test/support/postgres.global-setup.ts',
  globalTeardown: '<rootDir>/test/support/postgres.global-teardown.ts',
  // Each worker keeps a few sessions of its own on the one server. Two of them leave a tenth of two cores idle while they wait
  // for it (measured: a whole run of 607 s, and 543 s with three).
  maxWorkers: 3,
  testSequencer: '<rootDir>/test/support/longest-first.ts',
  // What a test file loaded is not all freed after it, and each collection walks over it: in a worker as old as the run the
  // last files take twice their time (measured: 102 s and 50 s for one of them). A new worker costs half a second.
  workerIdleMemoryLimit: '400MB',
  // A test that creates two databases and migrates between them takes seconds on a small machine.
  testTimeout: 60_000,
};
