import { describe, expect, it } from "vitest";
import {
  checkpointKey,
  contributionKey,
  iterateKey,
  manifestKey,
  memoryKey,
  observationKey,
  observedKey,
  observedSumKey,
  probeKey,
  resultKey,
  roundsKey,
  specKey,
  spectraKey,
  sumKey,
} from "../keys.ts";
import { encodeControl } from "../stored/run.ts";
import { DIGEST, incoming, taskKinds, taskOf } from "../testing/samples.ts";
import {
  CONTRIBUTION_OVERHEAD_BYTES,
  decodeRunMessage,
  encodeRunMessage,
  evaluationBytesOfFrame,
  frameRunMessage,
  isCommandBody,
  type RunMessage,
  timingOfBody,
  timingOfFrame,
} from "./run-message.ts";
import { decodeTask, encodeTask, isOutsideMethod, type TaskKind, taskNeedsOf } from "./task.ts";
import { isOutsideObject, outsideBytesOf } from "./traffic.ts";

describe("traffic outside the method", () => {
  const outside: readonly TaskKind[] = ["evaluate", "calibrate", "gram", "held-out", "reduce-observed"];

  it.each(taskKinds)("of a %s task is all or nothing", (kind) => {
    const body = encodeTask(taskOf(kind));
    const expected = outside.includes(kind);
    expect(isOutsideMethod(kind)).toBe(expected);
    expect(outsideBytesOf(body)).toBe(expected ? body.length : 0);
  });

  it("is none of a contribution without evaluation", () => {
    expect(outsideBytesOf(encodeRunMessage(incoming["contribution without loss and evaluation"]!))).toBe(0);
  });

  it("is what an exact gradient adds to the body of a contribution, to the byte", () => {
    const { contribution } = incoming;
    if (contribution?.kind !== "contribution") throw new Error("expected a contribution");
    for (const payloadBytes of [1, 2, 3, 4, 5, 6, 7, 8, 9, 40]) {
      for (const dimension of [1, 2, 112, 1000]) {
        const payload = new Uint8Array(payloadBytes);
        const without = { ...contribution, payload, evaluation: null };
        const carrying = { ...contribution, payload, evaluation: new Float64Array(dimension) };
        const body = encodeRunMessage(carrying);
        expect(outsideBytesOf(body)).toBe(body.length - encodeRunMessage(without).length);
        const frame = frameRunMessage(carrying);
        expect(evaluationBytesOfFrame(frame)).toBe(frame.length - frameRunMessage(without).length);
      }
    }
  });

  it("is what is left of an exact gradient whose rounded numbers are the message, to the byte", () => {
    for (const dimension of [1, 2, 5, 112]) {
      const evaluation = Float64Array.from({ length: dimension }, (_, j) => Math.sin(j + 1));
      for (const rounded of [Float32Array.from(evaluation), evaluation.slice()]) {
        const told = incoming["contribution of an exact gradient, float32"] as Extract<
          RunMessage,
          { kind: "contribution" }
        >;
        const carrying = { ...told, evaluation, payload: new Uint8Array(rounded.buffer) };
        const frame = frameRunMessage(carrying);
        const unwatched = frameRunMessage({ ...carrying, evaluation: null });
        expect(frame.length - evaluationBytesOfFrame(frame)).toBe(unwatched.length);
        // Once, and not the rounded numbers besides.
        const once = CONTRIBUTION_OVERHEAD_BYTES + DIGEST.length + 8 * dimension;
        expect(frame.length).toBeLessThan(once + 16);
        const back = decodeRunMessage(encodeRunMessage(carrying)) as typeof carrying;
        expect(new Uint8Array(back.payload)).toEqual(carrying.payload);
        expect(back.evaluation).toEqual(evaluation);
      }
    }
  });

  it("is what names an exact gradient that lies apart, to the byte", () => {
    const apart = incoming["contribution with its evaluation apart"]!;
    const { evaluationKey: _, ...without } = apart as Extract<RunMessage, { kind: "contribution" }>;
    const body = encodeRunMessage(apart);
    expect(body.length - outsideBytesOf(body)).toBe(encodeRunMessage(without).length);
  });

  it("is what tells of the ranges of an exact gradient, to the byte", () => {
    for (const name of [
      "contribution with its vectors in ranges",
      "contribution with its evaluation in ranges",
    ]) {
      const told = incoming[name] as Extract<RunMessage, { kind: "contribution" }>;
      const { evaluationRanges: _, ...without } = told;
      const body = encodeRunMessage(told);
      expect(body.length - outsideBytesOf(body), name).toBe(encodeRunMessage(without).length);
    }
  });

  it("is the whole of an evaluation without a payload, of an answer to calibration, and of a message that names one", () => {
    for (const name of [
      "evaluation only",
      "evaluation only, in ranges",
      "reduced for the record, with losses",
      "answer",
      "stored evaluation",
    ]) {
      const body = encodeRunMessage(incoming[name]!);
      expect(outsideBytesOf(body), name).toBe(body.length);
      const frame = frameRunMessage(incoming[name]!);
      expect(evaluationBytesOfFrame(frame), name).toBe(frame.length);
    }
  });

  it("is none of pointers, errors, stop requests and control messages", () => {
    for (const name of ["stored", "reduced", "retryable error", "final error", "stop"]) {
      expect(outsideBytesOf(encodeRunMessage(incoming[name]!)), name).toBe(0);
      expect(evaluationBytesOfFrame(frameRunMessage(incoming[name]!)), name).toBe(0);
    }
    expect(outsideBytesOf(encodeControl({ version: 1, run: "example", action: "start", tenure: 0 }))).toBe(0);
  });

  it("of objects is the spectra beside a data set and calibration's probes, and nothing else of a run", () => {
    expect(isOutsideObject(spectraKey("mushrooms", "5-drop"))).toBe(true);
    expect(isOutsideObject(probeKey("r", 7))).toBe(true);
    expect(isOutsideObject(observedKey("r", 0, 7))).toBe(true);
    expect(isOutsideObject(observationKey("r", 0, 7, 2))).toBe(true);
    expect(isOutsideObject(observedSumKey("r", 0, 7, 2))).toBe(true);
    const method = [
      manifestKey("mushrooms"),
      specKey("r"),
      checkpointKey("r"),
      resultKey("r"),
      iterateKey("r", 0, 1),
      contributionKey("r", 0, 1, 2),
      sumKey("r", 0, 1, 2),
      memoryKey("r", 1, 2),
      roundsKey("r", 0),
      specKey("spectra"),
    ];
    for (const key of method) expect(isOutsideObject(key), key).toBe(false);
  });
});

describe("what accounting sees in the first bytes", () => {
  const name = "r".repeat(64);
  const stored = { kind: "stored", key: `runs/${name}/iterates/0000000001` } as const;

  it.each(taskKinds)("of a %s task is what the whole of it says", (kind) => {
    const task = taskOf(kind);
    const vector = new Float64Array([1, 2, 3]);
    const inline = { ...task, points: task.points.map(() => ({ kind: "inline", vector }) as const) };
    const apart = { ...inline, run: name, points: inline.points.map(() => stored) };
    for (const task of [inline, apart, { ...inline, shifts: [new Float64Array(3)] }]) {
      const body = encodeTask(task);
      const { round, points, shifts } = decodeTask(body);
      // Of a stored pair the environment holds the older one.
      const pointObjects = points.some((point) => point.kind === "stored") ? 1 : 0;
      expect(taskNeedsOf(body)).toEqual({
        ...{ kind, round, carriesShift: shifts !== undefined, pointObjects },
        storedVectors: { messages: 0, evaluations: 0 },
        keptGradients: 0,
        rangesRead: kind.startsWith("reduce") ? 3 : 0,
      });
    }
  });

  it("of a task whose vectors are stored is how many, those of a pack together", () => {
    // Whatever comes before the pack's slots: a key, a vector or a delta beyond what a glance sees.
    const long = { kind: "inline", vector: new Float64Array(3000) } as const;
    const downlink = { sums: [1, 2, 3], first: 6, last: new Uint8Array(30_000).fill(7) };
    const held = { points: [{ kind: "held" }], downlink } as const;
    for (const how of [{ points: taskOf("full").points }, { points: [stored] }, { points: [long] }, held]) {
      const others = [
        { slot: 5, worker: 5 },
        { slot: 6, worker: 6 },
      ];
      const ranges = { message: 17, evaluation: 24 };
      const [alone, pack] = [taskOf("full", { ...how, ranges }), taskOf("full", { ...how, ranges, others })];
      expect(taskNeedsOf(encodeTask(alone))?.storedVectors).toEqual({ messages: 1, evaluations: 1 });
      expect(taskNeedsOf(encodeTask(pack))?.storedVectors).toEqual({ messages: 3, evaluations: 3 });
      const unwatched = { ...pack, ranges: { message: 17, evaluation: 0 } };
      expect(taskNeedsOf(encodeTask(unwatched))?.storedVectors).toEqual({ messages: 3, evaluations: 0 });
    }
  });

  it("of a task whose gradients are kept is how many, wherever its slots stand", () => {
    const long = { kind: "inline", vector: new Float64Array(3000) } as const;
    const others = [5, 6].map((slot) => ({ slot, worker: slot }));
    const reuse = [
      { read: true, keep: true },
      { read: true, keep: false },
      { read: false, keep: true },
    ];
    const pack = taskOf("full", { points: [long], others, reuse });
    const alone = taskOf("full", { points: [stored], reuse: reuse.slice(0, 1) });
    expect(taskNeedsOf(encodeTask(pack))?.keptGradients).toBe(2);
    expect(taskNeedsOf(encodeTask(alone))?.keptGradients).toBe(1);
  });

  it.each(Object.entries(incoming))("of %s is what the whole of it says", (_name, message) => {
    const body = encodeRunMessage(message);
    const whole = decodeRunMessage(body);
    expect(isCommandBody(body)).toBe(whole.kind === "stop" || whole.kind === "scale");
    const timing =
      "computeMilliseconds" in whole
        ? {
            computeMilliseconds: whole.computeMilliseconds,
            cold: whole.cold,
            ...(whole.reads === undefined ? {} : { reads: whole.reads }),
          }
        : undefined;
    expect(timingOfBody(body)).toEqual(timing);
    expect(timingOfFrame(frameRunMessage(message))).toEqual(timing);
  });

  it("is nothing of frames of another kind, of another version, and of other text", () => {
    const task = encodeTask(taskOf("full"));
    const contribution = encodeRunMessage(incoming["contribution"]!);
    const other = (body: string): string => {
      const frame = Buffer.from(body, "base64");
      frame[4]!++;
      return frame.toString("base64");
    };
    for (const body of [contribution, other(task), "", "TVJO", "{}", task.slice(0, 22)])
      expect(taskNeedsOf(body)).toBeUndefined();
    for (const body of [task, other(contribution), "", "TVJO", "{}"]) {
      expect(timingOfBody(body)).toBeUndefined();
      expect(isCommandBody(body)).toBe(false);
      expect(outsideBytesOf(other(encodeRunMessage(incoming["answer"]!)))).toBe(0);
    }
  });
});
