import { expect, it } from "vitest";
import { type FaultName, faultKinds } from "../embedded/faults/faults.ts";
import { shrink } from "./shrink.ts";

const faults: readonly FaultName[] = faultKinds.flatMap((kind) =>
  Array.from({ length: 10 }, (_, n): FaultName => `${kind}#${n + 1}`),
);

it("finds the two faults of two hundred that fail together, and no more", async () => {
  const culprits: readonly FaultName[] = ["messageLost#7", "aggregatorFrozen#3"];
  let trials = 0;
  const smallest = await shrink(faults, async (only) => {
    trials++;
    return culprits.every((culprit) => only.has(culprit));
  });
  expect([...smallest].sort()).toEqual([...culprits].sort());
  expect(trials).toBeLessThan(100);
});

it("comes to nothing where the failure needs no fault", async () => {
  expect(await shrink(faults, async () => true)).toEqual([]);
});

it("ends, and keeps what fails, where nothing can be left out", async () => {
  let trials = 0;
  const smallest = await shrink(faults, async () => {
    trials++;
    return false;
  });
  expect(smallest).toEqual(faults);
  expect(trials).toBeLessThanOrEqual(300);
});
