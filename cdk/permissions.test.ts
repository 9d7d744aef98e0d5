/** No emulator enforces IAM: here the policies are held against what the functions really ask for. */
import { beforeAll, describe, expect, it } from "vitest";
import { queuePrefix } from "./names.ts";
import { type RecordedService, startRecordedService } from "./testing/recorded-service.ts";
import { permissionsOf, synthesize } from "./testing/synthesize.ts";

const ROLES = ["worker", "aggregator"] as const;
const COMPRESSOR = { kind: "rand-k", k: 10 } as const;
const BASE = { workers: 5, problem: { kind: "nonconvex-binary" }, seed: 1 } as const;

let service: RecordedService;
const allowed: Record<(typeof ROLES)[number], string[]> = { worker: [], aggregator: [] };
const endings: string[] = [];
let measured: string | null = "not begun";

beforeAll(async () => {
  const stack = synthesize();
  for (const role of ROLES) {
    // "arn:...:NAME" of a queue without a resource in the stack: its name is what counts.
    allowed[role] = permissionsOf(stack, role).map((permission) => permission.replace(/ arn:.*:/, " "));
  }
  service = await startRecordedService(queuePrefix("Marina"));
  const small = { ...BASE, data: "mushrooms", stop: { rounds: 80 } };
  const wide = { ...BASE, data: "wide", stop: { rounds: 3 } };
  const marina = { kind: "marina", compressor: COMPRESSOR, stepSize: "theory" } as const;
  endings.push(
    await service.run("marina", { ...small, algorithm: marina }),
    await service.run(
      "stopped",
      { ...small, algorithm: marina, stop: { rounds: 3000 } },
      { interrupted: true },
    ),
    await service.run("diana", {
      ...small,
      algorithm: { kind: "diana", compressor: COMPRESSOR, stepSize: "theory" },
    }),
    await service.run("lost", { ...small, stop: { rounds: 2 }, algorithm: marina }, { losesTask: true }),
    await service.run("gd", { ...small, algorithm: { kind: "gd", stepSize: "theory" } }),
    await service.run("slow-gd", {
      ...small,
      data: "slow",
      workers: 2,
      algorithm: { kind: "gd", stepSize: "theory" },
    }),
    await service.run("own-model", {
      ...small,
      stop: { rounds: 2 },
      problem: { kind: "model", program: await service.model() },
      algorithm: { ...marina, probability: 0.5, stepSize: 0.1 },
    }),
    await service.run("reduced", {
      ...small,
      stop: { rounds: 4 },
      algorithm: { ...marina, probability: 0.5 },
      reduction: "workers",
    }),
    await service.run("kept-gradients", { ...small, stop: { rounds: 8 }, algorithm: marina, reuse: "store" }),
    await service.run("wide-marina", { ...wide, algorithm: marina }),
    await service.run("wide-diana", {
      ...wide,
      algorithm: { kind: "diana", compressor: COMPRESSOR, stepSize: "theory" },
    }),
  );
  measured = await service.measure("measured");
}, 120_000);

/** As IAM matches: `*` is any text, everything else itself. */
function matches(permission: string, asked: string): boolean {
  const literals = permission.split("*").map((text) => text.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literals.join(".*")}$`).test(asked);
}

const askedBy = (role: string): string[] =>
  [...service.asked]
    .filter((asked) => asked.startsWith(`${role} `))
    .map((asked) => asked.slice(role.length + 1));

describe("the policies", () => {
  it("are held against runs that reach their ends", () => {
    expect(endings).toEqual(["done", "stopped, then done", ...Array<string>(9).fill("done")]);
    expect(measured).toBeNull();
  });

  it.each(ROLES)("allow all that the %s asks for", (role) => {
    const refused = askedBy(role).filter(
      (asked) => !allowed[role].some((permission) => matches(permission, asked)),
    );
    expect(refused).toEqual([]);
  });

  it.each(ROLES)("allow the %s nothing that it does not use, but for its mapping and its log", (role) => {
    const lane = role === "worker" ? "tasks" : "control";
    const mapping = [
      "ReceiveMessage",
      "DeleteMessage",
      "ChangeMessageVisibility",
      "GetQueueAttributes",
      "GetQueueUrl",
    ];
    const others = mapping.map((action) => `sqs:${action} ${lane}`);
    const unused = allowed[role].filter(
      (permission) =>
        !permission.startsWith("logs:") &&
        !others.includes(permission) &&
        // Without it S3 says that a missing key is forbidden.
        permission !== "s3:ListBucket bucket" &&
        !askedBy(role).some((asked) => matches(permission, asked)),
    );
    expect(unused).toEqual([]);
  });
});
