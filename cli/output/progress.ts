/** Live progress of a run: one line that changes on a terminal, a plain line now and then elsewhere. */

import { heldOutText, type Watcher } from "../../client/index.ts";
import type { CalibrationQuestion } from "../../lambdas/aggregator/index.ts";
import { dollars, megabits, seconds, short } from "../../shared/base/index.ts";
import type { RoundRecord, RunSpec } from "../../shared/protocol/index.ts";

export interface ProgressOptions {
  readonly run: string;
  readonly spec: RunSpec;
  /** Seconds and dollars are predictions. */
  readonly predicts: boolean;
  readonly stream: NodeJS.WriteStream;
  /** Milliseconds of a clock for people. */
  readonly now: () => number;
  /** Replaces the live line. */
  readonly update: (line: string) => void;
}

const TERMINAL_INTERVAL = 100;
const PLAIN_INTERVAL = 5000;

const CALIBRATION_TEXT: Readonly<Record<CalibrationQuestion, string>> = {
  spectra: "spectra",
  "average-smoothness": "power iteration",
  hessians: "Hessians",
  start: "start",
  probe: "gradients near x^0",
};

export function createProgress(options: ProgressOptions): Watcher & { readonly done: () => void } {
  const { run, spec, predicts, stream, now, update } = options;
  const live = stream.isTTY === true;
  const started = now();
  const interval = live ? TERMINAL_INTERVAL : PLAIN_INTERVAL;
  let shown = live ? Number.NEGATIVE_INFINITY : started;
  let first: number | undefined;
  let norm: number | null = null;
  let initial: number | null = null;
  let loss: number | null = null;
  let heldOut = "";
  const show = (line: string): void => {
    const at = now();
    if (at - shown < interval) return;
    shown = at;
    if (live) update(line.slice(0, (stream.columns ?? 120) - 1));
    else stream.write(`${line}\n`);
  };
  const approximately = predicts ? "~" : "";
  return {
    calibration(what, step) {
      show(`${run}: calibration, ${CALIBRATION_TEXT[what]}${step === 0 ? "" : `, step ${step}`}`);
    },
    round(record: RoundRecord) {
      first ??= record.round;
      norm = record.gradientNormSquared ?? norm;
      initial ??= record.gradientNormSquared;
      loss = record.loss ?? loss;
      if (record.heldOut !== undefined) heldOut = `  ${heldOutText(record.heldOut)}`;
      const rate = (1000 * (record.round - first)) / Math.max(1, now() - started);
      const relative =
        norm !== null && initial !== null && first === 0 ? ` (${short(norm / initial)} of start)` : "";
      show(
        `${run}: round ${record.round}/${spec.stop.rounds}  |∇f|² ${short(norm)}${relative}  f ${short(loss)}${heldOut}  ` +
          `${megabits(record.uplinkBitsPerWorker)} Mbit/worker  ${approximately}${seconds(record.seconds)}  ` +
          `${approximately}$${dollars(record.usd)}  ${Math.round(rate)} rounds/s`,
      );
    },
    quiet(silence) {
      if (live) update("");
      stream.write(
        `${run}: nothing new for ${seconds(silence)}; what the functions say of it: marina logs ${run}\n`,
      );
    },
    done() {
      if (live) update("");
    },
  };
}
