import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkConfig, readConfig } from '../../shared/config.ts';
import { PortageError } from '../../shared/domain/errors.ts';

const BOTH = { SOURCE_DB_URL: 'postgres://s@localhost/legacy', TARGET_DB_URL: 'postgres://t@localhost/target' };

function errorOf(env: Record<string, string>): PortageError {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof PortageError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

test('an empty environment is the embedded PostgreSQL with every default', () => {
  expect(readConfig({})).toMatchObject({
    source: null,
    target: null,
    mapFile: null,
    home: '.portage',
    leaseSeconds: 60,
    hashKey: null,
    settings: {},
    stepBudgetMs: 60_000,
  });
});

test('an empty variable counts as unset', () => {
  expect(readConfig({ PORTAGE_HOME: '', PORTAGE_LANES: ' ', SOURCE_DB_HOST: '' })).toEqual(readConfig({}));
});

test('a database is read from its parts', () => {
  const { source } = readConfig({
    ...BOTH,
    SOURCE_DB_URL: '',
    SOURCE_DB_HOST: 'db.example.com',
    SOURCE_DB_PORT: '6543',
    SOURCE_DB_USER: 'reader',
    SOURCE_DB_PASSWORD: ' with spaces ',
    SOURCE_DB_NAME: 'legacy',
    SOURCE_DB_MAX_CONNECTIONS: '50',
    SOURCE_DB_CONNECTION_TIMEOUT: '60000',
    SOURCE_DB_SSL: 'require',
  });
  expect(source).toEqual({
    host: 'db.example.com',
    port: 6543,
    user: 'reader',
    password: ' with spaces ',
    name: 'legacy',
    maxConnections: 50,
    connectionTimeoutMs: 60_000,
    ssl: 'require',
    secretArn: null,
    auth: 'password',
  });
});

test('a URL wins over the parts, and its escapes are undone', () => {
  const { target } = readConfig({
    ...BOTH,
    TARGET_DB_HOST: 'other',
    TARGET_DB_URL: 'postgresql://wr%40iter:p%3Aw%2F@db:7000/tar%20get?sslmode=verify-full',
    TARGET_DB_MAX_CONNECTIONS: '7',
  });
  expect(target).toMatchObject({
    host: 'db',
    port: 7000,
    user: 'wr@iter',
    password: 'p:w/',
    name: 'tar get',
    ssl: 'verify-full',
    maxConnections: 7,
  });
});

test.each([
  ['postgres://u@localhost/d', 'localhost', 'disable'],
  ['postgres://u@[::1]/d', '::1', 'disable'],
  ['postgres://u@localhost/d?host=/var/run/postgresql', '/var/run/postgresql', 'disable'],
  ['postgres://u@db.example.com/d', 'db.example.com', 'verify-full'],
])('%s leads to %s, with TLS %s', (url, host, ssl) => {
  expect(readConfig({ ...BOTH, SOURCE_DB_URL: url }).source).toMatchObject({ host, ssl });
});

test('with a secret, user and password come from there', () => {
  const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:target-x1';
  const { target } = readConfig({
    ...BOTH,
    TARGET_DB_URL: '',
    TARGET_DB_SECRET_ARN: arn,
    TARGET_DB_HOST: 'rds',
    TARGET_DB_NAME: 'app',
  });
  expect(target).toMatchObject({ secretArn: arn, user: null, password: null });
});

test('a user for whom IAM answers needs no password, and must be named', () => {
  const parts = { ...BOTH, TARGET_DB_URL: '', TARGET_DB_HOST: 'rds', TARGET_DB_NAME: 'app', TARGET_DB_AUTH: 'iam' };
  expect(readConfig({ ...parts, TARGET_DB_USER: 'portage_writer' }).target).toMatchObject({
    user: 'portage_writer',
    auth: 'iam',
  });
  expect(errorOf(parts).message).toMatch(/^TARGET_DB_USER: got nothing/);
});

test('settings of a connection alone do not name a database', () => {
  expect(readConfig({ TARGET_DB_MAX_CONNECTIONS: '50', TARGET_DB_CONNECTION_TIMEOUT: '60000' }).target).toBeNull();
});

test('half of a configuration is a fault of the other half', () => {
  expect(errorOf({ SOURCE_DB_URL: BOTH.SOURCE_DB_URL }).message).toMatch(/^TARGET_DB_URL: got nothing/);
});

test('all faults are reported together, each with its variable, what was got and what was expected', () => {
  const error = errorOf({
    SOURCE_DB_HOST: 'h',
    SOURCE_DB_PORT: '70000',
    SOURCE_DB_SSL: 'maybe',
    TARGET_DB_URL: 'mysql://u:secret-word@h/d',
    PORTAGE_LEASE_SECONDS: '1e3',
    PORTAGE_BATCH_ROWS: '0',
  });
  expect(error.code).toBe('SYS002');
  expect(error.message.split('\n')).toEqual([
    'SOURCE_DB_PORT: got "70000", expected a whole number from 1 to 65535',
    'SOURCE_DB_SSL: got "maybe", expected one of disable, require, verify-full',
    'TARGET_DB_URL: got mysql://u:***@h/d, expected postgres://USER:PASSWORD@HOST:PORT/NAME',
    'PORTAGE_LEASE_SECONDS: got "1e3", expected a whole number from 1 to 86400',
    'PORTAGE_BATCH_ROWS: got "0", expected a whole number from 1 to 100000',
  ]);
  expect(error.facts.where).toBe(
    'SOURCE_DB_PORT, SOURCE_DB_SSL, TARGET_DB_URL, PORTAGE_LEASE_SECONDS, PORTAGE_BATCH_ROWS',
  );
});

test('what a database lacks is named part by part', () => {
  const variables = checkConfig({ ...BOTH, SOURCE_DB_URL: '', SOURCE_DB_PORT: '5432' }).faults.map(
    (fault) => fault.variable,
  );
  expect(variables).toEqual(['SOURCE_DB_HOST', 'SOURCE_DB_NAME', 'SOURCE_DB_USER']);
});

test('a hash key that is too short is not shown', () => {
  const { message } = errorOf({ PORTAGE_HASH_KEY: 'tooshort' });
  expect(message).toBe('PORTAGE_HASH_KEY: got a value that is not shown, expected at least 16 characters');
});

test('no password is ever in an error', () => {
  const secret = 'S3cr3tW0rd';
  const broken = fc.constantFrom(
    'mysql://u:P@h/d',
    'postgres://u:P@h',
    'postgres://u:P@h:x/d',
    'P',
    'postgres://u:P@h/d?sslmode=never',
    'postgres://u:P@h/%zz',
    'postgres://h/d?password=P&sslmode=x',
  );
  fc.assert(
    fc.property(broken, (url) => {
      const error = errorOf({ SOURCE_DB_URL: url.replaceAll('P', secret), TARGET_DB_PASSWORD: secret });
      expect(JSON.stringify([error.message, error.facts])).not.toContain(secret);
    }),
  );
});
