/** An exception to a cdk-nag rule, for one construct and for a reason that a reader can disagree with. */
import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** `rule` without its pack: `IAM5[Resource::*]` is `AwsSolutions-IAM5[Resource::*]`. */
export function acknowledge(on: IConstruct, rule: string, reason: string): void {
  Validations.of(on).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}
