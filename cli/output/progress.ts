/** Live progress of a run: one line that changes on a terminal, a plain line now and then elsewhere. */

import { fitted, heldOutText, type Part, type Watcher } from "../../client/index.ts";
import type { CalibrationQuestion } from "../../lambdas/aggregator/index.ts";
import { OutlookTracker } from "../../monitor/index.ts";
import { dollars, megabits, seconds, short } from "../../shared/base/index.ts";
import type { RoundRecord, RunSpec } from "../../shared/protocol/index.ts";
import { widthOf } from "./terminal.ts";

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
  const interval = live ? TERMINAL_INTERVAL : PLAIN_INTERVAL;
  let shown = live ? Number.NEGATIVE_INFINITY : now();
  let first: number | undefined;
  let norm: number | null = null;
  let initial: number | null = null;
  let loss: number | null = null;
  let heldOut = "";
  const outlooks = new OutlookTracker();
  const show = (parts: () => readonly Part[]): void => {
    const at = now();
    if (at - shown < interval) return;
    shown = at;
    const width = widthOf(stream);
    // A full line would move the cursor to the next one.
    const line = fitted(parts(), width === undefined ? undefined : width - 1);
    if (live) update(line);
    else stream.write(`${line}\n`);
  };
  const approximately = predicts ? "~" : "";
  return {
    calibration(what, step) {
      const doing = `${CALIBRATION_TEXT[what]}${step === 0 ? "" : `, step ${step}`}`;
      show(() => [[`${run}: calibration, ${doing}`]]);
    },
    round(record: RoundRecord) {
      first ??= record.round;
      norm = record.gradientNormSquared ?? norm;
      initial ??= record.gradientNormSquared;
      loss = record.loss ?? loss;
      if (record.heldOut !== undefined) heldOut = heldOutText(record.heldOut);
      const relative =
        norm !== null && initial !== null && first === 0 ? `(${short(norm / initial)} of start)` : "";
      show(() => {
        const where = { stop: spec.stop, ended: false, round: record.round, norm, initialNorm: initial };
        const { usd, seconds: elapsed } = record;
        const outlook = outlooks.see({ ...where, usd, seconds: elapsed }, now() / 1000);
        const { roundsPerSecond: rate, secondsLeft: left } = outlook;
        return [
          [`${run}: round ${record.round}/${spec.stop.rounds}`],
          [`|∇f|² ${short(norm)}`, 6],
          [relative, 5],
          [`f ${short(loss)}`, 9],
          [heldOut, 4],
          [`${megabits(record.uplinkBitsPerWorker)} Mbit/worker`, 8],
          [`${approximately}${seconds(elapsed)}`, 3],
          [`${approximately}$${dollars(usd)}`, 2],
          [rate === null ? "" : `${short(rate)} rounds/s`, 7],
          [left === null ? "" : `about ${seconds(left)} left`, 1],
        ];
      });
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
