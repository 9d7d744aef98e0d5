/**
 * What IAM would say of each request that the functions and the command line really make, on a stack as it is deployed to AWS:
 * a run of each kind, gone on with, looked at and deleted by commands; the requests that pass the observer meanwhile are held
 * against the functions' roles and the shipped policies.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { parseRequestLog, REQUEST_LOG_PATH } from "../../shared/cost/request-log.ts";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { type FunctionRole, policiesOf, resourcePolicyOf } from "../policies/testing/principals.ts";
import { ASKED_BY_AWS, asksOf, type Principal, type PrincipalAsk } from "../policies/testing/recorded.ts";
import {
  ACCOUNT,
  bucketArn,
  objectArn,
  queueArn,
  queues,
  TASK_QUEUE,
  VALUES,
} from "../policies/testing/requests.ts";
import { type Ask, filled, isAllowed, type Policy } from "../policies/testing/simulate.ts";
import { onStack, scratchFolder } from "./testing/command.ts";
import { importWideRows, WIDE_DIMENSION } from "./testing/data.ts";
import { Service } from "./testing/service.ts";
import { DIANA, MARINA, RUN_SECONDS, spec } from "./testing/specs.ts";

const cloud = inject("cloud");
const DATA = "permissions";
const WIDE = "permissions-wide";

describe.runIf(cloud.observed)("every request of an end-to-end run", () => {
  const service = new Service(cloud);
  const folder = scratchFolder();
  const queueName = (output: string): string => {
    const url = service.output(output);
    return url.slice(url.lastIndexOf("/") + 1);
  };
  const names = {
    tasks: queueName("TaskQueueUrl"),
    taskDeadLetters: queueName("TaskDeadLetterQueueUrl"),
    control: queueName("ControlQueueUrl"),
    controlDeadLetters: queueName("ControlDeadLetterQueueUrl"),
  };
  const identity: Readonly<Record<Principal, readonly Policy[]>> = {
    worker: policiesOf("worker"),
    aggregator: policiesOf("aggregator"),
    user: [filled("user", VALUES), filled("deleter", VALUES)],
  };
  const principal = (who: Principal): string =>
    who === "user" ? `arn:aws:iam::${ACCOUNT}:user/someone` : `arn:aws:sts::${ACCOUNT}:assumed-role/${who}/x`;
  const allowed = (policies: readonly Policy[], { who, action, arn, prefix }: PrincipalAsk, secure = true) =>
    isAllowed(policies, { action, arn }, ACCOUNT, {
      principal: principal(who),
      resourcePolicy: resourcePolicyOf(arn),
      prefix,
      secure,
    });
  let asks: PrincipalAsk[];
  /** What the command line asked, deletions left out: the user's policy must do for these. */
  let undeleting: PrincipalAsk[];

  const marina = async (...args: readonly string[]): Promise<void> => {
    const outcome = await onStack(cloud, args, { cwd: folder });
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  };
  const asksSince = async (since: number): Promise<PrincipalAsk[]> => {
    const url = `${cloud.env["AWS_ENDPOINT_URL"]}${REQUEST_LOG_PATH}?from=${since}`;
    const { entries, dropped } = parseRequestLog(await (await fetch(url)).text(), url);
    expect(dropped).toBe(0);
    const all = entries.flatMap((entry) => asksOf(entry, names));
    return [...new Map(all.map((ask) => [JSON.stringify(ask), ask])).values()];
  };

  beforeAll(async () => {
    const since = Date.now();
    await marina("data", "import", shippedFile("mushrooms"), "--name", DATA);
    const write = (name: string, value: object) => writeFileSync(join(folder, name), JSON.stringify(value));
    write("diana.json", { ...spec("permissions-diana", DIANA, 12), data: DATA });
    write("marina.json", { ...spec("permissions-marina", MARINA, 12), data: DATA });
    await marina("doctor", "diana.json");
    await marina("run", "diana.json", "--tag", "kept");
    await marina("run", "marina.json", "--set", "stop.seconds=0.001");
    await marina("list");
    await marina("show", "permissions-diana", "--rounds");
    await marina("parameters", "permissions-diana", "--out", "x.csv");
    await marina("cost", "permissions-diana", "--reconcile");
    await marina("logs", "permissions-diana");
    await marina("export", "permissions-diana", "diana.marina");
    undeleting = (await asksSince(since)).filter(({ who }) => who === "user");
    await marina("delete", "permissions-diana", "--yes");
    await marina("import", "diana.marina");
    await marina("delete", "permissions-diana", "permissions-marina", "--yes");
    await marina("data", "delete", DATA, "--yes");
    asks = await asksSince(since);
    // Vectors that travel through the store; the data set is put there by this test.
    await importWideRows(service.ports.objects, WIDE);
    const wideSince = Date.now();
    const wide = {
      ...spec("permissions-wide", { kind: "gd", stepSize: 0.001 }, 3),
      data: WIDE,
      workers: 2,
      problem: { kind: "logistic" },
    };
    await service.ended(await service.launch(wide as ReturnType<typeof spec>), RUN_SECONDS);
    expect(WIDE_DIMENSION * 8).toBeGreaterThan(1_048_576);
    asks.push(...(await asksSince(wideSince)).filter(({ who }) => who !== "user"), ...ASKED_BY_AWS);
  }, 600_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is allowed to who makes it, over TLS, and there were enough of each", async () => {
    const refused: string[] = [];
    for (const ask of asks) {
      if (!(await allowed(identity[ask.who], ask))) refused.push(`${ask.who} ${ask.action} ${ask.arn}`);
    }
    expect(refused).toEqual([]);
    const actionsOf = (who: Principal): string[] =>
      [...new Set(asks.filter((ask) => ask.who === who).map(({ action }) => action))].sort();
    console.log(
      Object.fromEntries((["worker", "aggregator", "user"] as const).map((who) => [who, actionsOf(who)])),
    );
    for (const action of ["s3:GetObject", "s3:PutObject", "sqs:SendMessage"])
      for (const who of ["worker", "aggregator", "user"] as const) expect(actionsOf(who)).toContain(action);
    expect(actionsOf("worker")).toContain("s3:PutObjectTagging");
    expect(actionsOf("aggregator")).toEqual(expect.arrayContaining(["sqs:CreateQueue", "sqs:DeleteQueue"]));
    expect(actionsOf("user")).toEqual(
      expect.arrayContaining(["lambda:GetFunctionConfiguration", "logs:FilterLogEvents", "s3:DeleteObject"]),
    );
  });

  test("of the store and the stack's queues is denied without TLS", async () => {
    const insecure: string[] = [];
    for (const ask of asks) {
      if (resourcePolicyOf(ask.arn) !== undefined && (await allowed(identity[ask.who], ask, false)))
        insecure.push(`${ask.who} ${ask.action} ${ask.arn}`);
    }
    expect(insecure).toEqual([]);
    expect(asks.filter(({ arn }) => resourcePolicyOf(arn) !== undefined).length).toBeGreaterThan(20);
  });

  test("of a user who deletes nothing is allowed by user.json alone", async () => {
    const refused: string[] = [];
    for (const ask of undeleting) {
      if (!(await allowed([filled("user", VALUES)], ask))) refused.push(`${ask.action} ${ask.arn}`);
    }
    expect(refused).toEqual([]);
    expect(undeleting.length).toBeGreaterThan(20);
  });

  const FORBIDDEN: readonly (readonly [FunctionRole, Ask])[] = [
    ["worker", { action: "sqs:SendMessage", arn: queueArn(TASK_QUEUE) }],
    ["worker", { action: "sqs:ReceiveMessage", arn: queues.run }],
    ["worker", { action: "s3:PutObject", arn: objectArn("runs/r/checkpoint") }],
    ["worker", { action: "s3:PutObject", arn: objectArn("datasets/m/rows-1") }],
    ["worker", { action: "s3:DeleteObject", arn: objectArn("runs/r/result.json") }],
    ["aggregator", { action: "s3:PutObject", arn: objectArn("datasets/m/rows-1") }],
    ["aggregator", { action: "s3:PutObject", arn: objectArn("runs/r/spec.json") }],
    ["aggregator", { action: "sqs:DeleteQueue", arn: queueArn(TASK_QUEUE) }],
    ["aggregator", { action: "sqs:CreateQueue", arn: queueArn("Other_run-r-0123456789ab") }],
    ["aggregator", { action: "s3:DeleteBucket", arn: bucketArn() }],
  ];
  test.each(FORBIDDEN)("the %s may not: %o", async (who, ask) => {
    expect(await allowed(identity[who], { ...ask, who })).toBe(false);
  });

  test("a permission that is taken out of a role is missed", async () => {
    const missed: string[] = [];
    for (const who of ["worker", "aggregator"] as const) {
      const own = asks.filter((ask) => ask.who === who);
      for (const action of new Set(own.map((ask) => ask.action))) {
        const without = identity[who].map((policy) => ({
          ...policy,
          Statement: policy.Statement.filter((statement) => ![statement.Action].flat().includes(action)),
        }));
        const found = await Promise.all(own.map((ask) => allowed(without, ask)));
        if (found.every((good) => good)) missed.push(`${who} ${action}`);
      }
    }
    expect(missed).toEqual([]);
  });
});
