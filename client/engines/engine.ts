/** An engine: a cloud on which the two functions run, as the command line sees it. */

import {
  DEFAULT_CONFIGURATION,
  type LatencyProfile,
  type ServiceConfiguration,
} from "../../embedded/index.ts";
import type { CalibrationQuestion } from "../../lambdas/aggregator/index.ts";
import type { DeployedStack, StoredFile } from "../../shared/cloud/aws/index.ts";
import type { ObjectStore } from "../../shared/cloud/index.ts";
import type {
  ControlMessage,
  MeasureMessage,
  Measurement,
  RoundRecord,
  RunResult,
} from "../../shared/protocol/index.ts";
import type { RunCommand } from "./commands.ts";
import type { Liveness } from "./liveness.ts";

/** Told while a run goes on. */
export interface Watcher {
  calibration(what: CalibrationQuestion, step: number): void;
  round(record: RoundRecord): void;
  /** Nothing has happened for so long. */
  quiet?(seconds: number): void;
}

export type Written = "data set" | "run";

export interface Engine extends AsyncDisposable {
  readonly name: string;
  /** What is deployed; only an engine that is a stack has it. */
  readonly stack?: DeployedStack;
  /** Seconds and dollars are a prediction of this engine's model, not a measurement. */
  readonly predicts: boolean;
  /** What its predictions, and those for it, are made with, where not by what is published. */
  readonly latencies?: LatencyProfile;
  /** Memory that a whole run has to get by with, where it runs in this process; undefined where functions run it. */
  readonly machineBytes?: number;
  /** The engine's object store: data sets, runs, results. */
  readonly objects: ObjectStore;
  /** The same as they are now, also where another process writes them: for looking at a run that it drives. */
  readonly live: Pick<ObjectStore, "get" | "list">;
  /**
   * Does work that writes a data set or a run whole, as an import does, while no other process of this machine does so under
   * the same name; what others wrote before is seen, what the work writes is durable in the end. (A stack's conditional
   * writes hold by themselves: there it is just done.)
   * @param condition `unused`: what is there is taken away, so no sweep or search of this machine may use it.
   * @throws MarinaError "usage" where another process goes on doing it, or uses it; and whatever the work throws
   */
  exclusively<T>(
    kind: Written,
    name: string,
    work: () => Promise<T>,
    condition?: { readonly unused: boolean },
  ): Promise<T>;
  /** Sends a control message and waits until the run has ended. */
  drive(control: ControlMessage, watcher: Watcher): Promise<RunResult>;
  /** Waits for a run that is live already, and tells of it as `drive` does. Undefined when it is cut off before its end. */
  attach(run: string, watcher: Watcher): Promise<RunResult | undefined>;
  /** Does the run go on by itself? @throws MarinaError "not-found" when it was deleted. */
  liveness(run: string): Promise<Liveness>;
  /** Tells a run that is under way to stop, or to go on with others. */
  command(run: string, command: RunCommand): Promise<void>;
  /** Every object below a prefix as it is now, with its size and the time of its last writing; in order of the keys. */
  inventory(prefix: string): Promise<readonly StoredFile[]>;
  /**
   * Deletes these objects of a run, one after the other and durably, and what else there is of it: its queue, its files.
   * @throws MarinaError "usage" when somebody drives the run.
   */
  discardRun(run: string, keys: readonly string[]): Promise<void>;
  /** Where a person finds an object, e.g. a path. */
  locate(key: string): string;
  /** Makes everything durable, and ends what still waits for a run. Must be called before the process ends. */
  close(): Promise<void>;
}

/** A stack as an engine. */
export type DeployedEngine = Engine & {
  readonly stack: DeployedStack;
  /** Measures the cloud by its functions. */
  measure(message: MeasureMessage): Promise<Measurement>;
};

export function isDeployed(engine: Engine): engine is DeployedEngine {
  return engine.stack !== undefined;
}

/** What an engine's functions are, or would be, for predictions. */
export function configurationOf({
  stack,
  latencies,
}: Pick<Engine, "stack" | "latencies">): ServiceConfiguration {
  return { ...(stack ?? DEFAULT_CONFIGURATION), ...(latencies === undefined ? {} : { latencies }) };
}
