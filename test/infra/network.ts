// The network of an environment: its own with the chosen way out, or one that exists, by ids alone.
import { describe, expect, test } from '@jest/globals';
import { environmentNamed, ENVIRONMENT_NAMES, type OwnNetwork } from '../../infra/environments.ts';
import { EXISTING_NETWORK, resourcesOf, stacksOf, synthesise, type Synthesised } from './stacks.ts';

const { environment: dev } = stacksOf('dev');
const own = (egress: OwnNetwork['egress']): Synthesised =>
  synthesise({ ...dev, network: { kind: 'own', cidr: '10.42.0.0/16', egress } });
const properties = ({ dataTemplate }: Synthesised, type: string) =>
  resourcesOf(dataTemplate, type).map(([, is]) => is.Properties);

describe('a network of its own', () => {
  test('is another one in each environment, so that all of them can peer with the same', () => {
    const cidrs = ENVIRONMENT_NAMES.map((name) => properties(stacksOf(name), 'AWS::EC2::VPC')[0]!['CidrBlock']);
    expect(cidrs).toEqual(['10.42.0.0/16', '10.43.0.0/16', '10.44.0.0/16']);
    expect(environmentNamed('dev').network.kind).toBe('own');
  });

  test('reaches a source behind a peering connection by a route from each subnet', () => {
    const routes = properties(own({ kind: 'peering', connectionId: 'pcx-01234567', cidr: '10.7.0.0/16' }), 'AWS::EC2::Route'); // prettier-ignore
    expect(routes).toHaveLength(2);
    for (const route of routes)
      expect(route).toMatchObject({ VpcPeeringConnectionId: 'pcx-01234567', DestinationCidrBlock: '10.7.0.0/16' });
  });

  test.each([
    ['vgw-01234567', 'AWS::EC2::VPCGatewayAttachment', { VpnGatewayId: 'vgw-01234567' }, { GatewayId: 'vgw-01234567' }],
    ['tgw-01234567', 'AWS::EC2::TransitGatewayAttachment', { TransitGatewayId: 'tgw-01234567' }, { TransitGatewayId: 'tgw-01234567' }], // prettier-ignore
  ])('is attached to %s before its routes lead there', (gatewayId, type, attached, routed) => {
    const made = own({ kind: 'vpn', gatewayId, cidr: '192.168.0.0/16' });
    const [[id, attachment] = []] = resourcesOf(made.dataTemplate, type);
    expect(attachment!.Properties).toMatchObject({ ...attached, VpcId: expect.anything() });
    const routes = resourcesOf(made.dataTemplate, 'AWS::EC2::Route').map(([, is]) => is);
    expect(routes).toHaveLength(2);
    for (const route of routes)
      expect(route).toMatchObject({
        Properties: { ...routed, DestinationCidrBlock: '192.168.0.0/16' },
        DependsOn: expect.arrayContaining([id]),
      });
  });

  test('reaches a source with a public address by one NAT gateway', () => {
    expect(properties(own({ kind: 'nat' }), 'AWS::EC2::NatGateway')).toHaveLength(1);
  });
});

describe('a network that exists', () => {
  const network = EXISTING_NETWORK;
  const made = synthesise({ ...dev, network });
  const subnetIds = ['subnet-0000000a', 'subnet-0000000b'];

  test('is taken as it is: no VPC, subnet, gateway, route or flow log is made, and nothing is looked up', () => {
    const types = Object.values(made.dataTemplate.toJSON()['Resources'] as Record<string, { Type: string }>);
    const kinds = new Set(types.map(({ Type }) => Type).filter((type) => type.startsWith('AWS::EC2::')));
    expect([...kinds].sort()).toEqual(['AWS::EC2::SecurityGroup', 'AWS::EC2::SecurityGroupIngress', 'AWS::EC2::VPCEndpoint']); // prettier-ignore
    for (const group of properties(made, 'AWS::EC2::SecurityGroup')) expect(group['VpcId']).toBe('vpc-0a1b2c3d');
    expect(made.app.synth().manifest.missing ?? []).toEqual([]);
  });

  test('holds every function, and a database of our own in both zones', () => {
    for (const [, { Properties: is }] of resourcesOf(made.workflowsTemplate, 'AWS::Lambda::Function'))
      expect(is['VpcConfig']).toMatchObject({ SubnetIds: subnetIds });
    expect(properties(made, 'AWS::RDS::DBSubnetGroup')).toMatchObject([{ SubnetIds: subnetIds }]);
  });

  test('gets the endpoints that it has not, each route table once', () => {
    const endpoints = properties(made, 'AWS::EC2::VPCEndpoint');
    expect(endpoints).toHaveLength(3);
    expect(endpoints).toContainEqual(
      expect.objectContaining({ VpcEndpointType: 'Gateway', VpcId: 'vpc-0a1b2c3d', RouteTableIds: ['rtb-0000000f'] }),
    );
    for (const endpoint of endpoints.filter(({ VpcEndpointType: type }) => type === 'Interface'))
      expect(endpoint).toMatchObject({ SubnetIds: subnetIds, PrivateDnsEnabled: true });
  });

  test.each([
    [['scheduler'], 2],
    [['s3', 'secretsmanager', 'scheduler'], 0],
  ] as const)('gets none that it has: %j', (has, many) => {
    const all = synthesise({ ...dev, network: { ...network, has: [...has] } });
    expect(properties(all, 'AWS::EC2::VPCEndpoint')).toHaveLength(many);
  });

  test('goes with databases that exist: no RDS, and their own groups let in the functions, whose group is told to whoever has to', () => {
    const existing = (host: string, securityGroupId: string) =>
      ({ kind: 'existing', host, port: 5433, database: 'app', connections: 10, securityGroupId }) as const;
    const all = synthesise({ ...dev, network, source: existing('old.internal', 'sg-00000001'), target: existing('new.internal', 'sg-00000002') }); // prettier-ignore
    expect(properties(all, 'AWS::RDS::DBInstance')).toEqual([]);
    const rules = properties(all, 'AWS::EC2::SecurityGroupIngress').filter(({ FromPort }) => FromPort === 5433);
    expect(rules.map(({ GroupId }) => GroupId)).toEqual(['sg-00000001', 'sg-00000002']);
    for (const rule of rules)
      expect(rule).toMatchObject({ ToPort: 5433, SourceSecurityGroupId: { 'Fn::GetAtt': [expect.stringContaining('Functions'), 'GroupId'] } }); // prettier-ignore
    expect(all.dataTemplate.findOutputs('FunctionsGroup')).toMatchObject({ FunctionsGroup: expect.anything() });
    expect(resourcesOf(all.dataTemplate, 'AWS::SecretsManager::Secret')).toHaveLength(2);
  });
});
