/** What lasts: the network, the databases, their secrets, and the bucket of backups and reports. */
import { CfnOutput, Duration, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledge } from '../constructs/acknowledge.ts';
import { existingDatabase, ownDatabase } from '../constructs/databases.ts';
import { Network } from '../constructs/network.ts';
import type { DatabaseAddress } from '../constructs/step-function.ts';
import type { Environment } from '../environments.ts';

export class DataStack extends Stack {
  readonly network: Network;
  readonly source: DatabaseAddress;
  readonly target: DatabaseAddress;
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, environment: Environment, props: StackProps) {
    super(scope, id, props);
    this.network = new Network(this, 'Network', environment);
    this.source = existingDatabase(this, 'Source', environment, environment.source, this.network);
    this.target =
      environment.target.kind === 'rds'
        ? ownDatabase(this, 'Target', environment, environment.target, this.network)
        : existingDatabase(this, 'Target', environment, environment.target, this.network);
    this.bucket = new Bucket(this, 'Bucket', {
      versioned: true,
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [
        // Of an upload that died with its function.
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
        // Answers that were too large for a state: whoever asked has read them.
        { prefix: 'results/', expiration: Duration.days(7), noncurrentVersionExpiration: Duration.days(1) },
      ],
      removalPolicy: environment.retained ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    if (environment.target.kind === 'rds') {
      new CfnOutput(this, 'TargetHost', {
        value: this.target.host,
        description: 'The target, reached from inside the network alone',
      });
      new CfnOutput(this, 'TargetAdministrator', {
        value: this.target.secret.secretArn,
        description: 'The secret of its administrator, who makes your tables',
      });
    }
    new CfnOutput(this, 'FunctionsGroup', {
      value: this.network.functionsGroup.securityGroupId,
      description: 'Security group of the functions: whoever keeps a database lets it in',
    });
    new CfnOutput(this, 'BucketName', {
      value: this.bucket.bucketName,
      description: 'Where backups go: s3://NAME/backup.ndjson.gz',
    });
    acknowledge(
      this.bucket,
      'S1',
      'Only the functions of this environment may read it, and CloudTrail names each of them; a second bucket adds nothing.',
    );
  }

  /** By index, so that synth asks no account which zones it has. */
  override get availabilityZones(): string[] {
    return [0, 1].map((index) => Fn.select(index, Fn.getAzs()));
  }
}
