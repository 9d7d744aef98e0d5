import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type FakeService, startFakeService } from "../../shared/cloud/aws/testing/fake-service.ts";
import { marina, type Outcome } from "../../tests/fixtures/cli.ts";

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
