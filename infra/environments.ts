/**
 * Every difference between dev, staging and prod, in one table. A number or a name that differs between environments
 * stands here or it does not differ; the stacks know only the type.
 */
import * as z from 'zod';
import { PortageError } from '../shared/domain/errors.ts';

/** Whether two networks have an address in common: one holds the other then. */
function overlap(one: string, other: string): boolean {
  const [a, b] = [one, other].map((cidr) => {
    const [address = '', prefix] = cidr.split('/');
    return { bits: address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0), prefix: Number(prefix) };
  });
  if (a === undefined || b === undefined) return false;
  const size = 2 ** (32 - Math.min(a.prefix, b.prefix));
  return Math.floor(a.bits / size) === Math.floor(b.bits / size);
}

/** Ids of AWS are eight hexadecimal digits, those since 2018 seventeen. */
const awsId = (prefix: string, what: string): z.ZodString =>
  z.string().regex(new RegExp(`^${prefix}-[0-9a-f]{8}(?:[0-9a-f]{9})?$`), `${what}, as AWS shows it`);

const secretArn = z.string().regex(/^arn:[\w-]+:secretsmanager:/, 'the complete ARN of a secret');

/** How the functions reach a database outside a VPC of our own. */
const egress = z.discriminatedUnion('kind', [
  /** Nothing leaves the VPC: both databases are in it. */
  z.strictObject({ kind: z.literal('none') }),
  /** A peering connection that exists already; `cidr` is the network behind it. */
  z.strictObject({
    kind: z.literal('peering'),
    connectionId: awsId('pcx', 'the id of a peering connection'),
    cidr: z.cidrv4(),
  }),
  /** A virtual private gateway or a transit gateway, at which a VPN ends; the VPC is attached to it. */
  z.strictObject({
    kind: z.literal('vpn'),
    gatewayId: awsId('(?:vgw|tgw)', 'the id of a VPN gateway or a transit gateway'),
    cidr: z.cidrv4(),
  }),
  /** One NAT gateway, for a database with a public address. */
  z.strictObject({ kind: z.literal('nat') }),
]);

/** The data stack makes it, in two zones. */
const ownNetwork = z
  .strictObject({
    kind: z.literal('own'),
    /** Networks that peer must not overlap; two subnets of 4,096 addresses and two small ones must fit. */
    cidr: z.cidrv4().refine((cidr) => {
      const prefix = Number(cidr.split('/')[1]);
      return prefix >= 16 && prefix <= 18;
    }, 'a network from /16 to /18'),
    egress,
  })
  .refine(({ cidr, egress: way }) => !('cidr' in way) || !overlap(cidr, way.cidr), {
    path: ['egress', 'cidr'],
    message: 'overlaps the network of this environment: no route could lead there',
  });

/** The endpoints without which functions in a closed subnet cannot work. */
const ENDPOINTS = ['s3', 'secretsmanager', 'scheduler'] as const;

/** A VPC that somebody else keeps: its ways out are his, and synth asks no account about it. */
const existingNetwork = z
  .strictObject({
    kind: z.literal('existing'),
    vpcId: awsId('vpc', 'the id of a VPC'),
    /** Where functions, and a database of our own, are put. */
    subnets: z
      .array(
        z.strictObject({
          subnetId: awsId('subnet', 'the id of a subnet'),
          availabilityZone: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'a zone, as in eu-central-1a'),
          routeTableId: awsId('rtb', 'the id of its route table'),
        }),
      )
      .min(2),
    /** Endpoints that are there already, or that a NAT gateway stands for: a VPC takes each only once. */
    has: z.array(z.enum(ENDPOINTS)),
  })
  .refine(({ subnets }) => new Set(subnets.map(({ subnetId }) => subnetId)).size === subnets.length, {
    path: ['subnets'],
    message: 'names a subnet twice',
  })
  .refine(({ subnets }) => new Set(subnets.map(({ availabilityZone }) => availabilityZone)).size > 1, {
    path: ['subnets'],
    message: 'are all in one zone: RDS, and whoever outlives the loss of a zone, needs two',
  });

/** A database that exists. User and password are in its secret, as `username` and `password`. */
const existingDatabase = z.strictObject({
  kind: z.literal('existing'),
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
  database: z.string().min(1),
  /** Without it an empty secret is created, and its value is filled in by the database's owner. */
  secretArn: secretArn.optional(),
  /** The database's own security group, where it is in the same VPC or a peered one: it is told to let the functions in. */
  securityGroupId: awsId('sg', 'the id of a security group').optional(),
  /** What this environment may open on that server at once. */
  connections: z.int().min(1),
});

/** An RDS instance that the data stack creates. */
const ownDatabase = z.strictObject({
  kind: z.literal('rds'),
  /** As in `t4g.medium`. */
  instanceType: z.string().regex(/^[a-z0-9]+\.[a-z0-9]+$/),
  storageGib: z.int().min(20),
  maxStorageGib: z.int().min(20),
  multiAz: z.boolean(),
  backupDays: z.int().min(1).max(35),
  connections: z.int().min(1),
});

const environment = z
  .strictObject({
    name: z.enum(['dev', 'staging', 'prod']),
    network: z.discriminatedUnion('kind', [ownNetwork, existingNetwork]),
    source: existingDatabase,
    target: z.discriminatedUnion('kind', [ownDatabase, existingDatabase]),
    /** Databases, buckets and logs survive their stack, and neither can be deleted by mistake. */
    retained: z.boolean(),
    logDays: z.union([z.literal(7), z.literal(30), z.literal(90), z.literal(365)]),
    /** Who is told of alarms; without it the topic is there, and nobody has subscribed. */
    alarmEmail: z.email().optional(),
    /** Concurrency kept for each function. Fresh accounts have 10 in all, so it is an option. */
    reservedConcurrency: z.int().min(1).optional(),
  })
  .refine((is) => is.name !== 'prod' || is.retained, 'prod must be retained');

export type Environment = z.infer<typeof environment>;
export type EnvironmentName = Environment['name'];
export type OwnNetwork = z.infer<typeof ownNetwork>;
export type ExistingNetwork = z.infer<typeof existingNetwork>;
export type Endpoint = (typeof ENDPOINTS)[number];
export type ExistingDatabase = z.infer<typeof existingDatabase>;
export type OwnDatabase = z.infer<typeof ownDatabase>;

const legacy: ExistingDatabase = {
  kind: 'existing',
  host: 'legacy.portage.internal',
  port: 5432,
  database: 'legacy',
  connections: 20,
};

const ENVIRONMENTS: Readonly<Record<EnvironmentName, Environment>> = {
  dev: {
    name: 'dev',
    network: { kind: 'own', cidr: '10.42.0.0/16', egress: { kind: 'none' } },
    source: legacy,
    target: {
      kind: 'rds',
      instanceType: 't4g.medium',
      storageGib: 50,
      maxStorageGib: 200,
      multiAz: false,
      backupDays: 1,
      connections: 20,
    },
    retained: false,
    logDays: 7,
  },
  staging: {
    name: 'staging',
    network: { kind: 'own', cidr: '10.43.0.0/16', egress: { kind: 'none' } },
    source: legacy,
    target: {
      kind: 'rds',
      instanceType: 'm7g.large',
      storageGib: 100,
      maxStorageGib: 500,
      multiAz: false,
      backupDays: 7,
      connections: 40,
    },
    retained: false,
    logDays: 30,
  },
  prod: {
    name: 'prod',
    network: { kind: 'own', cidr: '10.44.0.0/16', egress: { kind: 'none' } },
    source: legacy,
    target: {
      kind: 'rds',
      instanceType: 'r7g.xlarge',
      storageGib: 200,
      maxStorageGib: 2000,
      multiAz: true,
      backupDays: 35,
      connections: 80,
    },
    retained: true,
    logDays: 365,
  },
};

export const ENVIRONMENT_NAMES = Object.keys(ENVIRONMENTS) as readonly EnvironmentName[];

/** The environment that `-c env=NAME` asks for; anything else is answered with the names that exist. */
export function environmentNamed(name: unknown): Environment {
  const known = ENVIRONMENT_NAMES.find((candidate) => candidate === name);
  if (known === undefined) {
    throw new PortageError('SYS002', `there is no environment ${JSON.stringify(name ?? null)}`, {
      got: JSON.stringify(name ?? null),
      expected: `one of ${ENVIRONMENT_NAMES.join(', ')}`,
      where: 'context env',
      next: 'Name one of them: npx cdk synth -c env=dev',
    });
  }
  return checkedEnvironment(ENVIRONMENTS[known]);
}

/** A table is edited by hand, so it is checked before anything is built from it; all its faults in one answer. */
export function checkedEnvironment(candidate: Environment): Environment {
  const checked = environment.safeParse(candidate);
  if (checked.success) return checked.data;
  const faults = checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new PortageError('SYS002', `environment ${candidate.name}: ${faults.join('; ')}`, {
    where: 'infra/environments.ts',
    next: 'Correct what is named in infra/environments.ts.',
  });
}
