/** The service, as a program has it in hand: on whichever engine. */

import { DEFAULT_CONFIGURATION } from "../embedded/index.ts";
import type { Manifest } from "../shared/data/index.ts";
import { parseRunSpec, type RunLabels, type RunSpecInput, type StoredRun } from "../shared/protocol/index.ts";
import { type DeleteRunOptions, dataDeletion, runDeletion } from "./delete.ts";
import { type Engine, isDeployed } from "./engines/engine.ts";
import { openEngine } from "./engines/open.ts";
import { datasetNames, findManifest, findRun } from "./find.ts";
import { fileImport, type ImportFileOptions } from "./import/import-file.ts";
import { changeLabels, checkLabels, type LabelChange, readLabels } from "./labels.ts";
import { createRun, resumeRun } from "./launch.ts";
import { type Prediction, predict } from "./predict.ts";
import { type Check, checkFit } from "./preflight.ts";
import { Run } from "./run.ts";
import { runNames } from "./run-names.ts";
import { exportArchive, importArchive } from "./transfer.ts";

/** In this process, on a virtual clock. */
export interface EmbeddedOptions {
  readonly on?: "embedded";
  /** Folder of its state; by default .marina below the working directory. */
  readonly home?: string;
}

/** A deployed stack: on AWS, or on a local cloud (LocalStack, MiniStack). */
export interface StackOptions {
  readonly on: "aws" | "localstack";
  /** Name of the CloudFormation stack; by default Marina. */
  readonly stack?: string;
  /** By default as the AWS CLI finds it. */
  readonly region?: string;
  /** Of a local cloud; by default AWS_ENDPOINT_URL, or port 4566 of this machine. */
  readonly endpointUrl?: string;
}

/** Which cloud, and where it is. */
export type MarinaOptions = EmbeddedOptions | StackOptions;

function isStack(options: MarinaOptions): options is StackOptions {
  return options.on === "aws" || options.on === "localstack";
}

/**
 * Opens the service.
 *
 * ```ts
 * await using marina = await openMarina({ home: "state" });
 * const run = await marina.createRun({ data: "mushrooms", ... });
 * ```
 * @throws MarinaError with one clear line: no credentials, no region, no stack.
 */
export async function openMarina(options: MarinaOptions = {}): Promise<Marina> {
  if (!isStack(options)) {
    const { home = ".marina" } = options;
    const open = () => openEngine({ on: "embedded", home, stack: "" });
    return new Marina(await open(), open);
  }
  const { on, stack = "Marina", region, endpointUrl } = options;
  const where = {
    ...(region === undefined ? {} : { region }),
    ...(endpointUrl === undefined ? {} : { endpointUrl }),
  };
  return new Marina(await openEngine({ on, stack, home: "", ...where }));
}

/**
 * What a program does with the service. Close it, or declare it with `await using`: on the embedded cloud that stops the
 * runs that were begun here at their next round boundaries, from which they can be resumed; on a stack runs go on.
 */
export class Marina implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #cold: (() => Promise<Engine>) | undefined;
  /** Runs that were begun here and have not ended. */
  readonly #begun = new Map<string, Run>();

  /** @param cold another engine over the same state, where each run begins with a cold cloud. */
  constructor(engine: Engine, cold?: () => Promise<Engine>) {
    this.#engine = engine;
    this.#cold = cold;
  }

  /** Seconds and dollars are a prediction of this engine's model, not a measurement. */
  get predicts(): boolean {
    return this.#engine.predicts;
  }

  /**
   * Checks the spec against its data, stores a new run and begins it. Its name is the spec's, or one made of method and
   * data; a number is added where it is taken.
   * @param labels its tags and its note, which are no part of the spec
   * @throws MarinaError "spec" with the field, what was expected and what came; "usage" for data that are not there.
   */
  async createRun(spec: RunSpecInput, labels?: LabelChange): Promise<Run> {
    const checked = parseRunSpec(spec, "spec");
    if (labels !== undefined) checkLabels(labels);
    return this.#beginning(async (engine) => {
      const { control } = await createRun(engine.objects, checked, engine.machineBytes);
      if (labels !== undefined) await changeLabels(engine.objects, control.run, labels);
      return { name: control.run, spec: checked, control };
    });
  }

  /**
   * Goes on with a run that was stopped, cut off, or failed, with the same bits; one that goes on already is followed.
   * @throws MarinaError "usage" for one that is done, or does not exist.
   */
  async resumeRun(name: string): Promise<Run> {
    const begun = this.#begun.get(name);
    if (begun !== undefined) return begun;
    const run = await this.findRun(name);
    if ((await run.state()).state === "live") return run;
    return this.#beginning(async (engine) => {
      const { spec, control } = await resumeRun(engine.objects, name, engine.machineBytes);
      return { name, spec, control };
    });
  }

  /** A run that is there, whoever drives it. @throws MarinaError "usage" with the nearest name. */
  async findRun(name: string): Promise<Run> {
    const begun = this.#begun.get(name);
    if (begun !== undefined) return begun;
    const { spec } = await findRun(this.#engine.live, name);
    return new Run({ engine: this.#engine, name, spec, objects: this.#engine.live });
  }

  /** Names of all runs. */
  async runNames(): Promise<string[]> {
    return runNames(this.#engine.live);
  }

  /**
   * Imports LIBSVM, CSV or Parquet; compressed, in several files, or s3://BUCKET/KEY, as `marina data import` does.
   * @throws MarinaError "usage", "data" with the line, "precondition-failed" where the name is taken.
   */
  async importData(path: string | readonly string[], options: ImportFileOptions = {}): Promise<Manifest> {
    const paths = typeof path === "string" ? [path] : path;
    const importInto = await fileImport(paths, options, async () =>
      (await import("../shared/cloud/aws/index.ts")).createObjectFiles(),
    );
    return this.#writing(async (engine) => (await importInto(engine)).manifest);
  }

  /** Names of the imported data sets. */
  dataNames(): Promise<string[]> {
    return datasetNames(this.#engine.live);
  }

  /** Shape, labels, source and checksums of a data set. @throws MarinaError "usage" with the nearest name. */
  findData(name: string): Promise<Manifest> {
    return findManifest(this.#engine.live, name);
  }

  /**
   * What a run will take and cost: its first rounds on the embedded cloud, with the run's own data.
   * @returns undefined where data or vectors are too large for a trial.
   */
  predict(spec: RunSpecInput): Promise<Prediction | undefined> {
    const { stack, live } = this.#engine;
    return predict(live, parseRunSpec(spec, "spec"), stack ?? DEFAULT_CONFIGURATION);
  }

  /** Is the stack fit for the spec: time-outs, memory? Nothing to check on the embedded cloud. */
  async preflight(spec: RunSpecInput): Promise<Check[]> {
    const checked = parseRunSpec(spec, "spec");
    return isDeployed(this.#engine) ? checkFit(this.#engine, checked) : [];
  }

  /**
   * Everything of a run that is not being driven, as one file: to go on with it elsewhere.
   * @param withData with the rows of its data set; without, it must be imported where the run goes on.
   */
  async exportRun(
    name: string,
    { withData = true }: { readonly withData?: boolean } = {},
  ): Promise<Uint8Array> {
    return this.#writing(({ objects }) => exportArchive(objects, name, withData));
  }

  /** Takes an exported run in; `resumeRun` goes on with it. @returns its name. */
  importRun(file: Uint8Array): Promise<string> {
    return this.#writing((engine) => importArchive(engine, file, "archive"));
  }

  /** Tags and note of a run. @throws MarinaError "usage" when there is no such run. */
  async findLabels(name: string): Promise<RunLabels> {
    await findRun(this.#engine.live, name);
    return readLabels(this.#engine.live, name);
  }

  /** Sets or takes away tags and the note of a run, whatever it is doing. @returns what it has then. */
  async labelRun(name: string, change: LabelChange): Promise<RunLabels> {
    await findRun(this.#engine.live, name);
    return this.#writing(({ objects }) => changeLabels(objects, name, change));
  }

  /**
   * Deletes a run and everything of it, for good.
   * @throws MarinaError "usage" for one that is live, gives no sign of life (unless `silent`), or does not exist.
   */
  deleteRun(name: string, options: DeleteRunOptions = {}): Promise<void> {
    return this.#writing(async (engine) => (await runDeletion(engine, name, options)).perform());
  }

  /** Deletes a data set, for good. @throws MarinaError "usage" for one that a live run uses, or that does not exist. */
  deleteData(name: string): Promise<void> {
    return this.#writing(async (engine) => (await dataDeletion(engine, name)).perform());
  }

  /** See the class. May be called again. */
  async close(): Promise<void> {
    if (this.#cold !== undefined) {
      const ends = [...this.#begun.values()].map(async (run) => {
        await run.stop();
        await run.result();
      });
      // How they end is told to who waits for them.
      await Promise.allSettled(ends);
    }
    await this.#engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Begins a run on an engine that is closed with the run's end, or is this one's own. */
  async #beginning(
    prepare: (engine: Engine) => Promise<{
      readonly name: string;
      readonly spec: StoredRun["spec"];
      readonly control: Parameters<Engine["drive"]>[0];
    }>,
  ): Promise<Run> {
    const engine = this.#cold === undefined ? this.#engine : await this.#cold();
    const leave = async (): Promise<void> => {
      if (engine !== this.#engine) await engine.close();
    };
    try {
      const { name, spec, control } = await prepare(engine);
      const run = new Run({
        engine,
        name,
        spec,
        objects: engine.objects,
        drive: async (watcher) => {
          try {
            return await engine.drive(control, watcher);
          } finally {
            this.#begun.delete(name);
            await leave();
          }
        },
      });
      this.#begun.set(name, run);
      return run;
    } catch (error) {
      await leave();
      throw error;
    }
  }

  /** What is written on the embedded cloud reaches its folder when its engine is closed. */
  async #writing<T>(use: (engine: Engine) => Promise<T>): Promise<T> {
    if (this.#cold === undefined) return use(this.#engine);
    const engine = await this.#cold();
    try {
      return await use(engine);
    } finally {
      await engine.close();
    }
  }
}
