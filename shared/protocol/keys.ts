/** Where everything lies in the object store, and what the queues are called. Names match NAME_PATTERN. */
import { sha256 } from "./digest.ts";

export const datasetPrefix = "datasets/";
export const runsPrefix = "runs/";

export const modelsPrefix = "models/";
/** A row program, by the SHA-256 of its text: written once, and the same whoever writes it. */
export const modelKey = (sha256: string): string => `${modelsPrefix}${sha256}.json`;

export const manifestKey = (data: string): string => `${datasetPrefix}${data}/manifest.json`;
/** Spectra of the shards of one partition, kept beside the data set. `partition` is e.g. `5-drop`. */
export const spectraKey = (data: string, partition: string): string =>
  `${datasetPrefix}${data}/spectra/${partition}.json`;
/** How far the power iteration of a partition has come, while it goes on. */
export const powerProgressKey = (data: string, partition: string): string =>
  `${datasetPrefix}${data}/spectra/${partition}.progress`;

export const runPrefix = (run: string): string => `${runsPrefix}${run}/`;
export const specKey = (run: string): string => `${runPrefix(run)}spec.json`;
/** x^0 of a run that was given one, as a vector frame; the digest is in its description. */
export const startKey = (run: string, sha256: string): string => `${runPrefix(run)}start/${sha256}`;
export const checkpointKey = (run: string): string => `${runPrefix(run)}checkpoint`;
/** What the run's calibrations took. */
export const preparationKey = (run: string): string => `${runPrefix(run)}preparation.json`;
/** What people say of a run; no part of what it is. */
export const labelsKey = (run: string): string => `${runPrefix(run)}labels.json`;
/** What a measurement of the cloud has seen; such a run has nothing else. */
export const measurementKey = (run: string): string => `${runPrefix(run)}measurement.json`;
export const resultKey = (run: string): string => `${runPrefix(run)}result.json`;
/**
 * x^t as a vector frame: what tasks refer to when it is too large to travel in them. One that was replaced and its
 * successor may disagree on when the workers changed, and so on x^t: each phase has its own.
 */
export const iterateKey = (run: string, phase: number, round: number): string =>
  `${runPrefix(run)}iterates/${phase}/${pad(round)}`;
/** What leads from the server's state of this round to the next one's: short-lived, as the iterates are. */
export const deltaKey = (run: string, phase: number, round: number): string =>
  `${runPrefix(run)}iterates/delta-${phase}/${pad(round)}`;
/** A vector of the server's state S_t beside its points: for workers that have no state to go on from. */
export const serverStateKey = (run: string, phase: number, round: number, name: string): string =>
  `${runPrefix(run)}iterates/state-${phase}/${pad(round)}/${name}`;
/**
 * A vector of the server's state that checkpoints are made of: as durable as they are, though among the iterates.
 * @param writer of the base, like no other one: whoever was replaced must not write or delete what its successor names.
 */
export const stateBaseKey = (run: string, writer: string, round: number, name: string): string =>
  `${runPrefix(run)}iterates/base-${sha256(writer).slice(0, 12)}/${pad(round)}/${name}`;
/** A vector of calibration's power iteration, when it is too large to travel in its tasks. Not an iterate, but as short-lived. */
export const probeKey = (run: string, step: number): string => `${runPrefix(run)}iterates/probe-${pad(step)}`;
/** x^t, when only its exact gradient is asked for. */
export const observedKey = (run: string, phase: number, round: number): string =>
  `${runPrefix(run)}iterates/observed-${pad(phase)}-${pad(round)}`;
/** The same for a difference of exact gradients: x^t may be watched in the round itself as well, and is deleted when that is over. */
export const comparedKey = (run: string, phase: number, round: number): string =>
  `${observedKey(run, phase, round)}-compared`;
/**
 * What only watches and is too large for a message: the exact gradient of a slot, or all of its answer where that is nothing
 * else. Apart from the contribution, so that this takes the same way, watched or not.
 */
export const observationKey = (run: string, phase: number, round: number, slot: number): string =>
  `${runPrefix(run)}contributions/observed-${pad(phase)}/${pad(round)}/${pad(slot)}`;
/** A contribution too large for a message. */
export const contributionKey = (run: string, phase: number, round: number, slot: number): string =>
  `${runPrefix(run)}contributions/${phase}/${pad(round)}/${pad(slot)}`;
/** A reducer's sum of one range of coordinates of a round's messages, and of its exact gradients. */
export const sumKey = (run: string, phase: number, round: number, range: number): string =>
  `${runPrefix(run)}contributions/${phase}/${pad(round)}/sum-${pad(range)}`;
export const observedSumKey = (run: string, phase: number, round: number, range: number): string =>
  `${runPrefix(run)}contributions/observed-${pad(phase)}/${pad(round)}/sum-${pad(range)}`;
/** A worker's gradient at the iterate of a round, over all its rows: for whoever needs it in the next one. */
export const gradientKey = (run: string, phase: number, round: number, worker: number): string =>
  `${runPrefix(run)}contributions/gradients-${phase}/${pad(round)}/${pad(worker)}`;
/** What a DIANA worker remembers for this round; written as the outcome of the round before. */
export const memoryKey = (run: string, worker: number, round: number): string =>
  `${runPrefix(run)}memory/${pad(worker)}/${pad(round)}`;
/** What rounds leave behind and nobody needs once the run is over. */
export const leftoverPrefixes = (run: string): readonly string[] =>
  ["iterates/", "contributions/", "memory/"].map((folder) => `${runPrefix(run)}${folder}`);
export const memoryPrefix = (run: string, worker: number): string =>
  `${runPrefix(run)}memory/${pad(worker)}/`;
/** The round of a memory key. */
export const roundOfMemoryKey = (key: string): number => Number(key.slice(key.lastIndexOf("/") + 1));
/** A block of round records that begins with this round. */
export const roundsKey = (run: string, first: number): string => `${runPrefix(run)}rounds/${pad(first)}`;
export const roundsPrefix = (run: string): string => `${runPrefix(run)}rounds/`;

/**
 * May the object be forgotten a few days after it was written? Iterates and large contributions travel through the store
 * only (but for bases of checkpoints), and are written again whenever a round is repeated.
 */
export function isTransientKey(key: string): boolean {
  return /^runs\/[^/]+\/(iterates\/(?!base-)|contributions\/)/.test(key);
}

/** How the store is told: a tag, since S3's rules for forgetting know prefixes and tags but no patterns of keys. */
export const TRANSIENT_TAG = { key: "marina-lifetime", value: "round" } as const;

/** What all run queues of a stack begin with: its functions may touch no others. */
export const runQueuePrefix = (prefix: string): string => `${prefix}run-`;

/**
 * A run's own queue of contributions. SQS allows 80 of A-Z a-z 0-9 - _ : as much of the run's name as fits, made unique
 * by a digest. @param prefix of the stack, at most 24 characters.
 */
export const contributionsQueueName = (prefix: string, run: string): string =>
  `${runQueuePrefix(prefix)}${run.slice(0, 38).replaceAll(".", "_")}-${sha256(run).slice(0, 12)}`;

/** Ten digits, so that lexicographic order is the order of the numbers. */
function pad(value: number): string {
  return String(value).padStart(10, "0");
}
