import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../base/errors.ts";
import { FrameType, fromBody, toBody } from "./frames/frame.ts";
import {
  decodeRunMessage,
  evaluationBytesOfContribution,
  frameRunMessage,
  parseRunMessage,
} from "./messages/run-message.ts";
import { decodeTask, encodeTask } from "./messages/task.ts";
import { outsideBytesOf } from "./messages/traffic.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./stored/checkpoint.ts";
import { decodeDelta, encodeDelta } from "./stored/delta.ts";
import { decodeGradient, encodeGradient } from "./stored/gradient.ts";
import { decodeComputeProbe, decodeMeasurement, decodeObjectsProbe } from "./stored/measurement.ts";
import { decodeResult, encodeResult } from "./stored/result.ts";
import { decodeRounds, encodeRounds } from "./stored/round-record.ts";
import { decodeControl, decodeStoredRun, encodeStoredRun } from "./stored/run.ts";
import { decodeSpectra, decodeSpectrum } from "./stored/spectra.ts";
import { decodeVector, encodeVector } from "./stored/vector-object.ts";
import { decodeWorkerState, encodeWorkerState } from "./stored/worker-state.ts";
import { crc32Bitwise, type Field, frameOf } from "./testing/layout.ts";
import {
  basedCheckpoint,
  checkpoint,
  deltas,
  incoming,
  records,
  result,
  storedRun,
  taskKinds,
  taskOf,
} from "./testing/samples.ts";

/** The layout of VR-DIANA's workers. */
const GRADIENT = { runDigest: "0123456789abcdef", phase: 0, workers: 9, round: 7, worker: 2, point: 5 };
const STATE = { vectors: ["shift"], spare: ["reference", "referenceGradient"] };
const vector = Float64Array.of(1, 2, 3);

/** Every binary codec: its frame type, a reader of bytes, and valid frames. */
const codecs = {
  task: {
    type: FrameType.task,
    read: (bytes: Uint8Array) => decodeTask(toBody(bytes)),
    valid: taskKinds.map((kind) => new Uint8Array(fromBody(encodeTask(taskOf(kind)), "task"))),
  },
  contribution: {
    type: FrameType.contribution,
    read: parseRunMessage,
    valid: Object.values(incoming).map(frameRunMessage),
  },
  checkpoint: {
    type: FrameType.checkpoint,
    read: (bytes: Uint8Array) => decodeCheckpoint(bytes, "checkpoint"),
    valid: [encodeCheckpoint(checkpoint), encodeCheckpoint(basedCheckpoint)],
  },
  delta: {
    type: FrameType.delta,
    read: (bytes: Uint8Array) => decodeDelta(bytes, 3, "delta"),
    valid: deltas.map(encodeDelta),
  },
  rounds: {
    type: FrameType.rounds,
    read: (bytes: Uint8Array) => decodeRounds(bytes, "rounds"),
    valid: [encodeRounds(records)],
  },
  "worker memory": {
    type: FrameType.workerMemory,
    read: (bytes: Uint8Array) => decodeWorkerState(bytes, STATE, 3, "memory"),
    valid: [
      encodeWorkerState({ shift: vector }, STATE),
      encodeWorkerState({ shift: vector, reference: vector, referenceGradient: vector }, STATE),
    ],
  },
  vector: {
    type: FrameType.vector,
    read: (bytes: Uint8Array) => decodeVector(bytes, 3, "vector"),
    valid: [encodeVector(vector)],
  },
  "vector of float32": {
    type: FrameType.floats,
    read: (bytes: Uint8Array) => decodeVector(bytes, 3, "vector", "float32"),
    valid: [encodeVector(vector, "float32")],
  },
  gradient: {
    type: FrameType.gradient,
    read: (bytes: Uint8Array) => decodeGradient(bytes, GRADIENT, 3, "gradient"),
    valid: [encodeGradient(GRADIENT, vector)],
  },
} as const;

/** Characters of the longest error: twenty problems with their paths and what was expected. */
const LONGEST_MESSAGE = 10_000;
/** Bytes that an error, its stack and the harness may take whatever the input. */
const SLACK = 2_000_000;

/** Reads; passes only when a value or a MarinaError came out, at the cost of little more than the input. */
function survives(read: () => unknown, inputBytes: number): void {
  const before = process.memoryUsage().arrayBuffers;
  try {
    read();
  } catch (error) {
    if (!(error instanceof MarinaError)) throw error;
    if (error.message.length > 4 * inputBytes + LONGEST_MESSAGE)
      throw new Error(`message of ${error.message.length} characters`);
  }
  const used = process.memoryUsage().arrayBuffers - before;
  if (used > 8 * inputBytes + SLACK) throw new Error(`${used} bytes for an input of ${inputBytes}`);
}

function resealed(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  view.setUint32(12, frame.length - 16, true);
  view.setUint32(8, crc32Bitwise(frame.subarray(16)), true);
  return frame;
}

describe.each(Object.entries(codecs))("the reader of a %s", (_name, { type, read, valid }) => {
  it("takes every valid frame", () => {
    for (const frame of valid) expect(() => read(frame)).not.toThrow();
  });

  it("throws nothing but MarinaErrors at arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => survives(() => read(bytes), bytes.length)),
    );
  });

  it("throws nothing but MarinaErrors at arbitrary fields in a frame with the right checksum", () => {
    const field: fc.Arbitrary<Field> = fc.oneof(
      fc.record({ u8: fc.integer({ min: 0, max: 255 }) }),
      fc.record({
        u32: fc.oneof(
          fc.integer({ min: 0, max: 16 }),
          fc.constantFrom(0xffff_ffff, 0x7fff_ffff, 0x2000_0000),
        ),
      }),
      fc.record({ f64: fc.double() }),
      fc.record({ text: fc.oneof(fc.string(), fc.json()) }),
      fc.record({ raw: fc.uint8Array({ maxLength: 20 }) }),
      fc.record({ vector: fc.array(fc.double(), { maxLength: 5 }) }),
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
        const frame = frameOf(type, fields);
        survives(() => read(frame), frame.length);
      }),
      { numRuns: 200 },
    );
  });

  it("refuses every valid frame with one byte changed, wherever it is", () => {
    for (const frame of valid) {
      for (let at = 0; at < frame.length; at++) {
        const changed = frame.slice();
        changed[at]! ^= 1 << (at % 8);
        expect(() => read(changed), `byte ${at}`).toThrow(MarinaError);
      }
    }
  });

  it("refuses every valid frame cut short or with a byte more", () => {
    for (const frame of valid) {
      for (let length = 0; length < frame.length; length++) {
        expect(() => read(frame.slice(0, length)), `${length} bytes`).toThrow(MarinaError);
      }
      expect(() => read(Uint8Array.of(...frame, 0))).toThrow(MarinaError);
    }
  });

  it("throws nothing but MarinaErrors at a valid frame with changed bytes and the checksum put right", () => {
    const at = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(
        fc.constantFrom(...valid),
        fc.array(at, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (frame, changes, cut) => {
          const bytes = frame.slice(0, Math.max(16, frame.length - (cut % 3 === 0 ? cut % frame.length : 0)));
          for (const [where, value] of changes) {
            if (bytes.length > 16) bytes[16 + (where % (bytes.length - 16))] = value;
          }
          const forged = resealed(bytes);
          survives(() => read(forged), forged.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("readers of text", () => {
  const readers = [decodeTask, decodeRunMessage, decodeControl] as const;

  it("throw nothing but MarinaErrors at arbitrary bodies", () => {
    const body = fc.oneof(fc.string(), fc.base64String(), fc.json());
    fc.assert(
      fc.property(body, (text) => {
        for (const read of readers) survives(() => read(text), text.length);
      }),
    );
  });

  it("of stored JSON throw nothing but MarinaErrors", () => {
    const stored = [
      (bytes: Uint8Array) => decodeStoredRun(bytes, "spec.json"),
      (bytes: Uint8Array) => decodeResult(bytes, "result.json"),
      (bytes: Uint8Array) => decodeSpectra(bytes, "spectra"),
      (bytes: Uint8Array) => decodeMeasurement(bytes, "measurement.json"),
      decodeObjectsProbe,
      decodeComputeProbe,
      (bytes: Uint8Array) => decodeSpectrum(bytes, "worker 0"),
    ];
    const valid = [encodeStoredRun(storedRun()), encodeResult(result())];
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
      fc
        .tuple(fc.constantFrom(...valid), fc.nat(), fc.integer({ min: 0, max: 255 }))
        .map(([text, at, value]) => {
          const changed = text.slice();
          changed[at % changed.length] = value;
          return changed;
        }),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        for (const read of stored) survives(() => read(input), input.length);
      }),
      { numRuns: 300 },
    );
  });

  it("that only look at the first bytes of a body never throw, and count no more than the body", () => {
    const bodies = [...codecs.task.valid, ...codecs.contribution.valid].map(toBody);
    const cut = fc
      .tuple(fc.constantFrom(...bodies), fc.nat())
      .map(([body, length]) => body.slice(0, length % body.length));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), cut), (text) => {
        expect(outsideBytesOf(text)).toBeGreaterThanOrEqual(0);
        expect(evaluationBytesOfContribution(text)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
