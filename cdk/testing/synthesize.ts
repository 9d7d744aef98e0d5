/** For tests: the stack as it would be deployed, and ways to find things in it without their generated names. */
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { readParameters } from "../config.ts";
import { MarinaStack } from "../stack.ts";

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Synthesized {
  readonly app: App;
  readonly stack: MarinaStack;
  readonly template: Template;
  /** All resources by logical id. */
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

/** Without bundles: what is in the functions' archives is another test's business. */
export function synthesize(context: Readonly<Record<string, string>> = {}): Synthesized {
  const app = new App({ analyticsReporting: false, context: { "aws:cdk:bundling-stacks": [] } });
  const stack = new MarinaStack(app, readParameters(context));
  const template = Template.fromStack(stack);
  const json = template.toJSON() as { Resources: Record<string, Resource>; Outputs: Synthesized["outputs"] };
  return { app, stack, template, resources: json.Resources, outputs: json.Outputs };
}

export function ofType({ resources }: Synthesized, type: string): (Resource & { readonly id: string })[] {
  return Object.entries(resources)
    .filter(([, { Type }]) => Type === type)
    .map(([id, resource]) => ({ ...resource, id }));
}

/** The one resource of a type for which this holds. */
export function one(
  synthesized: Synthesized,
  type: string,
  holds: (properties: Resource["Properties"], id: string) => boolean = () => true,
): Resource & { readonly id: string } {
  const found = ofType(synthesized, type).filter(({ Properties, id }) => holds(Properties, id));
  if (found.length !== 1) throw new Error(`expected one ${type}, found ${found.length}`);
  return found[0]!;
}

export function functionOf(
  synthesized: Synthesized,
  role: "worker" | "aggregator",
): Resource & { readonly id: string } {
  return one(synthesized, "AWS::Lambda::Function", ({ FunctionName }) =>
    String(FunctionName).endsWith(`-${role}`),
  );
}

export function mappingOf(synthesized: Synthesized, role: "worker" | "aggregator"): Resource {
  const { id } = functionOf(synthesized, role);
  return one(synthesized, "AWS::Lambda::EventSourceMapping", ({ FunctionName }) =>
    refersTo(FunctionName, id),
  );
}

/** The queue that triggers a function. */
export function queueOf(
  synthesized: Synthesized,
  role: "worker" | "aggregator",
): Resource & { readonly id: string } {
  const { EventSourceArn } = mappingOf(synthesized, role).Properties;
  return one(synthesized, "AWS::SQS::Queue", (_, id) => refersTo(EventSourceArn, id));
}

export function deadLettersOf(
  synthesized: Synthesized,
  role: "worker" | "aggregator",
): Resource & { readonly id: string } {
  const { RedrivePolicy } = queueOf(synthesized, role).Properties as {
    RedrivePolicy?: { deadLetterTargetArn: unknown };
  };
  return one(synthesized, "AWS::SQS::Queue", (_, id) => refersTo(RedrivePolicy?.deadLetterTargetArn, id));
}

/** Does a property refer to the resource, by Ref or by an attribute? */
export function refersTo(value: unknown, id: string): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { Ref, "Fn::GetAtt": attribute } = value as { Ref?: string; "Fn::GetAtt"?: readonly string[] };
  return Ref === id || attribute?.[0] === id;
}

/**
 * What a function's role allows: "action resource", sorted, with resources written as "bucket/key", "queue NAME",
 * "logs" or the pattern of an ARN's last part.
 */
export function permissionsOf(synthesized: Synthesized, role: "worker" | "aggregator"): string[] {
  const { Role } = functionOf(synthesized, role).Properties;
  const { id: roleId } = one(synthesized, "AWS::IAM::Role", (_, id) => refersTo(Role, id));
  const permissions: string[] = [];
  for (const { Properties } of ofType(synthesized, "AWS::IAM::Policy")) {
    const { Roles, PolicyDocument } = Properties as {
      Roles: readonly unknown[];
      PolicyDocument: {
        Statement: readonly { Effect: string; Action: string | string[]; Resource: unknown }[];
      };
    };
    if (!Roles.some((of) => refersTo(of, roleId))) continue;
    for (const { Effect, Action, Resource: resource } of PolicyDocument.Statement) {
      if (Effect !== "Allow") throw new Error(`expected permissions only, found ${Effect}`);
      for (const action of [Action].flat()) {
        for (const target of [resource].flat()) permissions.push(`${action} ${nameOf(synthesized, target)}`);
      }
    }
  }
  return permissions.sort();
}

function nameOf(synthesized: Synthesized, resource: unknown): string {
  if (typeof resource === "string") return resource;
  const { "Fn::GetAtt": attribute, "Fn::Join": join } = resource as {
    "Fn::GetAtt"?: readonly [string, string];
    "Fn::Join"?: readonly [string, readonly unknown[]];
  };
  if (join !== undefined) {
    return join[1].map((part) => (typeof part === "string" ? part : nameOf(synthesized, part))).join("");
  }
  if (attribute === undefined) return `<${(resource as { Ref?: string }).Ref ?? JSON.stringify(resource)}>`;
  const [id] = attribute;
  switch (synthesized.resources[id]?.Type) {
    case "AWS::S3::Bucket":
      return "bucket";
    case "AWS::Logs::LogGroup":
      return "logs";
    case "AWS::SQS::Queue":
      return queueOf(synthesized, "worker").id === id
        ? "tasks"
        : queueOf(synthesized, "aggregator").id === id
          ? "control"
          : "another queue";
    default:
      return `<${id}>`;
  }
}
