import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type FakeService, startFakeService } from "../../shared/cloud/aws/testing/fake-service.ts";
import { importLibsvm } from "../../shared/data/import.ts";
import { parseManifest } from "../../shared/data/manifest.ts";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";
import { manifestKey } from "../../shared/protocol/keys.ts";
import { parseRunSpec } from "../../shared/protocol/spec/spec.ts";
import { marina, type Outcome } from "../../tests/fixtures/cli.ts";
import { heldOutChecks } from "./doctor.ts";

/** Lambda's answer to GetAccountSettings, and a refusal of everything else: as in an account without a stack. */
let limits = { ConcurrentExecutions: 10, UnreservedConcurrentExecutions: 10 };
let service: FakeService;
let cwd: string;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "marina-doctor-"));
  service = await startFakeService(({ path }) =>
    path.includes("/account-settings")
      ? { body: JSON.stringify({ AccountLimit: limits, AccountUsage: { FunctionCount: 0 } }) }
      : { status: 403, body: JSON.stringify({ message: "not authorized" }) },
  );
});
afterAll(async () => {
  await service.close();
  rmSync(cwd, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

async function doctor(account: typeof limits, ...args: string[]): Promise<Outcome> {
  limits = account;
  return marina(["doctor", "--before-deploy", "--endpoint-url", service.url, ...args], { cwd });
}

describe("marina doctor --before-deploy", () => {
  it("tells a new account's quota and what to deploy with, asking for the account's settings only", async () => {
    const { code, stdout, stderr } = await doctor({
      ConcurrentExecutions: 10,
      UnreservedConcurrentExecutions: 10,
    });
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.slice(0, 3)).toEqual([
      "ok   account concurrency in eu-north-1: 10",
      "ok   deploy with: npx cdk deploy -c accountConcurrency=10",
      "ok   that is 8 workers and 2 runs concurrently, nothing reserved",
    ]);
    expect(lines[3]).toContain("--quota-code L-B99A9384");
    expect(new Set(service.requests.map(({ path }) => path.split("/")[2]))).toEqual(
      new Set(["account-settings"]),
    );
  });

  it("leaves out what other functions have reserved", async () => {
    const { code, stdout } = await doctor({
      ConcurrentExecutions: 1000,
      UnreservedConcurrentExecutions: 500,
    });
    expect(code).toBe(0);
    expect(stdout).toBe(
      "ok   account concurrency in eu-north-1: 1000, 500 of them reserved by functions that are there already\n" +
        "ok   deploy with: npx cdk deploy -c accountConcurrency=500\n" +
        "ok   that is 450 workers and 10 runs concurrently, 10 reserved for the runs' aggregators\n",
    );
  });

  it("ends with 1 where nothing is free, and with 2 where it is given a spec", async () => {
    const full = await doctor({ ConcurrentExecutions: 10, UnreservedConcurrentExecutions: 3 });
    expect(full.code).toBe(1);
    expect(full.stdout).toMatch(
      /^BAD {2}account concurrency .* a stack needs 10 that are free: aws service-quotas/,
    );
    const specified = await doctor(limits, "spec.json");
    expect([specified.code, specified.stdout]).toEqual([2, ""]);
    expect(specified.stderr).toMatch(/--before-deploy takes no spec/);
  });
});

describe("held-out data of a spec", () => {
  it("is looked at: its rows are told, what is missing or of another kind is bad", async () => {
    const objects = memoryStore();
    const manifestOf = async (name: string, text: string) => {
      async function* chunks() {
        yield new TextEncoder().encode(text);
      }
      await importLibsvm(chunks(), { name, sourceName: name, labels: "binary", objects });
      return parseManifest((await objects.get(manifestKey(name))).body, name);
    };
    const train = await manifestOf("train", "1 1:1 2:1\n-1 1:2\n1 2:3\n");
    await manifestOf("test", "1 1:2 2:1\n-1 1:3\n");
    await manifestOf("narrow", "1 1:2\n-1 1:3\n");
    const specOf = (heldOut: object) =>
      parseRunSpec(
        {
          data: "train",
          workers: 2,
          problem: { kind: "logistic" },
          algorithm: { kind: "gd", stepSize: 1 },
          stop: { rounds: 3 },
          ...heldOut,
        },
        "spec",
      );
    const checked = (data: string) => heldOutChecks(objects, specOf({ heldOut: { data } }), train);
    expect(await heldOutChecks(objects, specOf({}), train)).toEqual([]);
    expect(await checked("test")).toEqual([{ good: true, text: "held-out data: 2 rows of test" }]);
    expect(await checked("narrow")).toEqual([
      {
        good: false,
        text: expect.stringMatching(/^held-out data: .*"narrow" has 1 features, not 2; import it/),
      },
    ]);
    expect(await checked("tset")).toEqual([
      { good: false, text: expect.stringMatching(/^held-out data: .*"tset".*did you mean "test"/) },
    ]);
  });
});
