/** The bucket: data sets, runs, checkpoints, results. */
import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  ObjectOwnership,
} from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { TRANSIENT_TAG } from "../../shared/protocol/index.ts";
import type { Parameters } from "../config.ts";
import type { Surroundings } from "../local.ts";
import { accept } from "./nag.ts";

/** Iterates and large contributions are of no use once their round is done; a run that rests may be repeated from these. */
const TRANSIENT_DAYS = 7;

export class DataBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { removal }: Parameters, surroundings: Surroundings) {
    super(scope, id);
    this.bucket = new Bucket(this, "Bucket", {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: surroundings.enforceSsl,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      // A checkpoint is overwritten every few rounds: versions would keep, and bill, every one of them. Conditional
      // writes guard what versions would guard against.
      versioned: false,
      lifecycleRules: [
        { id: "broken-uploads", abortIncompleteMultipartUploadAfter: Duration.days(1) },
        {
          id: "transient-objects",
          tagFilters: { [TRANSIENT_TAG.key]: TRANSIENT_TAG.value },
          expiration: Duration.days(TRANSIENT_DAYS),
        },
      ],
      removalPolicy: removal === "destroy" ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      autoDeleteObjects: removal === "destroy" && surroundings.emptyBucket,
    });
    accept(
      this.bucket,
      "S1",
      "Server access logs would be a line for every object read by every worker of every round. Who did what is answered by CloudTrail data events, where an account wants them.",
    );
  }

  /** ARNs of objects by a pattern of their keys. */
  objects(...patterns: readonly string[]): string[] {
    return patterns.map((pattern) => this.bucket.arnForObjects(pattern));
  }

  /** How cdk-nag names the ARN of a pattern. */
  nagName(pattern: string): string {
    const { node } = this.bucket;
    return `<${Stack.of(this).getLogicalId(node.defaultChild as CfnBucket)}.Arn>/${pattern}`;
  }
}
