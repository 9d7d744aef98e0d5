import { readFileSync } from "node:fs";
import { Annotations, Match } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it } from "vitest";
import {
  AGGREGATOR_TIMEOUT_SECONDS,
  FUNCTION_TIMEOUT_LIMIT_SECONDS,
  WORKER_TIMEOUT_SECONDS,
} from "../shared/protocol/limits.ts";
import {
  deadLettersOf,
  functionOf,
  mappingOf,
  ofType,
  one,
  queueOf,
  refersTo,
  type Synthesized,
  synthesize,
} from "./testing/synthesize.ts";

const ROLES = ["worker", "aggregator"] as const;

let stack: Synthesized;
beforeAll(() => {
  stack = synthesize();
}, 60_000);

describe("each function", () => {
  it("may go round in a loop through its queue, which Lambda would cut off after some sixteen turns", () => {
    for (const role of ROLES) expect(functionOf(stack, role).Properties.RecursiveLoop).toBe("Allow");
  });

  it("runs on Node 24, on arm64 unless told otherwise", () => {
    for (const role of ROLES) {
      expect(functionOf(stack, role).Properties).toMatchObject({
        Runtime: "nodejs24.x",
        Architectures: ["arm64"],
      });
    }
    const intel = synthesize({ architecture: "x86_64" });
    for (const role of ROLES) expect(functionOf(intel, role).Properties.Architectures).toEqual(["x86_64"]);
  });

  it("has a whole virtual CPU unless told otherwise", () => {
    const small = synthesize({ workerMemoryMb: "512", aggregatorMemoryMb: "3008" });
    expect(ROLES.map((role) => functionOf(stack, role).Properties.MemorySize)).toEqual([1769, 1769]);
    expect(ROLES.map((role) => functionOf(small, role).Properties.MemorySize)).toEqual([512, 3008]);
  });

  it("has the time-out of the protocol, within what Lambda allows", () => {
    expect(functionOf(stack, "worker").Properties.Timeout).toBe(WORKER_TIMEOUT_SECONDS);
    expect(functionOf(stack, "aggregator").Properties.Timeout).toBe(AGGREGATOR_TIMEOUT_SECONDS);
    expect(Math.max(WORKER_TIMEOUT_SECONDS, AGGREGATOR_TIMEOUT_SECONDS)).toBeLessThanOrEqual(
      FUNCTION_TIMEOUT_LIMIT_SECONDS,
    );
  });

  it("finds in its environment every variable that its entry file asks for", () => {
    for (const role of ROLES) {
      const entry = readFileSync(new URL(`../lambdas/${role}/entry.ts`, import.meta.url), "utf8");
      const asked = [...entry.matchAll(/required(?:Variable|Count)\("([A-Z_]+)"\)/g)].map(
        ([, name]) => name!,
      );
      const { Variables } = functionOf(stack, role).Properties.Environment as {
        Variables: Record<string, unknown>;
      };
      expect(asked.length).toBeGreaterThan(1);
      expect(Object.keys(Variables)).toEqual(expect.arrayContaining(asked));
    }
  });

  it("writes JSON, the platform's own lines from warnings on, and lets lines without a level through: metrics are such", () => {
    for (const role of ROLES) {
      expect(functionOf(stack, role).Properties.LoggingConfig).toMatchObject({
        LogFormat: "JSON",
        SystemLogLevel: "WARN",
        ApplicationLogLevel: "INFO",
      });
    }
  });

  it("writes to a log group of its name that forgets", () => {
    for (const role of ROLES) {
      const { LogGroup } = functionOf(stack, role).Properties.LoggingConfig as { LogGroup: unknown };
      const { Properties } = one(stack, "AWS::Logs::LogGroup", (_, id) => refersTo(LogGroup, id));
      expect(Properties).toMatchObject({ LogGroupName: `/aws/lambda/Marina-${role}`, RetentionInDays: 30 });
    }
  });

  it("reads no source map at a cold start", () => {
    for (const role of ROLES) {
      const { Variables } = functionOf(stack, role).Properties.Environment as {
        Variables: Record<string, unknown>;
      };
      expect(Variables).not.toHaveProperty("NODE_OPTIONS");
    }
  });
});

describe("each queue that triggers a function", () => {
  it("hides a message at least as long as its function may run, as a mapping demands", () => {
    for (const role of ROLES) {
      const visibility = queueOf(stack, role).Properties.VisibilityTimeout as number;
      expect(visibility).toBeGreaterThanOrEqual(functionOf(stack, role).Properties.Timeout as number);
    }
  });

  it("moves a message to its dead letters after five deliveries", () => {
    for (const role of ROLES) {
      expect(queueOf(stack, role).Properties.RedrivePolicy).toMatchObject({ maxReceiveCount: 5 });
    }
  });

  it("keeps dead letters for two weeks, longer than what is alive", () => {
    for (const role of ROLES) {
      const kept = deadLettersOf(stack, role).Properties.MessageRetentionPeriod as number;
      expect(kept).toBe(14 * 24 * 3600);
      expect(queueOf(stack, role).Properties.MessageRetentionPeriod).toBeLessThan(kept);
    }
  });

  it("is first-in-first-out for control, with dead letters of the same kind, and not for tasks", () => {
    expect(queueOf(stack, "aggregator").Properties.FifoQueue).toBe(true);
    expect(deadLettersOf(stack, "aggregator").Properties.FifoQueue).toBe(true);
    expect(queueOf(stack, "worker").Properties).not.toHaveProperty("FifoQueue");
    expect(deadLettersOf(stack, "worker").Properties).not.toHaveProperty("FifoQueue");
  });
});

describe("each mapping", () => {
  it("hands over one message at a time and takes back those that failed", () => {
    for (const role of ROLES) {
      expect(mappingOf(stack, role).Properties).toMatchObject({
        BatchSize: 1,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
      });
    }
  });

  it("runs as many workers at a time as the account leaves them", () => {
    expect(mappingOf(stack, "worker").Properties.ScalingConfig).toEqual({ MaximumConcurrency: 8 });
    const usual = synthesize({ accountConcurrency: "1000" });
    expect(mappingOf(usual, "worker").Properties.ScalingConfig).toEqual({ MaximumConcurrency: 900 });
    const few = synthesize({ accountConcurrency: "1000", maxConcurrency: "50" });
    expect(mappingOf(few, "worker").Properties.ScalingConfig).toEqual({ MaximumConcurrency: 50 });
    for (const of of [stack, usual, few]) {
      const { MaximumConcurrency } = mappingOf(of, "worker").Properties.ScalingConfig as {
        MaximumConcurrency: number;
      };
      expect(of.outputs.WorkerMaxConcurrency!.Value).toBe(String(MaximumConcurrency));
    }
  });

  it("never invokes more aggregators than are set aside for them: a refused invocation counts as a delivery", () => {
    for (const wish of [{}, { aggregatorConcurrency: "7" }]) {
      const synthesized = synthesize({ accountConcurrency: "1000", ...wish });
      const reserved = functionOf(synthesized, "aggregator").Properties.ReservedConcurrentExecutions;
      expect(reserved).toBeTypeOf("number");
      expect(mappingOf(synthesized, "aggregator").Properties.ScalingConfig).toEqual({
        MaximumConcurrency: reserved,
      });
    }
  });

  it("sets nothing aside in an account that has nothing to spare, or whose concurrency nobody told", () => {
    for (const context of [{}, { accountConcurrency: "10" }, { accountConcurrency: "101" }]) {
      const synthesized = synthesize(context);
      for (const role of ROLES)
        expect(functionOf(synthesized, role).Properties).not.toHaveProperty("ReservedConcurrentExecutions");
      expect(mappingOf(synthesized, "aggregator").Properties.ScalingConfig).toEqual({
        MaximumConcurrency: 2,
      });
    }
  });

  it("has pollers or a maximum, as AWS does not take both", () => {
    const { Properties } = mappingOf(
      synthesize({ accountConcurrency: "1000", provisionedPollers: "2:90" }),
      "worker",
    );
    expect(Properties.ProvisionedPollerConfig).toEqual({ MinimumPollers: 2, MaximumPollers: 90 });
    expect(Properties).not.toHaveProperty("ScalingConfig");
    expect(mappingOf(stack, "worker").Properties).not.toHaveProperty("ProvisionedPollerConfig");
  });
});

describe("the bucket", () => {
  it("forgets objects with the tag of what is of use for one round, and nothing else", () => {
    const { Rules } = one(stack, "AWS::S3::Bucket").Properties.LifecycleConfiguration as {
      Rules: { ExpirationInDays?: number; TagFilters?: unknown; Prefix?: unknown }[];
    };
    const expiring = Rules.filter(({ ExpirationInDays }) => ExpirationInDays !== undefined);
    expect(expiring).toMatchObject([
      { ExpirationInDays: 7, TagFilters: [{ Key: "marina-lifetime", Value: "round" }] },
    ]);
  });

  it("gives broken uploads up after a day", () => {
    const { Rules } = one(stack, "AWS::S3::Bucket").Properties.LifecycleConfiguration as {
      Rules: object[];
    };
    expect(Rules).toContainEqual(
      expect.objectContaining({
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
        Status: "Enabled",
      }),
    );
  });

  it("keeps one version of an object: a checkpoint is written every few rounds", () => {
    expect(one(stack, "AWS::S3::Bucket").Properties).not.toHaveProperty("VersioningConfiguration");
  });

  it("outlives its stack unless told otherwise, but not a first deployment that fails: nothing is in it yet", () => {
    const { DeletionPolicy, UpdateReplacePolicy } = one(stack, "AWS::S3::Bucket");
    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(["RetainExceptOnCreate", "Retain"]);
    expect(ofType(stack, "Custom::S3AutoDeleteObjects")).toEqual([]);
  });

  it("goes with its stack, emptied, when told so", () => {
    const passing = synthesize({ removal: "destroy" });
    expect(one(passing, "AWS::S3::Bucket").DeletionPolicy).toBe("Delete");
    expect(ofType(passing, "Custom::S3AutoDeleteObjects")).toHaveLength(1);
  });
});

describe("the alarms", () => {
  const metricOf = (metric: string, dimension: string, id: string) =>
    ofType(stack, "AWS::CloudWatch::Alarm").filter(({ Properties }) => {
      const { MetricName, Dimensions } = Properties as {
        MetricName: string;
        Dimensions: { Name: string; Value: unknown }[];
      };
      if (MetricName !== metric) return false;
      return Dimensions.some(({ Name, Value }) => {
        // A queue's name is an attribute of it.
        return Name === dimension && refersTo(Value, id);
      });
    });

  it("call at the first dead letter", () => {
    for (const role of ROLES) {
      const found = metricOf(
        "ApproximateNumberOfMessagesVisible",
        "QueueName",
        deadLettersOf(stack, role).id,
      );
      expect(found).toMatchObject([
        {
          Properties: {
            Threshold: 0,
            ComparisonOperator: "GreaterThanThreshold",
            TreatMissingData: "notBreaching",
          },
        },
      ]);
    }
  });

  it("call when a function throws", () => {
    for (const role of ROLES)
      expect(metricOf("Errors", "FunctionName", functionOf(stack, role).id)).toHaveLength(1);
  });

  it("call when runs wait for an aggregator in vain", () => {
    expect(metricOf("Throttles", "FunctionName", functionOf(stack, "aggregator").id)).toHaveLength(1);
  });

  it("say what to do", () => {
    for (const { Properties } of ofType(stack, "AWS::CloudWatch::Alarm")) {
      expect(String(Properties.AlarmDescription).length).toBeGreaterThan(40);
    }
  });

  it("go to the topic that was given, and nowhere without one", () => {
    const topic = "arn:aws:sns:eu-north-1:123456789012:oncall";
    for (const { Properties } of ofType(synthesize({ alarmTopicArn: topic }), "AWS::CloudWatch::Alarm")) {
      expect(Properties.AlarmActions).toEqual([topic]);
    }
    for (const { Properties } of ofType(stack, "AWS::CloudWatch::Alarm"))
      expect(Properties).not.toHaveProperty("AlarmActions");
  });
});

describe("the dashboard", () => {
  /** Its body, with every reference as a word. */
  const widgets = (): { properties: { title: string; metrics: unknown[][] } }[] => {
    const { DashboardBody } = one(stack, "AWS::CloudWatch::Dashboard").Properties as {
      DashboardBody: { "Fn::Join": [string, unknown[]] };
    };
    const parts = DashboardBody["Fn::Join"][1].map((part) => (typeof part === "string" ? part : "X"));
    return (JSON.parse(parts.join("")) as { widgets: ReturnType<typeof widgets> }).widgets;
  };

  it("shows the metrics that the aggregator writes, of this stack", () => {
    const shown = widgets().flatMap(({ properties }) =>
      properties.metrics.filter(([namespace]) => namespace === "Marina"),
    );
    expect(new Set(shown.map(([, name]) => name))).toEqual(
      new Set(["Rounds", "RoundMilliseconds", "RoundUsd", "ResentTasks", "HedgedTasks", "DroppedMessages"]),
    );
    for (const [, , dimension, value] of shown) expect([dimension, value]).toEqual(["service", "Marina"]);
  });

  it("shows errors, concurrency and what waits in queues", () => {
    const names = new Set(widgets().flatMap(({ properties }) => properties.metrics.map(([, name]) => name)));
    for (const name of [
      "Errors",
      "Throttles",
      "Duration",
      "ConcurrentExecutions",
      "ApproximateNumberOfMessagesVisible",
    ]) {
      expect(names).toContain(name);
    }
  });
});

describe("the outputs", () => {
  it("are all that a program must know of the stack", () => {
    expect(Object.keys(stack.outputs).sort()).toEqual([
      "AggregatorFunctionName",
      "AggregatorMemoryMb",
      "Architecture",
      "BucketName",
      "ControlDeadLetterQueueUrl",
      "ControlQueueUrl",
      "QueuePrefix",
      "TaskDeadLetterQueueUrl",
      "TaskQueueUrl",
      "WorkerFunctionName",
      "WorkerMaxConcurrency",
      "WorkerMemoryMb",
    ]);
  });

  it("have every name that the command line asks for", () => {
    const finder = readFileSync(new URL("../shared/cloud/aws/stack.ts", import.meta.url), "utf8");
    const asked = [...finder.matchAll(/output\("(\w+)"\)/g)].map(([, name]) => name!);
    expect(asked.length).toBeGreaterThan(5);
    expect(Object.keys(stack.outputs)).toEqual(expect.arrayContaining(asked));
  });

  it("name the run queues' prefix that the functions may use", () => {
    const { Variables } = functionOf(stack, "aggregator").Properties.Environment as {
      Variables: Record<string, unknown>;
    };
    expect(stack.outputs.QueuePrefix!.Value).toBe(Variables.QUEUE_PREFIX);
  });
});

describe("a stack for an emulator", () => {
  it("leaves out TLS and the custom resource, and has everything else", () => {
    const local = synthesize({ local: "true", removal: "destroy" });
    const types = (of: Synthesized) => Object.values(of.resources).map(({ Type }) => Type);
    const left = types(stack).filter(
      (type) => !["AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"].includes(type),
    );
    expect(types(local).sort()).toEqual(left.sort());
  });
});

describe("the template", () => {
  it("is far from the megabyte that CloudFormation takes", () => {
    expect(JSON.stringify(stack.template.toJSON()).length).toBeLessThan(200_000);
  });

  it("is synthesised without a warning", () => {
    const warnings = Annotations.fromStack(stack.stack).findWarning("*", Match.anyValue());
    expect(warnings.map(({ entry }) => entry.data)).toEqual([]);
  });

  it("asks nothing of an account: no region, no account number, no look-up", () => {
    const text = JSON.stringify(stack.template.toJSON()).replaceAll(/[0-9a-f]{64}/g, "hash of an asset");
    expect(text.match(/\d{12}|[a-z]{2}-(north|south|east|west|central)[a-z]*-\d/g)).toBeNull();
    expect(stack.app.synth().manifest.missing ?? []).toEqual([]);
  });

  it("gives two stacks of one account different names for everything that has a name", () => {
    const other = synthesize({ stackName: "Marina2" });
    const names = (of: Synthesized) =>
      Object.values(of.resources).flatMap(({ Properties }) =>
        ["FunctionName", "LogGroupName", "DashboardName", "QueueName", "BucketName"]
          .map((name) => Properties?.[name])
          .filter((value) => typeof value === "string"),
      );
    expect(names(stack).length).toBeGreaterThan(3);
    expect(names(stack).filter((name) => names(other).includes(name))).toEqual([]);
  });
});
