/**
 * The ledger as a part of the deployment: a custom resource, whose function brings it to the version that is deployed. It
 * comes last, when everything else is in place: what fails here takes the deployment back, and nothing that fails after it
 * could leave a ledger that the program before does not know.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CustomResource, Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct, type IDependable } from 'constructs';
import type { DatabaseAddress } from './step-function.ts';
import { FUNCTION_TIMEOUT } from './task-state.ts';

const LEDGER_FOLDER = join(import.meta.dirname, '..', '..', 'shared', 'database', 'ledger');

/** Another text is another deployment of the ledger. */
export function ledgerFingerprint(folder = LEDGER_FOLDER): string {
  const hash = createHash('sha256');
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  for (const file of files.sort()) hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest('hex');
}

export class Ledger extends Construct {
  constructor(
    scope: Construct,
    id: string,
    applies: NodejsFunction,
    target: DatabaseAddress,
    after: readonly IDependable[],
  ) {
    super(scope, id);
    if (target.iam !== null) {
      // Before the first deployment there is no role that IAM could answer for; the administrator makes it.
      applies.addEnvironment('PORTAGE_ADMIN_SECRET_ARN', target.secret.secretArn);
      applies.addToRolePolicy(
        new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [target.secret.secretArn] }),
      );
    }
    const resource = new CustomResource(this, 'Version', {
      resourceType: 'Custom::PortageLedger',
      serviceToken: applies.functionArn,
      // A function that died answers nothing, and CloudFormation would wait for an hour.
      serviceTimeout: Duration.seconds(FUNCTION_TIMEOUT.toSeconds() + 60),
      properties: { ledger: ledgerFingerprint() },
    });
    resource.node.addDependency(...after);
  }
}
