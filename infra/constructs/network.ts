/** The network of an environment: subnets without a way out, what the functions need inside them, and the chosen egress. */
import {
  CfnRoute,
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
  type IVpc,
  type SubnetConfiguration,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { Egress, Environment } from '../environments.ts';
import { logGroup } from './log-group.ts';

/** A network that peers with others must not overlap them; 10.42 is seldom taken. */
const CIDR = '10.42.0.0/16';
/** A function takes an address for each of its network interfaces, so the subnets are wide. */
const CIDR_MASK = 20;

/** The CDK has no name for it yet. */
const SCHEDULER_SERVICE = new InterfaceVpcEndpointAwsService('scheduler');

export class Network extends Construct {
  readonly vpc: IVpc;
  /** Where functions and databases are. */
  readonly subnets: SubnetSelection;
  /** Every function is in it; databases and endpoints let it in. */
  readonly functionsGroup: SecurityGroup;

  constructor(scope: Construct, id: string, environment: Environment) {
    super(scope, id);
    const { egress } = environment;
    this.subnets = { subnetGroupName: 'inside' };
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(CIDR),
      maxAzs: 2,
      natGateways: egress.kind === 'nat' ? 1 : 0,
      subnetConfiguration: subnetsFor(egress),
      restrictDefaultSecurityGroup: false,
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    // The CDK writes its optional fields for a laxer compiler than ours.
    this.vpc = vpc as IVpc;
    vpc.addFlowLog('FlowLog', {
      destination: FlowLogDestination.toCloudWatchLogs(
        logGroup(this, 'FlowLogs', environment, `/portage/${environment.name}/network`),
      ),
    });
    this.functionsGroup = new SecurityGroup(this, 'Functions', {
      vpc: this.vpc,
      description: 'Functions of Portage',
      allowAllOutbound: true,
    });
    const endpoints = new SecurityGroup(this, 'Endpoints', {
      vpc: this.vpc,
      description: 'AWS endpoints of Portage',
      allowAllOutbound: false,
    });
    endpoints.addIngressRule(
      this.functionsGroup,
      Port.tcp(443),
      'Functions ask for their secrets, and write schedules',
    );
    vpc.addInterfaceEndpoint('SecretsManager', {
      service: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
      subnets: this.subnets,
      securityGroups: [endpoints],
      open: false,
    });
    vpc.addInterfaceEndpoint('Scheduler', {
      service: SCHEDULER_SERVICE,
      subnets: this.subnets,
      securityGroups: [endpoints],
      open: false,
    });
    if (egress.kind === 'peering') this.routeTo(egress.connectionId, egress.cidr);
  }

  private routeTo(vpcPeeringConnectionId: string, destinationCidrBlock: string): void {
    this.vpc.selectSubnets(this.subnets).subnets.forEach((subnet, index) => {
      new CfnRoute(this, `Peering${index}`, {
        routeTableId: subnet.routeTable.routeTableId,
        destinationCidrBlock,
        vpcPeeringConnectionId,
      });
    });
  }
}

function subnetsFor(egress: Egress): SubnetConfiguration[] {
  if (egress.kind !== 'nat') return [{ name: 'inside', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: CIDR_MASK }];
  return [
    { name: 'inside', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: CIDR_MASK },
    { name: 'outside', subnetType: SubnetType.PUBLIC, cidrMask: 28 },
  ];
}
