/** The construct in an application of somebody else's. */
import { App, NestedStack, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Topic } from "aws-cdk-lib/aws-sns";
import { describe, expect, it } from "vitest";
import { MarinaService, type MarinaServiceProps } from "./index.ts";
import { synthesize } from "./testing/synthesize.ts";

function stack(name = "Research"): Stack {
  const app = new App({ analyticsReporting: false, context: { "aws:cdk:bundling-stacks": [] } });
  return new Stack(app, name);
}

interface Json {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: object }>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

const templateOf = (of: Stack): Json => Template.fromStack(of).toJSON() as Json;

/** How many resources there are of each type. */
function counts({ Resources }: Json): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { Type } of Object.values(Resources)) found[Type] = (found[Type] ?? 0) + 1;
  return found;
}

describe("MarinaService", () => {
  it("makes what the project's own stack has, beside what else is in the stack, under the stack's name", () => {
    const research = stack();
    new Topic(research, "Mine");
    new MarinaService(research, "Optimiser");
    const json = templateOf(research);
    const own = counts({ Resources: synthesize().resources, Outputs: {} });
    expect(counts(json)).toEqual({ ...own, "AWS::SNS::Topic": 1 });
    const names = Object.values(json.Resources).flatMap(({ Type, Properties }) =>
      Type === "AWS::Lambda::Function" ? [(Properties as { FunctionName: string }).FunctionName] : [],
    );
    expect(names.filter((name) => name !== undefined).sort()).toEqual([
      "Research-aggregator",
      "Research-worker",
    ]);
  });

  it("has the outputs by which the command line and the client find it, whatever it is called", () => {
    const research = stack();
    new MarinaService(research, "Optimiser", {
      workerMemoryMb: 3008,
      accountConcurrency: 100,
      maxConcurrency: 64,
    });
    const { Outputs } = templateOf(research);
    expect(Object.keys(Outputs).sort()).toEqual(Object.keys(synthesize().outputs).sort());
    expect(Outputs["WorkerMemoryMb"]?.Value).toBe("3008");
    expect(Outputs["WorkerMaxConcurrency"]?.Value).toBe("64");
    expect(Outputs["QueuePrefix"]?.Value).toBe("Research_");
  });

  it("sends its alarms to a topic of the same application, whose ARN is not known yet", () => {
    const research = stack();
    const topic = new Topic(research, "Mine");
    new MarinaService(research, "Optimiser", { alarmTopicArn: topic.topicArn });
    const id = research.getLogicalId(topic.node.defaultChild as never);
    Template.fromStack(research).hasResourceProperties("AWS::CloudWatch::Alarm", {
      AlarmActions: [{ Ref: id }],
    });
  });

  it.each<[MarinaServiceProps, RegExp]>([
    [
      { workerMemoryMb: 64 },
      /^MarinaService: workerMemoryMb: expected an integer of 128 .. 10240, got "64"$/,
    ],
    [{ provisionedPollers: { least: 9, most: 3 } }, /^MarinaService: provisionedPollers: expected least/],
    [
      { alarmTopicArn: "pager" },
      /^MarinaService: alarmTopicArn: expected the ARN of an SNS topic, got "pager"$/,
    ],
    [{ memory: 3 } as MarinaServiceProps, /^MarinaService: memory: unknown; there are workerMemoryMb/],
  ])("refuses %j by the property's name", (props, message) => {
    expect(() => new MarinaService(stack(), "Optimiser", props)).toThrow(message);
  });

  it("refuses a stack whose name does not fit the functions' names, and a nested one", () => {
    expect(() => new MarinaService(stack(`R${"x".repeat(60)}`), "Optimiser")).toThrow(
      /^MarinaService: stackName: expected a letter, then at most 49 letters, digits or hyphens, got "Rx/,
    );
    const nested = new NestedStack(stack(), "Inner");
    expect(() => new MarinaService(nested, "Optimiser")).toThrow(/got a nested stack/);
  });

  it("is once in a stack", () => {
    const research = stack();
    new MarinaService(research, "One");
    expect(() => new MarinaService(research, "Two")).toThrow(/one MarinaService/);
  });
});
