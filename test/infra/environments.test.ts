import { describe, expect, test } from '@jest/globals';
import { checkedEnvironment, environmentNamed, ENVIRONMENT_NAMES } from '../../infra/environments.ts';
import { PortageError } from '../../shared/domain/errors.ts';

/** What `work` throws. */
function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('environments', () => {
  test('there are three, and each fits the form', () => {
    expect(ENVIRONMENT_NAMES).toEqual(['dev', 'staging', 'prod']);
    for (const name of ENVIRONMENT_NAMES) expect(environmentNamed(name).name).toBe(name);
  });

  test.each(['qa', 'DEV', '', undefined, '__proto__'])('%p is answered with those that exist', (name) => {
    const error = thrownBy(() => environmentNamed(name)) as PortageError;

    expect(error).toBeInstanceOf(PortageError);
    expect(error.code).toBe('SYS002');
    expect(error.facts.expected).toBe('one of dev, staging, prod');
    expect(error.next).toContain('-c env=dev');
  });

  test('a table that is wrong in three places is told all of them', () => {
    const dev = environmentNamed('dev');
    const error = thrownBy(() =>
      checkedEnvironment({
        ...dev,
        egress: { kind: 'peering', connectionId: 'vpc-1', cidr: '10.0.0.0' },
        reservedConcurrency: 0,
      }),
    ) as PortageError;

    expect(error.code).toBe('SYS002');
    expect(error.message).toContain('egress.connectionId');
    expect(error.message).toContain('egress.cidr');
    expect(error.message).toContain('reservedConcurrency');
  });

  test('prod cannot be made without protection', () => {
    const prod = environmentNamed('prod');

    expect(() => checkedEnvironment({ ...prod, retained: false })).toThrow('prod must be retained');
  });
});
