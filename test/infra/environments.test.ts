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

const SUBNET = { subnetId: 'subnet-0000000a', availabilityZone: 'eu-central-1a', routeTableId: 'rtb-0000000a' };

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
        network: {
          kind: 'own',
          cidr: '10.42.0.0/16',
          egress: { kind: 'peering', connectionId: 'vpc-1', cidr: '10.0.0.0' },
        },
        reservedConcurrency: 0,
      }),
    ) as PortageError;

    expect(error.code).toBe('SYS002');
    expect(error.message).toContain('network.egress.connectionId');
    expect(error.message).toContain('network.egress.cidr');
    expect(error.message).toContain('reservedConcurrency');
  });

  test.each([
    [
      'one zone',
      { subnets: [SUBNET, { ...SUBNET, subnetId: 'subnet-0000000b' }] },
      'network.subnets: are all in one zone',
    ],
    ['a subnet twice', { subnets: [SUBNET, { ...SUBNET, availabilityZone: 'eu-central-1b' }] }, 'names a subnet twice'],
    ['a name for an id', { vpcId: 'main' }, 'network.vpcId: the id of a VPC'],
    ['an endpoint that nobody needs', { has: ['s3', 'sqs'] }, 'network.has.1'],
  ])('an existing network with %s is refused when it is synthesised', (_, part, said) => {
    const subnets = [SUBNET, { ...SUBNET, subnetId: 'subnet-0000000b', availabilityZone: 'eu-central-1b' }];
    const network = { kind: 'existing', vpcId: 'vpc-0000000a', subnets, has: [], ...part } as never;

    expect(() => checkedEnvironment({ ...environmentNamed('dev'), network })).toThrow(said);
  });

  test.each([
    ['10.42.7.0/24', false],
    ['10.0.0.0/8', false],
    ['10.43.0.0/16', true],
    ['192.168.0.0/16', true],
  ])('a network at the other end of a VPN, %s, must not be its own: %s', (cidr, passes) => {
    const egress = { kind: 'vpn', gatewayId: 'vgw-0000000a', cidr } as const;
    const check = () =>
      checkedEnvironment({ ...environmentNamed('dev'), network: { kind: 'own', cidr: '10.42.0.0/16', egress } });

    if (passes) expect(check().network).toMatchObject({ egress });
    else expect(check).toThrow('network.egress.cidr: overlaps the network of this environment');
  });

  test('prod cannot be made without protection', () => {
    const prod = environmentNamed('prod');

    expect(() => checkedEnvironment({ ...prod, retained: false })).toThrow('prod must be retained');
  });
});
