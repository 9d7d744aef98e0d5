import { describe, expect, it } from "vitest";
import {
  checkpointKey,
  contributionKey,
  iterateKey,
  manifestKey,
  memoryKey,
  probeKey,
  resultKey,
  roundsKey,
  specKey,
  spectraKey,
} from "../keys.ts";
import { encodeControl } from "../stored/run.ts";
import { incoming, taskKinds, taskOf } from "../testing/samples.ts";
import { encodeIncoming, evaluationBytesOfFrame, frameIncoming } from "./contribution.ts";
import { encodeTask, isOutsideMethod, type TaskKind } from "./task.ts";
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

  it("is what an exact gradient adds to the body of a contribution, to the byte", () => {
    const { contribution } = incoming;
    if (contribution?.kind !== "contribution") throw new Error("expected a contribution");
    for (const payloadBytes of [1, 2, 3, 4, 5, 6, 7, 8, 9, 40]) {
      for (const dimension of [1, 2, 112, 1000]) {
        const payload = new Uint8Array(payloadBytes);
        const without = { ...contribution, payload, evaluation: null };
        const carrying = { ...contribution, payload, evaluation: new Float64Array(dimension) };
        const body = encodeIncoming(carrying);
        expect(outsideBytesOf(body)).toBe(body.length - encodeIncoming(without).length);
        const frame = frameIncoming(carrying);
        expect(evaluationBytesOfFrame(frame)).toBe(frame.length - frameIncoming(without).length);
      }
    }
  });

  it("is the whole of an evaluation without a payload, and of an answer to calibration", () => {
    for (const name of ["evaluation only", "answer"]) {
      const body = encodeIncoming(incoming[name]!);
      expect(outsideBytesOf(body), name).toBe(body.length);
      const frame = frameIncoming(incoming[name]!);
      expect(evaluationBytesOfFrame(frame), name).toBe(frame.length);
    }
  });

  it("is none of pointers, errors, stop requests and control messages", () => {
    for (const name of ["stored", "retryable error", "final error", "stop"]) {
      expect(outsideBytesOf(encodeIncoming(incoming[name]!)), name).toBe(0);
      expect(evaluationBytesOfFrame(frameIncoming(incoming[name]!)), name).toBe(0);
    }
    expect(outsideBytesOf(encodeControl({ version: 1, run: "example", action: "start", tenure: 0 }))).toBe(0);
  });

  it("of objects is the spectra beside a data set and calibration's probes, and nothing else of a run", () => {
    expect(isOutsideObject(spectraKey("mushrooms", "5-drop"))).toBe(true);
    expect(isOutsideObject(probeKey("r", 7))).toBe(true);
    const method = [
      manifestKey("mushrooms"),
      specKey("r"),
      checkpointKey("r"),
      resultKey("r"),
      iterateKey("r", 0, 1),
      contributionKey("r", 0, 1, 2),
      memoryKey("r", 1, 2),
      roundsKey("r", 0),
      specKey("spectra"),
    ];
    for (const key of method) expect(isOutsideObject(key), key).toBe(false);
  });
});
