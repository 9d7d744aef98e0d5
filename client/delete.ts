/** Runs and data sets taken away for good: what may go, how much it is, and in which order it goes. */
import { MarinaError } from "../shared/base/index.ts";
import type { StoredFile } from "../shared/cloud/aws/index.ts";
import { readOptional } from "../shared/cloud/index.ts";
import {
  dataSetsOf,
  datasetPrefix,
  decodeResult,
  decodeStoredRun,
  manifestKey,
  NAME_PATTERN,
  resultKey,
  runPrefix,
  specKey,
} from "../shared/protocol/index.ts";
import type { Engine } from "./engines/engine.ts";
import { findManifest, findRun } from "./find.ts";
import { runNames } from "./run-names.ts";

/** What is to go. */
export interface Deletion {
  readonly name: string;
  /** In words, for who is asked. */
  readonly what: string;
  readonly objects: number;
  readonly bytes: number;
  /** Does it. May be called again where it failed. */
  readonly perform: () => Promise<void>;
}

export interface DeleteRunOptions {
  /** Also a run that gives no sign of life, though something may still be at work on it. */
  readonly silent?: boolean;
}

/**
 * Looks at a run that is to be deleted. Its description goes first: from then on it does not exist, and what an interruption
 * leaves of it belongs to nothing; deleting it once more takes that away.
 * @throws MarinaError "usage" for a run that is live, gives no sign of life, or does not exist.
 */
export async function runDeletion(
  engine: Engine,
  run: string,
  { silent = false }: DeleteRunOptions = {},
): Promise<Deletion> {
  const files = await filesBelow(engine, run, runPrefix);
  const description = specKey(run);
  const isWhole = files.some(({ key }) => key === description);
  if (!isWhole && files.length === 0) await findRun(engine.live, run);
  const what = isWhole ? await standingWords(engine, run, silent) : "what is left of a run that was deleted";
  const rest = files.map(({ key }) => key).filter((key) => key !== description);
  return {
    name: run,
    what: `run ${run} (${what})`,
    ...sizeOf(files),
    perform: () => engine.discardRun(run, isWhole ? [description, ...rest] : rest),
  };
}

async function standingWords(engine: Engine, run: string, silent: boolean): Promise<string> {
  const { state, because } = await engine.liveness(run);
  if (state === "live")
    throw new MarinaError(
      "usage",
      `run ${run} is running (${because}) and can't be deleted; stop it first: marina stop ${run}`,
    );
  if (state === "silent" && !silent)
    throw new MarinaError(
      "usage",
      `run ${run} gives no sign of life (${because}), but something may still be at work on it; go on with it: marina resume ${run}, or delete it all the same: marina delete ${run} --silent`,
    );
  if (state !== "ended") return state === "silent" ? "gives no sign of life" : "was cut off and could go on";
  const result = await readOptional(engine.live, resultKey(run), decodeResult);
  const rounds = result === undefined ? "" : ` after ${result.rounds.toLocaleString("en-US")} rounds`;
  return `${result?.status ?? "ended"}${rounds}`;
}

/**
 * Looks at a data set that is to be deleted. Its manifest goes first: from then on it does not exist.
 * @throws MarinaError "usage" for one that a live run, a sweep or a search uses, or that does not exist.
 */
export async function dataDeletion(engine: Engine, name: string): Promise<Deletion> {
  const files = await filesBelow(engine, name, (data) => `${datasetPrefix}${data}/`);
  const manifest = manifestKey(name);
  const isWhole = files.some(({ key }) => key === manifest);
  if (!isWhole && files.length === 0) await findManifest(engine.live, name);
  const free = { unused: true };
  const unfinished = await engine.exclusively("data set", name, () => unfinishedRunsOn(engine, name), free);
  const rest = files.map(({ key }) => key).filter((key) => key !== manifest);
  const needed =
    unfinished.length === 0
      ? ""
      : `; ${unfinished.join(", ")} could not go on any more until the same rows are imported again`;
  return {
    name,
    what: `${isWhole ? "data set" : "what is left of data set"} ${name}${needed}`,
    ...sizeOf(files),
    perform: () =>
      engine.exclusively(
        "data set",
        name,
        async () => {
          // Some time may have been spent asking.
          await unfinishedRunsOn(engine, name);
          for (const key of isWhole ? [manifest, ...rest] : rest) await engine.objects.delete(key);
        },
        free,
      ),
  };
}

/** Names of the runs that have not ended for good. @throws MarinaError "usage" when one of them is live. */
async function unfinishedRunsOn(engine: Engine, data: string): Promise<string[]> {
  const unfinished: string[] = [];
  for (const { run, state, because, isDone } of await usersOf(engine, data)) {
    if (state === "live" || state === "silent")
      throw new MarinaError(
        "usage",
        `data set ${data} is in use: run ${run} ${state === "live" ? "is running" : "may be running"} (${because}); stop it first: marina stop ${run}`,
      );
    if (!isDone) unfinished.push(run);
  }
  return unfinished;
}

async function usersOf(engine: Engine, data: string) {
  const users: { run: string; state: string; because: string; isDone: boolean }[] = [];
  for (const run of await runNames(engine.live)) {
    const stored = await readOptional(engine.live, specKey(run), decodeStoredRun);
    if (stored === undefined || !dataSetsOf(stored.spec).includes(data)) continue;
    const result = await readOptional(engine.live, resultKey(run), decodeResult);
    const isDone = result?.status === "done" || result?.status === "diverged";
    users.push({ run, ...(await engine.liveness(run)), isDone });
  }
  return users;
}

/** A name that is none must not reach a store: it could lie outside its folder. */
async function filesBelow(
  engine: Engine,
  name: string,
  prefixOf: (name: string) => string,
): Promise<readonly StoredFile[]> {
  return NAME_PATTERN.test(name) ? engine.inventory(prefixOf(name)) : [];
}

function sizeOf(files: readonly StoredFile[]): { readonly objects: number; readonly bytes: number } {
  return { objects: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}
