/** The two databases: one that exists is an address and a secret, one of our own is an RDS instance. */
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { InstanceType, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  CaCertificate,
  Credentials,
  DatabaseInstance,
  DatabaseInstanceEngine,
  ParameterGroup,
  PostgresEngineVersion,
  StorageType,
} from 'aws-cdk-lib/aws-rds';
import { Secret, type ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Environment, ExistingDatabase, OwnDatabase } from '../environments.ts';
import { acknowledge } from './acknowledge.ts';
import { logGroup } from './log-group.ts';
import type { Network } from './network.ts';
import type { DatabaseAddress } from './step-function.ts';

const ENGINE = DatabaseInstanceEngine.postgres({ version: PostgresEngineVersion.VER_17_9 });
const DATABASE = 'portage';
const MASTER_USER = 'portage_admin';
/** Owns the ledger and writes rows; AWS answers for it. Made at the first deployment (functions/environment/apply-ledger.ts). */
const WRITER = 'portage_writer';

/** A database that somebody else keeps: its secret, by ARN, or an empty one that its owner fills. */
export function existingDatabase(
  scope: Construct,
  id: string,
  environment: Environment,
  database: ExistingDatabase,
  network: Network,
): DatabaseAddress {
  const { host, port, database: name, connections } = database;
  if (database.securityGroupId !== undefined)
    SecurityGroup.fromSecurityGroupId(scope, `${id}Group`, database.securityGroupId).addIngressRule(
      network.functionsGroup,
      Port.tcp(port),
      'Functions of Portage',
    );
  if (database.secretArn !== undefined) {
    const secret = Secret.fromSecretCompleteArn(scope, id, database.secretArn);
    return { host, port: String(port), name, connections, secret, iam: null };
  }
  const secret = new Secret(scope, id, {
    secretName: `portage/${environment.name}/${id.toLowerCase()}`,
    description: `User and password of ${host}: put in what its owner gave you, as {"username", "password"}`,
    generateSecretString: {
      secretStringTemplate: JSON.stringify({ username: 'portage_reader' }),
      generateStringKey: 'password',
    },
    removalPolicy: environment.retained ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  acknowledge(
    secret,
    'SMG4',
    'The password is made and rotated by the owner of that database, who is not in this account.',
  );
  return { host, port: String(port), name, connections, secret: secret as ISecret, iam: null };
}

/** What the instance of an environment is called, which is what its figures go by. */
export const instanceName = ({ name }: Environment): string => `portage-${name}-target`;

/** An instance of our own, its password kept and rotated by RDS. */
export function ownDatabase(
  scope: Construct,
  id: string,
  environment: Environment,
  database: OwnDatabase,
  network: Network,
): DatabaseAddress {
  const { retained } = environment;
  const group = new SecurityGroup(scope, `${id}Group`, {
    vpc: network.vpc,
    description: `${id} database of Portage`,
    allowAllOutbound: false,
  });
  const instanceIdentifier = instanceName(environment);
  const instance = new DatabaseInstance(scope, id, {
    instanceIdentifier,
    engine: ENGINE,
    databaseName: DATABASE,
    instanceType: new InstanceType(database.instanceType),
    vpc: network.vpc,
    vpcSubnets: network.subnets,
    securityGroups: [group],
    credentials: Credentials.fromUsername(MASTER_USER),
    manageMasterUserPassword: true,
    iamAuthentication: true,
    multiAz: database.multiAz,
    storageType: StorageType.GP3,
    allocatedStorage: database.storageGib,
    maxAllocatedStorage: database.maxStorageGib,
    storageEncrypted: true,
    backupRetention: Duration.days(database.backupDays),
    deletionProtection: retained,
    removalPolicy: retained ? RemovalPolicy.RETAIN : RemovalPolicy.SNAPSHOT,
    copyTagsToSnapshot: true,
    caCertificate: CaCertificate.RDS_CA_RSA2048_G1,
    parameterGroup: new ParameterGroup(scope, `${id}Parameters`, {
      engine: ENGINE,
      description: 'PostgreSQL of Portage',
      parameters: { 'rds.force_ssl': '1' },
    }),
    cloudwatchLogsExports: ['postgresql'],
  });
  // RDS would make this group itself, and keep its lines for ever.
  instance.node.addDependency(
    logGroup(scope, `${id}Logs`, environment, `/aws/rds/instance/${instanceIdentifier}/postgresql`),
  );
  instance.connections.allowDefaultPortFrom(network.functionsGroup, 'Functions of Portage');
  acknowledge(instance, 'RDS11', 'Not reachable from outside the VPC, where another port would hide nothing.');
  if (!database.multiAz) {
    acknowledge(instance, 'RDS3', `${environment.name} may wait for a restore; it costs half of what two zones cost.`);
  }
  if (!retained) {
    acknowledge(instance, 'RDS10', `${environment.name} is made and thrown away with its stack; a snapshot stays.`);
  }
  if (instance.secret === undefined) throw new Error(`${id} has no secret, although RDS manages its password`);
  const { partition, region, account } = Stack.of(scope);
  const user = `arn:${partition}:rds-db:${region}:${account}:dbuser:${String(instance.instanceResourceId)}/${WRITER}`;
  return {
    host: instance.dbInstanceEndpointAddress,
    port: instance.dbInstanceEndpointPort,
    name: DATABASE,
    connections: database.connections,
    secret: instance.secret,
    iam: { user: WRITER, arn: user },
  };
}
