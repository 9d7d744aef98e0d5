import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../base/errors.ts";
import { FRAME_HEADER_BYTES, FrameType, fromBody, toBody } from "./frames/frame.ts";
import {
  decodeRunMessage,
  encodeRunMessage,
  frameRunMessage,
  parseRunMessage,
} from "./messages/run-message.ts";
import { type Downlink, decodeTask, encodeTask, membersOf, type Task, taskNeedsOf } from "./messages/task.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./stored/checkpoint.ts";
import { decodeDelta, encodeDelta } from "./stored/delta.ts";
import { decodeResult, encodeResult } from "./stored/result.ts";
import { decodeRounds, encodeRounds } from "./stored/round-record.ts";
import { decodeControl, decodeStoredRun, encodeControl, encodeStoredRun, runDigest } from "./stored/run.ts";
import { decodeSpectra, decodeSpectrum, encodeSpectra, encodeSpectrum } from "./stored/spectra.ts";
import { decodeVector, encodeVector } from "./stored/vector-object.ts";
import { decodeWorkerState, encodeWorkerState } from "./stored/worker-state.ts";
import { crc32Bitwise, type Field, frameOf } from "./testing/layout.ts";
import {
  basedCheckpoint,
  checkpoint,
  completeSpec,
  DIGEST,
  deltas,
  incoming,
  records,
  result,
  storedRun,
  taskKinds,
  taskOf,
} from "./testing/samples.ts";

/** Doubles with their bits: 0 and -0 differ, NaN equals itself. */
const bitsOf = (vector: Float64Array) => [...new BigUint64Array(vector.slice().buffer)];

const shift = Float64Array.of(1, -2, 0.5);
/** VR-DIANA's. */
const LAYOUT = { vectors: ["shift"], spare: ["reference", "referenceGradient"] };
const wholeState = {
  shift,
  reference: Float64Array.of(4, 5, 6),
  referenceGradient: Float64Array.of(7, 8, 9),
};

/** The kinds of task in the order of their numbers on the wire. */
const TASK_NUMBERS = [
  "full",
  "full-compressed",
  "full-large-batch",
  "difference",
  "difference-batch",
  "shifted",
  "shifted-reduced",
  "evaluate",
  "calibrate",
  "gram",
  "shift-start",
  "shifted-difference",
] as const;

/** Sums, and questions beside the methods, that came later. */
const LATER_NUMBERS: Readonly<Record<string, number>> = {
  "held-out": 64,
  probe: 65,
  "probe-slow": 66,
  "probe-objects": 67,
  "probe-compute": 68,
  reduce: 80,
  "reduce-observed": 81,
};
/** Vectors, d, S, s, bytes of a number; then each slot with its checksum. */
const reduction: Field[] = [
  ...[{ u32: 3 }, { u32: 112 }, { u32: 3 }, { u32: 2 }, { u8: 4 }],
  ...[{ u32: 4 }, { u32: 0xffffffff }, { u32: 0 }, { u32: 0 }, { u32: 2 }, { u32: 7 }],
];

describe("tasks", () => {
  it.each(taskKinds)("of kind %s come back as they were", (kind) => {
    for (const evaluate of [true, false]) {
      const task = taskOf(kind, { evaluate });
      expect(decodeTask(encodeTask(task))).toEqual(task);
    }
  });

  it.each(taskKinds)("of kind %s have the documented layout", (kind) => {
    const task = taskOf(kind);
    const points: Field[][] = [
      [{ u32: 7 }, { u8: 0 }, { vector: [1, -2.5, 1e-300] }],
      [{ u32: 6 }, { u8: 1 }, { text: "runs/example/iterates/2/0000000006" }],
    ];
    const expected = frameOf(FrameType.task, [
      { u8: LATER_NUMBERS[kind] ?? TASK_NUMBERS.indexOf(kind as (typeof TASK_NUMBERS)[number]) },
      { u8: 1 },
      { u32: 7 },
      { u32: 5 },
      { u32: 2 },
      { u32: 6 },
      { text: "example" },
      { text: DIGEST },
      { text: "marina-run-example" },
      { u8: task.points.length },
      ...points.slice(0, task.points.length).flat(),
      { u32: 3 },
      { u32: 4 },
      ...(kind.startsWith("reduce") ? reduction : []),
    ]);
    expect(encodeTask(task)).toBe(Buffer.from(expected).toString("base64"));
  });

  it("whose points are of float32 say so of each, and hold or name them in 4 d bytes", () => {
    const task = taskOf("difference", {
      points: [
        { kind: "inline", vector: Float64Array.of(1, -0, Math.fround(0.1)), precision: "float32" },
        { kind: "stored", key: "k", precision: "float32" },
      ],
    });
    const expected = frameOf(FrameType.task, [
      ...[{ u8: 3 }, { u8: 1 }, { u32: 7 }, { u32: 5 }, { u32: 2 }, { u32: 6 }],
      ...[{ text: "example" }, { text: DIGEST }, { text: "marina-run-example" }, { u8: 2 }],
      ...[{ u32: 7 }, { u8: 254 }, { floats: [1, -0, Math.fround(0.1)] }],
      ...[{ u32: 6 }, { u8: 255 }, { text: "k" }, { u32: 3 }, { u32: 4 }],
    ]);
    const body = encodeTask(task);
    expect(body).toBe(Buffer.from(expected).toString("base64"));
    expect(decodeTask(body)).toEqual(task);
    expect(taskNeedsOf(body)?.pointObjects).toBe(0);
    const stored = { ...task, points: [task.points[1]!, task.points[1]!] };
    expect(taskNeedsOf(encodeTask(stored))?.pointObjects).toBe(1);
    const wrong = {
      ...task,
      points: [{ ...task.points[0]!, vector: Float64Array.of(0.1) }, task.points[1]!],
    };
    expect(() => encodeTask(wrong as typeof task)).toThrow(
      "entry 0 of a float32 vector is 0.1, which is none",
    );
  });

  it("whose vectors are stored by ranges say into how many, ahead of their points", () => {
    const task = taskOf("full", { ranges: { message: 17, evaluation: 24 } });
    const expected = frameOf(FrameType.task, [
      ...[{ u8: 0 }, { u8: 1 | 16 }, { u32: 7 }, { u32: 5 }, { u32: 2 }, { u32: 6 }],
      ...[{ text: "example" }, { text: DIGEST }, { text: "marina-run-example" }],
      ...[{ u32: 17 }, { u32: 24 }],
      ...[{ u8: 1 }, { u32: 7 }, { u8: 0 }, { vector: [1, -2.5, 1e-300] }, { u32: 3 }, { u32: 4 }],
    ]);
    expect(encodeTask(task)).toBe(Buffer.from(expected).toString("base64"));
    expect(decodeTask(encodeTask(task))).toEqual(task);
  });

  it.each([
    ["range 3 of 3", { ranges: 3, range: 3 }],
    ["range 0 of 113", { ranges: 113, range: 0 }],
    ["numbers of 5 bytes", { entryBytes: 5 as 4 }],
  ])("of a reducer for %s of 112 numbers are refused", (_name, change) => {
    const task = taskOf("reduce");
    const body = encodeTask({ ...task, reduction: { ...task.reduction!, ...change } });
    expect(() => decodeTask(body)).toThrow(/^task: range \d+ of \d+ of 112 numbers of \d bytes is none$/);
  });

  it("that tell of the server's state have the documented layout, and come back as they were", () => {
    const at = taskOf("difference");
    const whole = ["runs/example/iterates/2/0000000007", "x", "y"];
    const told: readonly (readonly [Downlink, number])[] = [
      // The number of objects that one who held the state before reads, plus two, stands before each point.
      [{ sums: [1, 2, 0xffff_ffff], first: 4, last: Uint8Array.of(5, 6, 7) }, 2],
      [{ sums: [1, 2, 3], first: 4 }, 3],
      [{ sums: [1, 2, 3], first: 7 }, 2],
      [{ sums: [1, 2, 3], first: 7, base: { round: 7, keys: whole } }, 5],
      [{ sums: [1, 2, 3], first: 3, base: { round: 4, keys: whole } }, 3],
    ];
    for (const [downlink, how] of told) {
      const task = { ...at, points: [{ kind: "held" }, { kind: "held" }] as const, downlink };
      const expected = frameOf(FrameType.task, [
        ...[{ u8: 3 }, { u8: 1 | 8 }, { u32: 7 }, { u32: 5 }, { u32: 2 }, { u32: 6 }],
        ...[{ text: "example" }, { text: DIGEST }, { text: "marina-run-example" }, { u8: 2 }],
        ...[{ u32: 7 }, { u8: how }, { u32: 6 }, { u8: how }],
        ...[{ u8: 3 }, ...downlink.sums.map((u32) => ({ u32 })), { u32: downlink.first }],
        ...[
          { u8: downlink.base?.keys.length ?? 0 },
          ...(downlink.base === undefined ? [] : [{ u32: downlink.base.round }]),
          ...(downlink.base?.keys ?? []).map((text) => ({ text })),
        ],
        ...[{ raw: downlink.last ?? new Uint8Array(0) }, { u32: 3 }, { u32: 4 }],
      ]);
      const body = encodeTask(task);
      expect(body).toBe(Buffer.from(expected).toString("base64"));
      const back = decodeTask(body);
      expect(back).toEqual({
        ...task,
        downlink: { ...downlink, ...(back.downlink?.last && { last: back.downlink.last }) },
      });
      expect(back.downlink?.last && new Uint8Array(back.downlink.last)).toEqual(downlink.last);
      expect(taskNeedsOf(body)).toEqual({
        kind: "difference",
        round: 7,
        carriesShift: false,
        pointObjects: how - 2,
        storedVectors: { messages: 0, evaluations: 0 },
        keptGradients: 0,
        rangesRead: 0,
      });
    }
  });

  it("that tell what becomes of gradients say it last, a byte for each of their workers, and come back as they were", () => {
    const at = taskOf("difference");
    const alone: Task = { ...at, reuse: [{ read: true, keep: false }] };
    const others = [{ slot: 8, worker: 9 }];
    const pack: Task = {
      ...at,
      others,
      reuse: [
        { read: true, keep: true },
        { read: false, keep: true },
      ],
    };
    for (const [task, last] of [
      [alone, [1]],
      [pack, [3, 2]],
    ] as const) {
      const { reuse: _, ...without } = task;
      const [body, plain] = [encodeTask(task), encodeTask(without)].map((text) =>
        Buffer.from(text!, "base64"),
      );
      expect(decodeTask(body!.toString("base64"))).toEqual(task);
      expect([...body!.subarray(-last.length)]).toEqual(last);
      // Else they differ in a flag, the length and the checksum.
      expect(body!.length).toBe(plain!.length + last.length);
      expect(body![FRAME_HEADER_BYTES + 1]).toBe(plain![FRAME_HEADER_BYTES + 1]! + 32);
      const rest = [body!, plain!].map((bytes) => bytes.subarray(FRAME_HEADER_BYTES + 2, plain!.length));
      expect(rest[0]).toEqual(rest[1]);
      const unknown = Buffer.from(body!);
      unknown[unknown.length - 1] = 4;
      unknown.writeUInt32LE(crc32Bitwise(unknown.subarray(FRAME_HEADER_BYTES)), 8);
      expect(() => decodeTask(unknown.toString("base64"))).toThrow("unknown reuse of gradients 4");
    }
    expect(membersOf(pack).map(({ reuse }) => reuse)).toEqual([[pack.reuse![0]], [pack.reuse![1]]]);
  });

  it("whose points travel otherwise than they tell of the state are refused", () => {
    const at = taskOf("full");
    const untold = encodeTask({ ...at, points: [{ kind: "held" }] });
    expect(() => decodeTask(untold)).toThrow("travels otherwise");
    expect(() => decodeTask(encodeTask({ ...at, downlink: { sums: [1], first: 7 } }))).toThrow(
      "travels otherwise",
    );
  });

  it("with a number of points that is not their kind's are refused", () => {
    const full = taskOf("full");
    const stale = encodeTask({ ...full, points: taskOf("difference").points, pointRounds: [7, 6] });
    expect(() => decodeTask(stale)).toThrow("task: a full task carries 1 points, got 2");
    const lacking = encodeTask({ ...taskOf("difference"), points: full.points });
    expect(() => decodeTask(lacking)).toThrow("task: a difference task carries 2 points, got 1");
  });

  it("of an unknown kind or with unknown flags are refused", () => {
    const fields: Field[] = [
      { u32: 0 },
      { u32: 0 },
      { u32: 0 },
      { u32: 0 },
      { text: "" },
      { text: "" },
      { text: "" },
      { u8: 0 },
      { u32: 0 },
      { u32: 0 },
    ];
    expect(() =>
      decodeTask(toBody(frameOf(FrameType.task, [{ u8: TASK_NUMBERS.length }, { u8: 0 }, ...fields]))),
    ).toThrow("unknown kind");
    expect(() => decodeTask(toBody(frameOf(FrameType.task, [{ u8: 8 }, { u8: 64 }, ...fields])))).toThrow(
      "unknown flags 64",
    );
    expect(decodeTask(toBody(frameOf(FrameType.task, [{ u8: 8 }, { u8: 0 }, ...fields]))).kind).toBe(
      "calibrate",
    );
  });

  it("have any rounds, slots and texts", () => {
    const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(
        u32,
        u32,
        u32,
        u32,
        fc.string({ unit: "grapheme" }),
        fc.float64Array(),
        (round, slot, worker, oldestNeededRound, text, vector) => {
          const points = [{ kind: "inline", vector }] as const;
          const task = taskOf("full", {
            round,
            slot,
            worker,
            oldestNeededRound,
            run: text,
            replyTo: text,
            points,
            pointRounds: [round],
          });
          const back = decodeTask(encodeTask(task));
          const point = back.points[0]!;
          expect(bitsOf(point.kind === "inline" ? point.vector : shift)).toEqual(bitsOf(vector));
          expect({ ...back, points: [] }).toEqual({ ...task, points: [] });
        },
      ),
    );
  });
});

describe("contributions", () => {
  it.each(Object.keys(incoming))("%s: comes back as it was", (name) => {
    const message = incoming[name]!;
    const back = decodeRunMessage(encodeRunMessage(message));
    // A payload is read in place: a view of whatever kind of array holds the message.
    const own =
      "payload" in back
        ? { ...back, payload: new Uint8Array(back.payload) }
        : "parts" in back
          ? { ...back, parts: back.parts.map((part) => new Uint8Array(part)) }
          : back;
    expect(own).toEqual(message);
    expect(parseRunMessage(frameRunMessage(message))).toEqual(message);
  });

  const address: Field[] = [{ text: DIGEST }, { u32: 2 }, { u32: 7 }, { u32: 3 }, { u32: 4 }];
  const layouts: Readonly<Record<string, readonly Field[]>> = {
    contribution: [
      { u8: 0 },
      { u8: 1 | 2 | 4 | 8 }, // loss, evaluation, cold, reused
      { u32: 4 + 3 + 16 }, // bytes of the evaluation: length, alignment from byte 93 to 96, two doubles
      ...address,
      { f64: 1.5 },
      { f64: 24 },
      { f64: 0.25 },
      { raw: Uint8Array.of(1, 2, 3) },
      { vector: [0.5, -0.5] },
    ],
    "contribution of an exact gradient, float32": [
      { u8: 12 },
      { u8: 1 | 2 },
      { u32: 4 + 6 + 16 + 1 - 8 }, // the gradient: length, alignment, two doubles, bytes of a number; less the payload that it spares
      ...address,
      ...[{ f64: 1.5 }, { f64: 64 }, { f64: 0.25 }, { raw: new Uint8Array(0) }],
      ...[{ vector: [0.1, -0.5] }, { u8: 4 }],
    ],
    "contribution of an exact gradient, float64": [
      { u8: 12 },
      { u8: 1 | 2 },
      { u32: 4 + 6 + 16 + 1 - 16 },
      ...address,
      ...[{ f64: 1.5 }, { f64: 64 }, { f64: 0.25 }, { raw: new Uint8Array(0) }],
      ...[{ vector: [0.1, -0.5] }, { u8: 8 }, { f64: 16 }],
    ],
    "contribution without loss and evaluation": [
      { u8: 0 },
      { u8: 0 },
      { u32: 0 },
      ...address,
      { f64: 0 },
      { f64: 8 },
      { f64: 0 },
      { raw: Uint8Array.of(9) },
    ],
    "evaluation only": [
      { u8: 0 },
      { u8: 1 | 2 | 16 },
      { u32: 4 + 6 + 16 },
      ...address,
      { f64: 0 },
      { f64: 0 },
      { f64: 0.25 },
      { raw: new Uint8Array(0) },
      { vector: [0.5, -0.5] },
    ],
    stored: [
      { u8: 1 },
      { u8: 0 },
      { u32: 0 },
      ...address,
      { text: "runs/example/contributions/2/0000000007/0000000003" },
    ],
    "stored evaluation": [
      { u8: 1 },
      { u8: 16 },
      { u32: 0 },
      ...address,
      { text: "runs/example/contributions/observed-2/0000000007/0000000003" },
    ],
    "contribution with its evaluation apart": [
      { u8: 0 },
      { u8: 32 },
      // The key's bytes and their number.
      { u32: 63 },
      ...address,
      { f64: 3 },
      { f64: 16 },
      { f64: 0 },
      { raw: Uint8Array.of(1, 2) },
      { text: "runs/example/contributions/observed-2/0000000007/0000000003" },
    ],
    "contribution with its vectors in ranges": [
      { u8: 9 },
      { u8: 1 | 4 | 8 | 32 },
      // Two checksums and their number.
      { u32: 12 },
      ...address,
      ...[{ f64: 3 }, { f64: 3584 }, { f64: 0.5 }, { raw: new Uint8Array(0) }],
      ...[{ u32: 3 }, { u32: 1 }, { u32: 0xffffffff }, { u32: 3 }],
      ...[{ u32: 2 }, { u32: 4 }, { u32: 5 }],
    ],
    "contribution with its message in ranges": [
      ...[{ u8: 9 }, { u8: 0 }, { u32: 0 }],
      ...address,
      ...[{ f64: 3 }, { f64: 3584 }, { f64: 0 }, { raw: new Uint8Array(0) }, { u32: 1 }, { u32: 1 }],
    ],
    "contribution with its evaluation in ranges": [
      ...[{ u8: 10 }, { u8: 1 | 32 }, { u32: 12 }],
      ...address,
      ...[{ f64: 3 }, { f64: 16 }, { f64: 0.5 }, { raw: Uint8Array.of(1, 2) }],
      ...[{ u32: 2 }, { u32: 4 }, { u32: 5 }],
    ],
    "evaluation only, in ranges": [
      ...[{ u8: 10 }, { u8: 1 | 16 | 32 }, { u32: 12 }],
      ...address,
      ...[{ f64: 0 }, { f64: 0 }, { f64: 0.5 }, { raw: new Uint8Array(0) }],
      ...[{ u32: 2 }, { u32: 4 }, { u32: 5 }],
    ],
    reduced: [
      ...[{ u8: 11 }, { u8: 4 }, { u32: 0 }],
      ...address,
      ...[{ f64: 300 }, { u32: 0xfffffffe }, { u32: 0 }],
    ],
    "reduced for the record, with losses": [
      ...[{ u8: 11 }, { u8: 16 }, { u32: 0 }],
      ...address,
      ...[{ f64: 300 }, { u32: 0 }, { u32: 2 }, { u32: 0 }, { u32: 4 }],
    ],
    "retryable error": [
      { u8: 2 },
      { u8: 8 },
      { u32: 0 },
      ...address,
      { text: "unavailable" },
      { text: "later" },
    ],
    "final error": [{ u8: 2 }, { u8: 0 }, { u32: 0 }, ...address, { text: "corrupt" }, { text: "Prüfsumme" }],
    "contribution of one that read its points": [
      { u8: 0 },
      { u8: 0 },
      { u32: 0 },
      ...address,
      ...[{ f64: 0 }, { f64: 16 }, { f64: 0 }],
      { raw: Uint8Array.of(9, 8) },
      { f64: 8032 },
    ],
    "need of the state": [{ u8: 8 }, { u8: 0 }, { u32: 0 }, ...address, { f64: 660 }],
    "pack of one that read its points": [
      { u8: 5 },
      { u8: 0 },
      { u32: 0 },
      ...address,
      { f64: 3 },
      { u32: 2 },
      { raw: Uint8Array.of(1, 2) },
      { raw: Uint8Array.of(3) },
      { f64: 0 },
    ],
    answer: [{ u8: 3 }, { u8: 4 }, { u32: 0 }, ...address, { f64: 2 }, { raw: Uint8Array.of(7, 7) }],
    "held-out": [
      { u8: 7 },
      { u8: 0 },
      { u32: 0 },
      ...address,
      ...[{ f64: 1 }, { f64: 11 }, { f64: 3.5 }, { f64: 9 }],
    ],
    "held-out without right predictions": [
      { u8: 7 },
      { u8: 4 },
      { u32: 0 },
      ...address,
      ...[{ f64: 1 }, { f64: 11 }, { f64: 3.5 }, { f64: -1 }],
    ],
    pack: [
      { u8: 5 },
      { u8: 4 },
      { u32: 0 },
      ...address,
      { f64: 3 },
      { u32: 2 },
      { raw: Uint8Array.of(1, 2) },
      { raw: Uint8Array.of(3) },
    ],
    scale: [
      { u8: 6 },
      { u8: 0 },
      { u32: 0 },
      { text: DIGEST },
      { u32: 2 },
      { f64: 1_795_000_000_123 },
      { u32: 50 },
      { u32: 0 },
    ],
    "scale participants now": [
      { u8: 6 },
      { u8: 32 },
      { u32: 0 },
      { text: DIGEST },
      { u32: 2 },
      { f64: 1 },
      { u32: 0 },
      { u32: 3 },
    ],
    stop: [{ u8: 4 }, { u8: 0 }, { u32: 0 }, { text: DIGEST }, { u32: 2 }],
    "stop now": [{ u8: 4 }, { u8: 32 }, { u32: 0 }, { text: DIGEST }, { u32: 2 }],
  };

  it.each(Object.keys(incoming))("%s: has the documented layout", (name) => {
    expect(frameRunMessage(incoming[name]!)).toEqual(frameOf(FrameType.contribution, layouts[name]!));
  });

  it("of an unknown kind are refused", () => {
    expect(() => parseRunMessage(frameOf(FrameType.contribution, [{ u8: 13 }]))).toThrow(
      "contribution: unknown kind",
    );
  });
});

describe("deltas", () => {
  it("come back as they were", () => {
    for (const delta of deltas) {
      const back = decodeDelta(encodeDelta(delta), 3, "delta");
      expect(back.sum.kind === "mean" && Object.is(back.sum.mean[1], -0)).toBe(delta.sum.kind === "mean");
      expect(back).toEqual(delta);
    }
  });

  it("have the documented layout", () => {
    const head = (name: string, flags: number, next: readonly number[]): Field[] => [
      ...[{ text: DIGEST }, { u32: 2 }, { u32: 6 }, { u32: 6 }, { text: name }],
      ...[{ f64: 0.1 }, { f64: 0.25 }, { u8: flags }, { u8: next.length }],
      ...next.map((u32) => ({ u32 })),
    ];
    const layouts: Field[][] = [
      [
        ...head("difference", 0, [1, 2, 0xffff_ffff]),
        ...[{ u32: 2 }, { raw: Uint8Array.of(1, 2, 3) }, { raw: Uint8Array.of(4) }],
      ],
      [
        ...head("shifted-reduced", 1 | 4, [7]),
        ...[{ u32: 2 }, { raw: Uint8Array.of(1) }, { raw: Uint8Array.of(2) }, { vector: [0.5, 2] }],
      ],
      [...head("full", 2, [1, 2, 3]), { vector: [1, -0, 1e-300] }],
    ];
    for (const [i, fields] of layouts.entries())
      expect(encodeDelta(deltas[i]!)).toEqual(frameOf(FrameType.delta, fields));
  });

  it("of a request that no method makes, or of vectors of another length, are refused", () => {
    const [delta] = deltas;
    expect(() => decodeDelta(encodeDelta({ ...delta!, request: "weather" }), 3, "d")).toThrow("weather");
    expect(() => decodeDelta(encodeDelta(deltas[2]!), 4, "d")).toThrow("expected 4 entries, got 3");
  });
});

describe("checkpoints", () => {
  it("come back as they were, with every bit of the state", () => {
    const back = decodeCheckpoint(encodeCheckpoint(checkpoint), "runs/example/checkpoint");
    expect(back).toEqual(checkpoint);
    for (const name of ["iterate", "estimate"]) {
      expect(bitsOf(back.state[name]!)).toEqual(bitsOf(checkpoint.state[name]!));
    }
  });

  it("have the documented layout: a JSON head, the named vectors, the records", () => {
    const { state: _state, records: _records, ...head } = checkpoint;
    const expected = frameOf(FrameType.checkpoint, [
      { text: JSON.stringify(head) },
      { u32: 2 },
      { text: "iterate" },
      { vector: [1, -0, Number.MIN_VALUE] },
      { text: "estimate" },
      { vector: [0, 1, 2] },
      { raw: encodeRounds(records) },
    ]);
    expect(encodeCheckpoint(checkpoint)).toEqual(expected);
  });

  it("whose iterates are kept in float32 say so in their head, and have all of them in 4 d bytes, and nothing else", () => {
    const floats = Float64Array.of(1, -0, Math.fround(0.1));
    const state = {
      ...{ iterate: floats, previous: Float64Array.of(2, 3, Number.POSITIVE_INFINITY) },
      ...{ reference: Float64Array.of(2 ** -149, 0, -1), estimate: Float64Array.of(0.1, 1e-300, 2) },
    };
    const { state: _state, records: _records, ...rest } = checkpoint;
    const head = { ...rest, iterate: "float32" as const };
    const expected = frameOf(FrameType.checkpoint, [
      { text: JSON.stringify(head) },
      { u32: 4 },
      ...[{ text: "iterate" }, { floats: [...state.iterate] }],
      ...[{ text: "previous" }, { floats: [...state.previous] }],
      ...[{ text: "reference" }, { floats: [...state.reference] }],
      ...[{ text: "estimate" }, { vector: [...state.estimate] }],
      { raw: encodeRounds(records) },
    ]);
    const bytes = encodeCheckpoint({ ...head, state, records });
    expect(bytes).toEqual(expected);
    const back = decodeCheckpoint(bytes, "the-key");
    expect(back).toEqual({ ...head, state, records });
    expect(bitsOf(back.state["iterate"]!)).toEqual(bitsOf(floats));
  });

  it("that name a base have it last, in the place of vectors", () => {
    const { state: _state, records: _records, base: _base, ...head } = basedCheckpoint;
    const expected = frameOf(FrameType.checkpoint, [
      { text: JSON.stringify(head) },
      { u32: 0 },
      { raw: encodeRounds(records) },
      ...[{ u32: 3 }, { u8: 2 }],
      ...[{ text: "runs/example/iterates/base-2/0000000003/iterate" }, { u32: 1 }],
      ...[{ text: "runs/example/iterates/base-2/0000000003/shift" }, { u32: 0xffff_ffff }],
      ...[{ u32: 2 }, { raw: Uint8Array.of(1, 2) }, { raw: Uint8Array.of(3) }],
    ]);
    const bytes = encodeCheckpoint(basedCheckpoint);
    expect(bytes).toEqual(expected);
    expect(decodeCheckpoint(bytes, "the-key")).toEqual(basedCheckpoint);
  });

  it("with a vector of another dimension are refused, naming key and vector", () => {
    const bytes = encodeCheckpoint({ ...checkpoint, state: { iterate: Float64Array.of(1, 2) } });
    expect(() => decodeCheckpoint(bytes, "the-key")).toThrow(
      'the-key: vector "iterate" has 2 entries, expected 3',
    );
  });

  it("whose head is not JSON, or another program's, are refused", () => {
    const tail: Field[] = [{ u32: 0 }, { raw: encodeRounds([]) }];
    const notJson = frameOf(FrameType.checkpoint, [{ text: "{" }, ...tail]);
    expect(() => decodeCheckpoint(notJson, "the-key")).toThrow("the-key: the checkpoint's head is not JSON");
    const { state: _state, records: _records, tenure: _tenure, ...head } = checkpoint;
    const foreign = frameOf(FrameType.checkpoint, [{ text: JSON.stringify({ ...head, extra: 1 }) }, ...tail]);
    expect(() => decodeCheckpoint(foreign, "the-key")).toThrow(
      /the-key:[\s\S]*tenure: missing[\s\S]*extra: unknown field/,
    );
  });

  it("of another version are refused with code version", () => {
    const bytes = encodeCheckpoint(checkpoint).slice();
    bytes[4] = 9;
    const error = (() => {
      try {
        return decodeCheckpoint(bytes, "runs/example/checkpoint");
      } catch (thrown) {
        return thrown;
      }
    })();
    expect((error as MarinaError).code).toBe("version");
    expect((error as MarinaError).message).toMatch(
      /^runs\/example\/checkpoint: written by protocol version 9, /,
    );
  });
});

describe("round records", () => {
  it("come back as they were", () => {
    expect(decodeRounds(encodeRounds(records), "key")).toEqual(records);
    expect(decodeRounds(encodeRounds([]), "key")).toEqual([]);
  });

  it("have the documented layout: thirteen numbers a round, NaN for null", () => {
    const expected = frameOf(FrameType.rounds, [
      {
        vector: [
          ...[0, 1, 5, 0.25, 0.08, 0, 0, 0, 0, 0, 0, 0, 0],
          ...[1, 0, 2, Number.NaN, Number.NaN, 3584, 2750, 6000, 0.125, 1e-6, 1, 1, 3],
        ],
      },
    ]);
    expect(encodeRounds(records)).toEqual(expected);
  });

  it("have a second table, a row for each round that was looked at on held-out data", () => {
    const looked = [
      { ...records[0]!, heldOut: { rows: 11, loss: 0.5, correct: null } },
      { ...records[1]!, heldOut: { rows: 11, loss: null, correct: 9 } },
    ];
    expect(decodeRounds(encodeRounds(looked), "key")).toEqual(looked);
    const some = [records[0]!, looked[1]!];
    expect(decodeRounds(encodeRounds(some), "key")).toEqual(some);
    const expected = frameOf(FrameType.rounds, [
      {
        vector: [
          ...[0, 1, 5, 0.25, 0.08, 0, 0, 0, 0, 0, 0, 0, 0],
          ...[1, 0, 2, Number.NaN, Number.NaN, 3584, 2750, 6000, 0.125, 1e-6, 1, 1, 3],
        ],
      },
      { vector: [1, 11, Number.NaN, 9] },
    ]);
    expect(encodeRounds(some)).toEqual(expected);
  });

  it("have a third table, a row for each round in which L_pm was measured, with and without held-out data", () => {
    const measured = [records[0]!, { ...records[1]!, measuredLpm: 0.75 }];
    expect(decodeRounds(encodeRounds(measured), "key")).toEqual(measured);
    const both = [
      { ...records[0]!, heldOut: { rows: 11, loss: 0.5, correct: null }, measuredLpm: 0.5 },
      measured[1]!,
    ];
    expect(decodeRounds(encodeRounds(both), "key")).toEqual(both);
    const [rows] = [
      [
        ...[0, 1, 5, 0.25, 0.08, 0, 0, 0, 0, 0, 0, 0, 0],
        ...[1, 0, 2, Number.NaN, Number.NaN, 3584, 2750, 6000, 0.125, 1e-6, 1, 1, 3],
      ],
    ];
    const expected = frameOf(FrameType.rounds, [{ vector: rows! }, { vector: [] }, { vector: [1, 0.75] }]);
    expect(encodeRounds(measured)).toEqual(expected);
    const odd = frameOf(FrameType.rounds, [{ vector: rows! }, { vector: [] }, { vector: [1] }]);
    expect(() => decodeRounds(odd, "key")).toThrow("key: expected rows of 2 numbers of measured L_pm");
  });

  it("that are no whole rows are refused", () => {
    expect(() => decodeRounds(frameOf(FrameType.rounds, [{ vector: [1, 2, 3] }]), "key")).toThrow(
      "key: expected rows of 13 numbers",
    );
  });
});

describe("a worker's state", () => {
  it("comes back as it was, with and without what only spares work", () => {
    expect(decodeWorkerState(encodeWorkerState({ shift }, LAYOUT), LAYOUT, 3, "key")).toEqual({ shift });
    expect(decodeWorkerState(encodeWorkerState(wholeState, LAYOUT), LAYOUT, 3, "key")).toEqual(wholeState);
  });

  it("has the documented layout", () => {
    expect(encodeWorkerState({ shift }, LAYOUT)).toEqual(
      frameOf(FrameType.workerMemory, [{ vector: [1, -2, 0.5] }, { u8: 0 }]),
    );
    expect(encodeWorkerState(wholeState, LAYOUT)).toEqual(
      frameOf(FrameType.workerMemory, [
        { vector: [1, -2, 0.5] },
        { u8: 1 },
        { vector: [4, 5, 6] },
        { vector: [7, 8, 9] },
      ]),
    );
  });

  it("of another dimension is refused, naming the vector", () => {
    expect(() => decodeWorkerState(encodeWorkerState({ shift }, LAYOUT), LAYOUT, 4, "key")).toThrow(
      "key: shift has 3 entries, expected 4",
    );
    const wrong = encodeWorkerState({ ...wholeState, reference: Float64Array.of(1) }, LAYOUT);
    expect(() => decodeWorkerState(wrong, LAYOUT, 3, "key")).toThrow(
      "key: reference has 1 entries, expected 3",
    );
  });
});

describe("vector objects", () => {
  it("come back as they were and have the documented layout", () => {
    expect(decodeVector(encodeVector(shift), 3, "key")).toEqual(shift);
    expect(encodeVector(shift)).toEqual(frameOf(FrameType.vector, [{ vector: [1, -2, 0.5] }]));
  });

  it("of another dimension are refused", () => {
    expect(() => decodeVector(encodeVector(shift), 2, "key")).toThrow("key: expected 2 entries, got 3");
  });
});

describe("spectra", () => {
  const spectrum = {
    rows: 3,
    nonZeros: 7,
    gramEigenvalue: 2.5,
    sumSquaredNorms: 7,
    sumFourthNorms: 19,
    maxSquaredNorm: 4,
  };
  const text =
    '{"gramEigenvalue":2.5,"maxSquaredNorm":4,"nonZeros":7,"rows":3,"sumFourthNorms":19,"sumSquaredNorms":7}';

  it("are JSON with sorted keys and come back as they were", () => {
    expect(new TextDecoder().decode(encodeSpectrum(spectrum))).toBe(text);
    expect(decodeSpectrum(encodeSpectrum(spectrum), "worker 0")).toEqual(spectrum);
    const spectra = { version: 1, data: "ab", shards: [spectrum], gramEigenvalue: 3 } as const;
    expect(new TextDecoder().decode(encodeSpectra(spectra))).toBe(
      `{"data":"ab","gramEigenvalue":3,"shards":[${text}],"version":1}\n`,
    );
    expect(decodeSpectra(encodeSpectra(spectra), "key")).toEqual(spectra);
  });

  it("that are no JSON, or have another shape, are refused naming their source", () => {
    expect(() => decodeSpectrum(Uint8Array.of(1), "worker 3")).toThrow(
      "worker 3: expected JSON, got other bytes",
    );
    const negative = encodeSpectrum({ ...spectrum, rows: -1 });
    expect(() => decodeSpectrum(negative, "worker 3")).toThrow(
      "worker 3: rows: expected number to be >=0, got -1",
    );
  });
});

describe("stored runs", () => {
  it("come back as they were", () => {
    expect(decodeStoredRun(encodeStoredRun(storedRun()), "key")).toEqual(storedRun());
  });

  it("have one text and one digest whatever the order of their fields", () => {
    const { version, run, spec, data } = storedRun();
    const shuffled = { data: { etag: data.etag, sha256: data.sha256 }, spec: { ...spec }, run, version };
    expect(encodeStoredRun(shuffled)).toEqual(encodeStoredRun(storedRun()));
    expect(runDigest(shuffled)).toMatch(/^[0-9a-f]{16}$/);
    expect(runDigest({ ...shuffled, run: "other" })).not.toBe(runDigest(shuffled));
    const otherSeed = { ...storedRun(), spec: { ...completeSpec(), seed: 2 } };
    expect(runDigest(otherSeed)).not.toBe(runDigest(storedRun()));
  });

  it("that are no JSON, or no runs, are refused", () => {
    expect(() => decodeStoredRun(Uint8Array.of(123), "key")).toThrow(
      "key: expected the JSON description of a run",
    );
    const wrong = new TextEncoder().encode(JSON.stringify({ ...storedRun(), run: "UPPER" }));
    expect(() => decodeStoredRun(wrong, "key")).toThrow("key: run: ");
  });
});

describe("control messages", () => {
  it("come back as they were, as JSON with sorted keys", () => {
    for (const action of ["start", "continue", "resume"] as const) {
      const message = { version: 1, run: "example", action, tenure: 3 } as const;
      expect(encodeControl(message)).toBe(`{"action":"${action}","run":"example","tenure":3,"version":1}`);
      expect(decodeControl(encodeControl(message))).toEqual(message);
    }
  });

  it("that are none are refused", () => {
    expect(() => decodeControl("no")).toThrow("control message: expected JSON");
    expect(() => decodeControl('{"version":1,"run":"example","action":"begin","tenure":0}')).toThrow(
      MarinaError,
    );
    expect(() => decodeControl('{"version":1,"run":"../x","action":"start","tenure":0}')).toThrow(
      MarinaError,
    );
  });
});

describe("results", () => {
  it("come back as they were, as JSON for people", () => {
    const bytes = encodeResult(result());
    expect(new TextDecoder().decode(bytes)).toBe(`${JSON.stringify(result(), null, 2)}\n`);
    expect(decodeResult(bytes, "key")).toEqual(result());
  });

  it("that are none are refused", () => {
    expect(() => decodeResult(Uint8Array.of(1), "key")).toThrow("key: expected a run's result as JSON");
    const running = encodeResult({ ...result(), status: "running" as "done" });
    expect(() => decodeResult(running, "key")).toThrow("key: status: ");
  });
});

it("a body is decoded by its codec exactly where its base64 is whole", () => {
  const body = encodeTask(taskOf("gram"));
  expect(toBody(fromBody(body, "task"))).toBe(body);
});
