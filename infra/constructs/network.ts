/**
 * The network of an environment: subnets without a way out, what the functions need inside them, and the chosen egress. Or
 * one that exists, by its ids, with what is still missing in it.
 */
import type { CfnResource } from 'aws-cdk-lib';
import {
  CfnRoute,
  CfnTransitGatewayAttachment,
  CfnVPCGatewayAttachment,
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  Port,
  SecurityGroup,
  Subnet,
  SubnetType,
  Vpc,
  type CfnRouteProps,
  type IVpc,
  type SubnetConfiguration,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { Endpoint, Environment, ExistingNetwork, OwnNetwork } from '../environments.ts';
import { logGroup } from './log-group.ts';

/** A function takes an address for each of its network interfaces, so the subnets are wide. */
const CIDR_MASK = 20;

/** The CDK has no name for it yet. */
const SCHEDULER_SERVICE = new InterfaceVpcEndpointAwsService('scheduler');

/** A VPC, whoever made it. */
interface Place {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  /** What it has already. */
  readonly has: readonly Endpoint[];
}

export class Network extends Construct {
  readonly vpc: IVpc;
  /** Where functions and databases are. */
  readonly subnets: SubnetSelection;
  /** Every function is in it; databases and endpoints let it in. */
  readonly functionsGroup: SecurityGroup;

  constructor(scope: Construct, id: string, environment: Environment) {
    super(scope, id);
    const { network } = environment;
    const place = network.kind === 'own' ? this.#own(environment, network) : this.#existing(network);
    this.vpc = place.vpc;
    this.subnets = place.subnets;
    this.functionsGroup = new SecurityGroup(this, 'Functions', {
      vpc: this.vpc,
      description: 'Functions of Portage',
      allowAllOutbound: true,
    });
    this.#endpoints(place.has);
  }

  #own(environment: Environment, { cidr, egress }: OwnNetwork): Place {
    const subnets: SubnetSelection = { subnetGroupName: 'inside' };
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr),
      maxAzs: 2,
      natGateways: egress.kind === 'nat' ? 1 : 0,
      subnetConfiguration: subnetsFor(egress),
      restrictDefaultSecurityGroup: false,
    });
    vpc.addFlowLog('FlowLog', {
      destination: FlowLogDestination.toCloudWatchLogs(
        logGroup(this, 'FlowLogs', environment, `/portage/${environment.name}/network`),
      ),
    });
    // The CDK writes its optional fields for a laxer compiler than ours.
    const place = { vpc: vpc as IVpc, subnets, has: [] };
    if (egress.kind === 'peering') this.#routeTo(place, egress.cidr, { vpcPeeringConnectionId: egress.connectionId });
    if (egress.kind === 'vpn') this.#attach(place, egress.gatewayId, egress.cidr);
    return place;
  }

  /** By the ids that are given: nothing is looked up, so that it is synthesised without an account. Its flow log is its owner's. */
  #existing({ vpcId, subnets, has }: ExistingNetwork): Place {
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId,
      availabilityZones: [...new Set(subnets.map(({ availabilityZone }) => availabilityZone))],
    });
    const given = subnets.map((subnet) => Subnet.fromSubnetAttributes(this, subnet.subnetId, subnet));
    return { vpc, subnets: { subnets: given }, has };
  }

  #endpoints(has: readonly Endpoint[]): void {
    if (!has.includes('s3'))
      this.vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3, subnets: [this.subnets] });
    const asked = (
      [
        ['secretsmanager', 'SecretsManager', InterfaceVpcEndpointAwsService.SECRETS_MANAGER],
        ['scheduler', 'Scheduler', SCHEDULER_SERVICE],
      ] as const
    ).filter(([name]) => !has.includes(name));
    if (asked.length === 0) return;
    const group = new SecurityGroup(this, 'Endpoints', {
      vpc: this.vpc,
      description: 'AWS endpoints of Portage',
      allowAllOutbound: false,
    });
    group.addIngressRule(this.functionsGroup, Port.tcp(443), 'Functions ask for their secrets, and write schedules');
    for (const [, id, service] of asked)
      this.vpc.addInterfaceEndpoint(id, { service, subnets: this.subnets, securityGroups: [group], open: false });
  }

  #attach(place: Place, gatewayId: string, cidr: string): void {
    const { vpcId } = place.vpc;
    if (gatewayId.startsWith('vgw-')) {
      const attachment = new CfnVPCGatewayAttachment(this, 'Attachment', { vpcId, vpnGatewayId: gatewayId });
      this.#routeTo(place, cidr, { gatewayId }, attachment);
      return;
    }
    const { subnetIds } = place.vpc.selectSubnets(place.subnets);
    const attachment = new CfnTransitGatewayAttachment(this, 'Attachment', {
      ...{ vpcId, subnetIds, transitGatewayId: gatewayId },
    });
    this.#routeTo(place, cidr, { transitGatewayId: gatewayId }, attachment);
  }

  /** A route from each subnet, which a gateway takes only from a VPC that is attached to it. */
  #routeTo(
    { vpc, subnets }: Place,
    destinationCidrBlock: string,
    through: Pick<CfnRouteProps, 'vpcPeeringConnectionId' | 'gatewayId' | 'transitGatewayId'>,
    after?: CfnResource,
  ): void {
    vpc.selectSubnets(subnets).subnets.forEach(({ routeTable: { routeTableId } }, index) => {
      const route = new CfnRoute(this, `Route${index}`, { routeTableId, destinationCidrBlock, ...through });
      if (after !== undefined) route.addResourceDependency(after);
    });
  }
}

function subnetsFor(egress: OwnNetwork['egress']): SubnetConfiguration[] {
  if (egress.kind !== 'nat') return [{ name: 'inside', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: CIDR_MASK }];
  return [
    { name: 'inside', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: CIDR_MASK },
    { name: 'outside', subnetType: SubnetType.PUBLIC, cidrMask: 28 },
  ];
}
