/** The shipped policies against what the command line really asks for. No emulator enforces IAM: a simulator of it does. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { projectRoot } from "../local/paths.ts";
import {
  ACCOUNT,
  bucketArn,
  functionArn,
  keys,
  logArn,
  OPERATIONS,
  objectArn,
  PORT_CALLS,
  queueArn,
  queues,
  STACK,
  stackArn,
  VALUES,
} from "./testing/requests.ts";
import {
  type Ask,
  filled,
  isAllowed,
  POLICIES,
  type Policy,
  placeholdersOf,
  policyText,
} from "./testing/simulate.ts";
import { adapterOperations, portCalls } from "./testing/source.ts";

const user = filled("user", VALUES);
const reader = filled("reader", VALUES);
const deleter = filled("deleter", VALUES);
const userAsks = unique(Object.values(OPERATIONS).flatMap((needed) => needed.user));
const deleterAsks = unique(Object.values(OPERATIONS).flatMap((needed) => needed.deleter ?? []));
const readerAsks = unique(Object.values(OPERATIONS).flatMap((needed) => needed.reader ?? []));

function unique(asks: readonly Ask[]): Ask[] {
  return [...new Map(asks.map((ask) => [`${ask.action} ${ask.arn}`, ask])).values()];
}

async function allowed(policy: Policy, asks: readonly Ask[]): Promise<Ask[]> {
  const answers = await Promise.all(asks.map((ask) => isAllowed(policy, ask, ACCOUNT)));
  return asks.filter((_, i) => answers[i]);
}

async function refused(policy: Policy, asks: readonly Ask[]): Promise<Ask[]> {
  const may = new Set(await allowed(policy, asks));
  return asks.filter((ask) => !may.has(ask));
}

/** The policy without one of its permissions: each pair of an action and a resource in turn. */
function* withoutOne(policy: Policy): Generator<readonly [missing: string, policy: Policy]> {
  for (const [at, statement] of policy.Statement.entries()) {
    const actions = [statement.Action].flat();
    const resources = [statement.Resource].flat();
    for (const action of actions) {
      for (const resource of resources) {
        const rest = actions
          .flatMap((Action) => resources.map((Resource) => ({ ...statement, Action, Resource })))
          .filter(({ Action, Resource }) => Action !== action || Resource !== resource)
          .map((single, i) => ({ ...single, Sid: `${statement.Sid}${i}` }));
        yield [`${action} ${resource}`, { ...policy, Statement: policy.Statement.toSpliced(at, 1, ...rest) }];
      }
    }
  }
}

async function unnoticed(policy: Policy, asks: readonly Ask[]): Promise<string[]> {
  const unused: string[] = [];
  for (const [missing, less] of withoutOne(policy)) {
    if ((await refused(less, asks)).length === 0) unused.push(missing);
  }
  return unused;
}

describe("the table of requests", () => {
  it("has every operation that the adapters of AWS ask for, and no other", () => {
    expect(adapterOperations()).toEqual(Object.keys(OPERATIONS).sort());
  });

  it("has every call by which the command line changes a store or touches a queue, and no other", () => {
    expect(portCalls()).toEqual(Object.keys(PORT_CALLS).sort());
  });

  it("has none of these calls that its operations leave out", () => {
    const known = new Set(
      Object.values(OPERATIONS).flatMap((needed) =>
        [...needed.user, ...(needed.deleter ?? [])].map(({ action, arn }) => `${action} ${arn}`),
      ),
    );
    const calls = Object.values(PORT_CALLS).flat();
    expect(calls.filter(({ action, arn }) => !known.has(`${action} ${arn}`))).toEqual([]);
  });
});

const elsewhere = objectArn(keys.spec, "another-bucket");
const FORBIDDEN: readonly Ask[] = [
  { action: "s3:GetObject", arn: elsewhere },
  { action: "s3:PutObject", arn: elsewhere },
  { action: "s3:PutObject", arn: objectArn("elsewhere/file") },
  { action: "s3:DeleteObject", arn: objectArn(keys.checkpoint) },
  { action: "s3:DeleteObject", arn: objectArn(keys.manifest) },
  { action: "s3:PutBucketPolicy", arn: bucketArn() },
  { action: "s3:DeleteBucket", arn: bucketArn() },
  { action: "sqs:ReceiveMessage", arn: queues.run },
  { action: "sqs:DeleteQueue", arn: queues.run },
  { action: "sqs:ReceiveMessage", arn: queues.control },
  { action: "sqs:PurgeQueue", arn: queues.deadLetters },
  { action: "sqs:SendMessage", arn: queueArn("Marina-TasksQueue0A1B2C3D-QrStUvWx") },
  { action: "sqs:SendMessage", arn: queueArn("Other_run-diana-mushrooms-0123456789ab") },
  { action: "lambda:InvokeFunction", arn: functionArn(`${STACK}-worker`) },
  { action: "lambda:UpdateFunctionCode", arn: functionArn(`${STACK}-worker`) },
  { action: "lambda:GetFunctionConfiguration", arn: functionArn(`${STACK}2-worker`) },
  { action: "cloudformation:DescribeStacks", arn: stackArn(`${STACK}2`) },
  { action: "cloudformation:DeleteStack", arn: stackArn(STACK) },
  { action: "iam:PassRole", arn: `arn:aws:iam::${ACCOUNT}:role/Marina-WorkerFunctionRole` },
  { action: "logs:FilterLogEvents", arn: logArn("/aws/lambda/another-function") },
  { action: "logs:DeleteLogGroup", arn: logArn(`/aws/lambda/${STACK}-worker`) },
];

test("a request is refused that IAM does not know: a misspelt action, one on a resource of another kind", async () => {
  const misspelt = { action: "s3:GetObjects", arn: objectArn(keys.spec) };
  const ofAnotherKind = { action: "sqs:SendMessage", arn: objectArn(keys.spec) };
  await expect(isAllowed(user, misspelt, ACCOUNT)).rejects.toThrow("s3:GetObjects");
  await expect(isAllowed(user, ofAnotherKind, ACCOUNT)).rejects.toThrow("sqs:SendMessage");
});

describe("user.json", () => {
  it("allows all that the command line asks for", async () => {
    expect(await refused(user, userAsks)).toEqual([]);
  });

  it("allows nothing that the command line does not need: any permission taken out is missed", async () => {
    expect(await unnoticed(user, userAsks)).toEqual([]);
  });

  it.each(FORBIDDEN)("denies $action on $arn", async (ask) => {
    expect(await isAllowed(user, ask, ACCOUNT)).toBe(false);
  });
});

describe("deleter.json, beside user.json", () => {
  const both: Policy = {
    ...user,
    Statement: [...user.Statement, ...deleter.Statement],
  };

  it("allows all that the command line's calls ask for, deletions too", async () => {
    expect(await refused(both, unique([...deleterAsks, ...Object.values(PORT_CALLS).flat()]))).toEqual([]);
  });

  it("allows nothing else: any permission taken out is missed", async () => {
    expect(await unnoticed(deleter, deleterAsks)).toEqual([]);
  });

  it("allows to delete nothing but runs and data sets, and no queue but those of runs", async () => {
    expect(
      await allowed(deleter, [
        { action: "s3:DeleteObject", arn: elsewhere },
        { action: "s3:DeleteObject", arn: objectArn("elsewhere/file") },
        { action: "s3:DeleteBucket", arn: bucketArn() },
        { action: "sqs:DeleteQueue", arn: queues.control },
        { action: "sqs:DeleteQueue", arn: queueArn("Other_run-diana-mushrooms-0123456789ab") },
      ]),
    ).toEqual([]);
  });
});

describe("reader.json", () => {
  it("allows what list, show, report and watch ask for", async () => {
    expect(await refused(reader, readerAsks)).toEqual([]);
  });

  it("allows nothing else: any permission taken out is missed", async () => {
    expect(await unnoticed(reader, readerAsks)).toEqual([]);
  });

  it("allows no write, no message and no deletion, of all that a user may ask for", async () => {
    const changes = userAsks.filter(({ action }) => /:(Put|Delete|Send|Abort|Create)/.test(action));
    expect(new Set(changes.map(({ action }) => action)).size).toBe(5);
    expect(await allowed(reader, changes)).toEqual([]);
  });

  it("allows nothing that user.json denies, and not the rows of data sets", async () => {
    expect(await allowed(reader, FORBIDDEN)).toEqual([]);
    expect(await isAllowed(reader, { action: "s3:GetObject", arn: objectArn(keys.rows) }, ACCOUNT)).toBe(
      false,
    );
  });
});

const guide = readFileSync(join(projectRoot, "docs", "DEPLOY.md"), "utf8");

test.each(POLICIES)("every placeholder of %s.json is explained in DEPLOY.md", (name) => {
  const placeholders = placeholdersOf(policyText(name));
  expect(placeholders).toContain("BUCKET");
  expect(placeholders.filter((placeholder) => !guide.includes(`| \`<${placeholder}>\` |`))).toEqual([]);
});

test.runIf(process.platform !== "win32")("the command in DEPLOY.md fills in all of them", () => {
  const command = /^\$ (sed (?:.*\\\n)+.*user\.json) > user\.json$/m.exec(guide)![1]!;
  const written = execFileSync("sh", ["-c", command], { cwd: projectRoot, encoding: "utf8" });
  expect(JSON.parse(written)).toEqual(user);
});
