import { AwsSolutionsChecks } from "cdk-nag";
import { beforeAll, describe, expect, it } from "vitest";
import {
  functionOf,
  ofType,
  one,
  permissionsOf,
  queueOf,
  refersTo,
  type Synthesized,
  synthesize,
} from "./testing/synthesize.ts";

let stack: Synthesized;
beforeAll(() => {
  stack = synthesize();
}, 60_000);

type Statement = {
  Effect: string;
  Action: unknown;
  Principal: unknown;
  Condition?: unknown;
  Resource: unknown;
};

/** Resource policies of a type that hold for the resource. */
function denials(policyType: string, property: string, id: string): Statement[] {
  return ofType(stack, policyType)
    .filter(({ Properties }) => [Properties[property]].flat().some((target) => refersTo(target, id)))
    .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement);
}

const WITHOUT_TLS = { Bool: { "aws:SecureTransport": "false" } };

describe("the bucket", () => {
  const bucket = () => one(stack, "AWS::S3::Bucket");

  it("is closed to the public in every way that S3 knows", () => {
    expect(bucket().Properties.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
  });

  it("denies every request without TLS, on itself and on its objects", () => {
    const statements = denials("AWS::S3::BucketPolicy", "Bucket", bucket().id);
    const denial = statements.find(
      ({ Condition }) => JSON.stringify(Condition) === JSON.stringify(WITHOUT_TLS),
    );
    expect(denial).toMatchObject({ Effect: "Deny", Action: "s3:*", Principal: { AWS: "*" } });
    expect([denial!.Resource].flat()).toHaveLength(2);
  });

  it("is encrypted with keys of S3", () => {
    expect(bucket().Properties.BucketEncryption).toEqual({
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
    });
  });

  it("knows no access-control lists", () => {
    expect(bucket().Properties.OwnershipControls).toEqual({
      Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }],
    });
  });

  it("lets nobody in by its own policy", () => {
    const statements = denials("AWS::S3::BucketPolicy", "Bucket", bucket().id);
    expect(statements.filter(({ Effect }) => Effect === "Allow")).toEqual([]);
  });
});

describe("every queue", () => {
  it("is encrypted with keys of SQS", () => {
    const queues = ofType(stack, "AWS::SQS::Queue");
    expect(queues).toHaveLength(4);
    for (const { Properties } of queues) expect(Properties.SqsManagedSseEnabled).toBe(true);
  });

  it("denies every request without TLS", () => {
    for (const { id } of ofType(stack, "AWS::SQS::Queue")) {
      expect(denials("AWS::SQS::QueuePolicy", "Queues", id)).toMatchObject([
        { Effect: "Deny", Action: "sqs:*", Principal: { AWS: "*" }, Condition: WITHOUT_TLS },
      ]);
    }
  });
});

const RUN_QUEUES = "arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:Marina_run-*";

describe("what the functions may do", () => {
  it("is, for the worker, to read data and runs, to write what it remembers and large contributions, and to answer", () => {
    expect(permissionsOf(stack, "worker")).toEqual(
      [
        "s3:GetObject bucket/datasets/*",
        "s3:GetObject bucket/models/*",
        "s3:GetObject bucket/runs/*",
        "s3:ListBucket bucket",
        "s3:PutObject bucket/runs/*/memory/*",
        "s3:PutObject bucket/runs/*/contributions/*",
        "s3:PutObjectTagging bucket/runs/*/contributions/*",
        "s3:DeleteObject bucket/runs/*/memory/*",
        `sqs:SendMessage ${RUN_QUEUES}`,
        "sqs:ReceiveMessage tasks",
        "sqs:DeleteMessage tasks",
        "sqs:ChangeMessageVisibility tasks",
        "sqs:GetQueueAttributes tasks",
        "sqs:GetQueueUrl tasks",
        "logs:CreateLogStream logs",
        "logs:PutLogEvents logs",
      ].sort(),
    );
  });

  it("is, for the aggregator, to write the run's progress, to keep its queue, to send tasks and its successor's message, and to see how many tasks wait", () => {
    expect(permissionsOf(stack, "aggregator")).toEqual(
      [
        "s3:GetObject bucket/datasets/*",
        "s3:GetObject bucket/models/*",
        "s3:GetObject bucket/runs/*",
        "s3:ListBucket bucket",
        "s3:PutObject bucket/runs/*/checkpoint",
        "s3:PutObject bucket/runs/*/rounds/*",
        "s3:PutObject bucket/runs/*/preparation.json",
        "s3:PutObject bucket/runs/*/result.json",
        "s3:PutObject bucket/runs/*/measurement.json",
        "s3:PutObject bucket/datasets/*/spectra/*",
        "s3:PutObject bucket/runs/*/iterates/*",
        "s3:PutObjectTagging bucket/runs/*/iterates/*",
        "s3:DeleteObject bucket/runs/*/iterates/*",
        "s3:DeleteObject bucket/runs/*/contributions/*",
        "s3:DeleteObject bucket/runs/*/memory/*",
        "s3:DeleteObject bucket/datasets/*/spectra/*.progress",
        `sqs:CreateQueue ${RUN_QUEUES}`,
        `sqs:TagQueue ${RUN_QUEUES}`,
        `sqs:GetQueueUrl ${RUN_QUEUES}`,
        `sqs:DeleteQueue ${RUN_QUEUES}`,
        `sqs:ReceiveMessage ${RUN_QUEUES}`,
        `sqs:DeleteMessage ${RUN_QUEUES}`,
        `sqs:ChangeMessageVisibility ${RUN_QUEUES}`,
        // To itself, when the cloud is measured.
        `sqs:SendMessage ${RUN_QUEUES}`,
        "sqs:SendMessage tasks",
        // How many tasks wait for a worker.
        "sqs:GetQueueAttributes tasks",
        "sqs:SendMessage control",
        "sqs:ReceiveMessage control",
        "sqs:DeleteMessage control",
        "sqs:ChangeMessageVisibility control",
        "sqs:GetQueueAttributes control",
        "sqs:GetQueueUrl control",
        "logs:CreateLogStream logs",
        "logs:PutLogEvents logs",
      ].sort(),
    );
  });

  it("names no wildcard among its actions", () => {
    for (const role of ["worker", "aggregator"] as const) {
      for (const permission of permissionsOf(stack, role))
        expect(permission.split(" ")[0]).not.toContain("*");
    }
  });

  it("comes from a role of its own, without policies that AWS manages", () => {
    const roles = ofType(stack, "AWS::IAM::Role");
    expect(roles).toHaveLength(2);
    for (const { Properties } of roles) expect(Properties).not.toHaveProperty("ManagedPolicyArns");
    expect(functionOf(stack, "worker").Properties.Role).not.toEqual(
      functionOf(stack, "aggregator").Properties.Role,
    );
  });

  it("can be taken on by Lambda alone", () => {
    for (const { Properties } of ofType(stack, "AWS::IAM::Role")) {
      const { Statement } = Properties.AssumeRolePolicyDocument as { Statement: { Principal: unknown }[] };
      expect(Statement.map(({ Principal }) => Principal)).toEqual([{ Service: "lambda.amazonaws.com" }]);
    }
  });

  it("is not more on the queue of tasks than receiving them, for the worker", () => {
    expect(queueOf(stack, "worker").id).not.toBe(queueOf(stack, "aggregator").id);
    expect(permissionsOf(stack, "worker")).not.toContain("sqs:SendMessage tasks");
    expect(permissionsOf(stack, "worker").filter((permission) => permission.endsWith("control"))).toEqual([]);
  });
});

const TOPIC = "arn:aws:sns:eu-north-1:123456789012:oncall";

describe("the rules of cdk-nag's AwsSolutions pack", () => {
  it.each([
    ["as it is by default", {}],
    ["that takes its bucket with it", { removal: "destroy" }],
    [
      "with pollers, on x86, with alarms",
      {
        accountConcurrency: "1000",
        provisionedPollers: "2:90",
        architecture: "x86_64",
        alarmTopicArn: TOPIC,
      },
    ],
    ["of another name", { stackName: "A-stack-with-a-name-that-is-longer-than-others" }],
  ])(
    "hold for a stack %s, but for the exceptions that give their reasons",
    (_, context: Record<string, string>) => {
      const { app } = synthesize(context);
      const { violations } = new AwsSolutionsChecks(app).validateScope(app);
      expect(violations.map(({ ruleName, violatingResources }) => [ruleName, violatingResources])).toEqual(
        [],
      );
    },
  );

  it("would complain about a stack that leaves TLS out", () => {
    const local = synthesize({ local: "true" });
    const { violations } = new AwsSolutionsChecks(local.app).validateScope(local.app);
    expect(violations.map(({ ruleName }) => ruleName)).toEqual(
      expect.arrayContaining(["AwsSolutions-S10", "AwsSolutions-SQS4"]),
    );
  });
});
