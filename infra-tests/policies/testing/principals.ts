/** The functions' own permissions, as the synthesised template has them, filled in with the example stack's names. */
import { functionOf, ofType, type Resource, synthesize } from "../../../cdk/testing/synthesize.ts";
import {
  ACCOUNT,
  bucketArn,
  functionArn,
  logArn,
  queueArn,
  REGION,
  STACK,
  TASK_DEAD_LETTERS,
  TASK_QUEUE,
  VALUES,
} from "./requests.ts";
import type { Policy } from "./simulate.ts";

export type FunctionRole = "worker" | "aggregator";

const stack = synthesize({ stackName: STACK });

/** Names of the stack's queues, by what its outputs call them. */
const QUEUE_NAMES: Readonly<Record<string, string>> = {
  ControlQueueUrl: VALUES.CONTROL_QUEUE,
  ControlDeadLetterQueueUrl: VALUES.CONTROL_DEAD_LETTERS,
  TaskQueueUrl: TASK_QUEUE,
  TaskDeadLetterQueueUrl: TASK_DEAD_LETTERS,
};
/** The same by logical id, which the outputs refer to. */
const queuesById = new Map(
  Object.entries(QUEUE_NAMES).map(([output, name]) => [
    (stack.outputs[output]!.Value as { readonly Ref: string }).Ref,
    name,
  ]),
);
const PSEUDO: Readonly<Record<string, string>> = {
  "AWS::Partition": "aws",
  "AWS::Region": REGION,
  "AWS::AccountId": ACCOUNT,
  "AWS::StackName": STACK,
};

function arnOf(id: string): string {
  const { Type, Properties } = stack.resources[id]!;
  switch (Type) {
    case "AWS::S3::Bucket":
      return bucketArn();
    case "AWS::SQS::Queue":
      return queueArn(queuesById.get(id)!);
    case "AWS::Lambda::Function":
      return functionArn(String(Properties["FunctionName"]));
    case "AWS::Logs::LogGroup":
      return logArn(`${String(Properties["LogGroupName"])}:*`);
    case "AWS::IAM::Role":
      return `arn:aws:iam::${ACCOUNT}:role/${id}`;
    default:
      throw new Error(`${id}: no ARN known of a ${Type}`);
  }
}

function nameOf(id: string): string {
  if (id in PSEUDO) return PSEUDO[id]!;
  const resource = stack.resources[id];
  if (resource?.Type === "AWS::S3::Bucket") return VALUES.BUCKET;
  throw new Error(`${id}: no name known of a ${resource?.Type ?? "resource that is not there"}`);
}

/** CloudFormation's functions carried out. */
function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolved);
  if (value === null || typeof value !== "object") return value;
  if ("Ref" in value) return nameOf(String(value.Ref));
  if ("Fn::GetAtt" in value) return arnOf((value["Fn::GetAtt"] as readonly string[])[0]!);
  if ("Fn::Join" in value) {
    const [separator, parts] = value["Fn::Join"] as readonly [string, readonly unknown[]];
    return parts.map(resolved).join(separator);
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner)]));
}

/** The policies that are attached to a function's role. */
export function policiesOf(role: FunctionRole): Policy[] {
  const [roleId] = (
    functionOf(stack, role).Properties["Role"] as { readonly "Fn::GetAtt": readonly string[] }
  )["Fn::GetAtt"];
  return ofType(stack, "AWS::IAM::Policy")
    .filter(({ Properties }) =>
      (Properties["Roles"] as readonly { readonly Ref: string }[]).some(({ Ref }) => Ref === roleId),
    )
    .map(({ Properties }) => resolved(Properties["PolicyDocument"]) as Policy);
}

/** The policy on the resource itself, if there is one. */
export function resourcePolicyOf(arn: string): Policy | undefined {
  const documentOf = ({ Properties }: Resource): Policy => resolved(Properties["PolicyDocument"]) as Policy;
  if (arn.startsWith("arn:aws:s3:::")) {
    return ofType(stack, "AWS::S3::BucketPolicy")
      .filter(({ Properties }) => {
        const bucket = arnOf((Properties["Bucket"] as { readonly Ref: string }).Ref);
        return arn === bucket || arn.startsWith(`${bucket}/`);
      })
      .map(documentOf)[0];
  }
  return ofType(stack, "AWS::SQS::QueuePolicy")
    .filter(({ Properties }) =>
      (Properties["Queues"] as readonly { readonly Ref: string }[]).some(({ Ref }) => arnOf(Ref) === arn),
    )
    .map(documentOf)[0];
}
