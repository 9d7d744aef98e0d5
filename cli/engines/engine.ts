/** An engine: a cloud on which the two functions run, as the command line sees it. */
import type { ObjectStore } from "../../shared/cloud/ports.ts";
import type { RunResult } from "../../shared/protocol/result.ts";
import type { RoundRecord } from "../../shared/protocol/round-record.ts";
import type { ControlMessage } from "../../shared/protocol/run.ts";

/** Asks a process that drives a run to stop it at once, and to end as after Ctrl-C. */
export const STOP_NOW_SIGNAL = "SIGUSR2";

/** Told while a run goes on. */
export interface Watcher {
  calibration(what: "spectra" | "average-smoothness" | "start", step: number): void;
  round(record: RoundRecord): void;
}

export interface Engine {
  readonly name: string;
  /** Seconds and dollars are a prediction of this engine's model, not a measurement. */
  readonly predicts: boolean;
  /** The engine's object store: data sets, runs, results. */
  readonly objects: ObjectStore;
  /** Sends a control message and waits until the run has ended. */
  drive(control: ControlMessage, watcher: Watcher): Promise<RunResult>;
  /** Asks a run that this engine drives to stop at its next round boundary, or at once. */
  requestStop(run: string, now?: boolean): Promise<void>;
  /** Where a person finds an object, e.g. a path. */
  locate(key: string): string;
  /** Makes everything durable. Must be called before the process ends. */
  close(): Promise<void>;
}
