import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../base/errors.ts";
import { type ModelFunction, traceModel } from "../problems/network/trace.ts";
import { modelKey } from "../protocol/keys.ts";
import { encodeModel, readModel, storeModel } from "./models.ts";
import { memoryStore } from "./testing/memory-store.ts";

const linear: ModelFunction = ({ row, label, parameter, ops }) => {
  const z = ops.matmul(row, parameter("w", [3, 1]));
  return { loss: ops.squaredError(z, label), outputs: z };
};
const program = traceModel(linear, { row: [3], label: { kind: "real" } }, "linear");
const model = encodeModel(program);

describe("a stored model", () => {
  it("lies at the SHA-256 of its bytes, is written once, and is read as it was", async () => {
    const objects = memoryStore();
    await storeModel(objects, model);
    await storeModel(objects, model);
    const key = `models/${createHash("sha256").update(model.bytes).digest("hex")}.json`;
    expect(await objects.list("")).toEqual([key]);
    expect(await readModel(objects, model.sha256)).toEqual(program);
  });

  it("that was changed is refused, whatever was changed in it", async () => {
    const objects = memoryStore();
    for (const at of [0, 40, model.bytes.length - 1]) {
      const changed = model.bytes.slice();
      changed[at]! ^= 1;
      await objects.put(modelKey(model.sha256), changed);
      await expect(readModel(objects, model.sha256)).rejects.toThrow(
        /expected a program of this SHA-256, got one of [0-9a-f]{64}: it was changed; build it again/,
      );
    }
  });

  it("under its own digest must still be a program", async () => {
    const objects = memoryStore();
    const text = new TextDecoder().decode(model.bytes).replace('"matmul"', '"eval"');
    const bytes = new TextEncoder().encode(text);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    await objects.put(modelKey(sha256), bytes);
    await expect(readModel(objects, sha256)).rejects.toThrow(/nodes\[\d\] \(eval\): unknown operation/);
  });

  it("that is not there says how it is made", async () => {
    const error: unknown = await readModel(memoryStore(), "0".repeat(64)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MarinaError);
    expect(error).toMatchObject({ code: "usage" });
    expect((error as Error).message).toMatch(
      /no model of SHA-256 0{64} is stored; build it: marina model build FILE/,
    );
  });
});
