/** The templates of deployments that differ, and faults that cfn-lint must find in them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readParameters } from "../../cdk/config.ts";
import { MarinaStack } from "../../cdk/stack.ts";
import { projectRoot } from "../local/paths.ts";
import { ensureCfnLint, type Finding, lint } from "./cfn-lint.ts";

const REGIONS = ["us-east-1", "eu-central-1"];
/** A dependency that is said twice (the CDK's own: a policy and the function's reference to its role): harmless. */
const IGNORED = ["W3005"];

const DEPLOYMENTS = {
  defaults: {},
  "large-account": { accountConcurrency: "1000" },
  x86: { architecture: "x86_64" },
  destroyed: { removal: "destroy" },
  pollers: { accountConcurrency: "1000", provisionedPollers: "2:90" },
  alarmed: { alarmTopicArn: "arn:aws:sns:eu-central-1:123456789012:oncall" },
  "large-functions": { workerMemoryMb: "10240", aggregatorMemoryMb: "10240", logRetentionDays: "365" },
  "long-name": { stackName: "A-stack-with-a-name-that-is-longer-than-others" },
} as const satisfies Record<string, Record<string, string>>;

type Properties = Record<string, unknown>;
interface Template {
  readonly Resources: Record<string, { readonly Type: string; readonly Properties: Properties }>;
}

/** Properties of the first resource of a type whose logical id begins so. */
function propertiesOf({ Resources }: Template, type: string, id = ""): Properties {
  const found = Object.entries(Resources).find(([name, { Type }]) => Type === type && name.startsWith(id));
  if (found === undefined) throw new Error(`no ${type} ${id}* in the template`);
  return found[1].Properties;
}

/** A fault to plant: the rule that must find it, the type of a resource, where its id begins, and what is set there; undefined takes it away. */
type Fault = readonly [rule: string, type: string, id: string, set: Properties];

const FUNCTION = "AWS::Lambda::Function";
const MAPPING = "AWS::Lambda::EventSourceMapping";
const QUEUE = "AWS::SQS::Queue";
const FAULTS: Readonly<Record<string, Fault>> = {
  "hidden-too-short": ["E3505", QUEUE, "TasksQueue", { VisibilityTimeout: 30 }],
  "concurrency-1": ["E3034", MAPPING, "", { ScalingConfig: { MaximumConcurrency: 1 } }],
  "concurrency-2000": ["E3034", MAPPING, "", { ScalingConfig: { MaximumConcurrency: 2000 } }],
  runtime: ["E3030", FUNCTION, "", { Runtime: "nodejs99.x" }],
  retention: ["E3030", "AWS::Logs::LogGroup", "", { RetentionInDays: 31 }],
  timeout: ["E3717", FUNCTION, "", { Timeout: 901 }],
  "recursive-loop": ["E3030", FUNCTION, "", { RecursiveLoop: "Foo" }],
  "dead-letters-not-fifo": ["E3502", QUEUE, "ControlDeadLetters", { FifoQueue: undefined }],
  memory: ["E3034", FUNCTION, "", { MemorySize: 100 }],
  variable: ["E3663", FUNCTION, "", { Environment: { Variables: { AWS_REGION: "x" } } }],
  "unknown-property": ["E3002", QUEUE, "TasksQueue", { VisibilityTimeOut: 60 }],
  action: [
    "W3037",
    "AWS::IAM::Policy",
    "",
    {
      PolicyDocument: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "sqs:RecieveMessage", Resource: "*" }],
      },
    },
  ],
};

const folder = mkdtempSync(join(tmpdir(), "marina-templates-"));
let findings: readonly Finding[] = [];

/** The template as `cdk deploy` makes it, but for the functions' code. */
function synthesize(context: Readonly<Record<string, string>>): Template {
  const cdk = JSON.parse(readFileSync(join(projectRoot, "cdk.json"), "utf8")) as { context: Properties };
  const app = new App({
    analyticsReporting: false,
    outdir: mkdtempSync(join(folder, "cdk-")),
    context: { ...cdk.context, ...context, "aws:cdk:bundling-stacks": [] },
  });
  const parameters = readParameters(app.node.getAllContext());
  new MarinaStack(app, parameters);
  return app.synth().getStackByName(parameters.stackName).template as Template;
}

function write(name: string, template: Template): string {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(template, null, 1));
  return file;
}

beforeAll(async () => {
  const files = Object.entries(DEPLOYMENTS).map(([name, context]) => write(name, synthesize(context)));
  const sound = synthesize({});
  for (const [name, [, type, id, set]] of Object.entries(FAULTS)) {
    const template = structuredClone(sound);
    Object.assign(propertiesOf(template, type, id), set);
    files.push(write(`fault-${name}`, template));
  }
  const python = await ensureCfnLint(console.log);
  findings = lint(python, files, REGIONS, IGNORED);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(Object.keys(DEPLOYMENTS))("the template of a deployment with %s is sound", (name) => {
  expect(findings.filter(({ template }) => template === `${name}.json`)).toEqual([]);
});

test.each(Object.entries(FAULTS))("a fault is found: %s", (name, [rule]) => {
  const found = findings.filter(({ template }) => template === `fault-${name}.json`);
  expect(found.map((finding) => finding.rule)).toContain(rule);
});
