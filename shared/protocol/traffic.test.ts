import { describe, expect, it } from "vitest";
import { encodeIncoming, frameIncoming } from "./contribution.ts";
import {
  checkpointKey,
  contributionKey,
  iterateKey,
  manifestKey,
  memoryKey,
  resultKey,
  roundsKey,
  specKey,
  spectraKey,
} from "./keys.ts";
import { encodeControl } from "./run.ts";
import { encodeTask, isOutsideMethod, type TaskKind } from "./task.ts";
import { incoming, taskKinds, taskOf } from "./testing/samples.ts";
import { isOutsideObject, outsideBytesOf } from "./traffic.ts";

describe("traffic outside the method", () => {
  const outside: readonly TaskKind[] = ["evaluate", "calibrate", "gram"];

  it.each(taskKinds)("of a %s task is all or nothing", (kind) => {
    const body = encodeTask(taskOf(kind));
    const expected = outside.includes(kind);
    expect(isOutsideMethod(kind)).toBe(expected);
    expect(outsideBytesOf(body)).toBe(expected ? body.length : 0);
  });

  it("is none of a contribution without evaluation", () => {
    expect(outsideBytesOf(encodeIncoming(incoming["contribution without loss and evaluation"]!))).toBe(0);
  });

  it("is the exact gradient of a contribution that carries one, as it travels in base64", () => {
    const body = encodeIncoming(incoming["contribution"]!);
    expect(outsideBytesOf(body)).toBe(Math.ceil((2 * 8 * 4) / 3)); // two doubles, four characters for three bytes
    expect(outsideBytesOf(body)).toBeLessThan(body.length);
  });

  it("is the whole of an evaluation without a payload, and of an answer to calibration", () => {
    for (const name of ["evaluation only", "answer"]) {
      const body = encodeIncoming(incoming[name]!);
      expect(outsideBytesOf(body), name).toBe(body.length);
    }
  });

  it("is none of pointers, errors, stop requests and control messages", () => {
    for (const name of ["stored", "retryable error", "final error", "stop"]) {
      expect(outsideBytesOf(encodeIncoming(incoming[name]!)), name).toBe(0);
    }
    expect(outsideBytesOf(encodeControl({ version: 1, run: "example", action: "start", tenure: 0 }))).toBe(0);
  });

  it("does not depend on how long a large evaluation is", () => {
    const evaluation = new Float64Array(1000);
    const body = encodeIncoming({ ...incoming["contribution"]!, evaluation } as (typeof incoming)[string]);
    expect(outsideBytesOf(body)).toBe(Math.ceil((1000 * 8 * 4) / 3));
    expect(frameIncoming(incoming["stop"]!).length).toBeLessThan(64);
  });

  it("of objects is the spectra beside a data set, and nothing of a run", () => {
    expect(isOutsideObject(spectraKey("mushrooms", "5-drop"))).toBe(true);
    const method = [
      manifestKey("mushrooms"),
      specKey("r"),
      checkpointKey("r"),
      resultKey("r"),
      iterateKey("r", 1),
      contributionKey("r", 1, 2),
      memoryKey("r", 1, 2),
      roundsKey("r", 0),
      specKey("spectra"),
    ];
    for (const key of method) expect(isOutsideObject(key), key).toBe(false);
  });
});
