/** Tags and notes of runs: set when a run is begun, or at any time later; no part of its description. */
import { MarinaError } from "../shared/base/index.ts";
import { type ObjectStore, readOptional, type StoredObject } from "../shared/cloud/index.ts";
import {
  decodeLabels,
  encodeLabels,
  labelsKey,
  MOST_TAGS,
  NO_LABELS,
  NOTE_PATTERN,
  type RunLabels,
  TAG_KEY_PATTERN,
  TAG_VALUE_PATTERN,
} from "../shared/protocol/index.ts";

/** What is to be said of a run from now on. */
export interface LabelChange {
  /** key=value, or a word alone; takes the place of an earlier one with the same key. */
  readonly tags?: readonly string[];
  /** Keys of tags to take away. */
  readonly removed?: readonly string[];
  /** Takes the place of an earlier one; the empty text takes it away. */
  readonly note?: string;
}

/** Two who change the labels of one run at one time meet a few times at most. */
const ATTEMPTS = 10;

export async function readLabels(objects: Pick<ObjectStore, "get">, run: string): Promise<RunLabels> {
  return (await readOptional(objects, labelsKey(run), decodeLabels)) ?? NO_LABELS;
}

/** @throws MarinaError "usage" for a tag or note that is none, before anything is written. */
export async function changeLabels(
  objects: Pick<ObjectStore, "get" | "put">,
  run: string,
  change: LabelChange,
): Promise<RunLabels> {
  const key = labelsKey(run);
  for (let attempt = 1; ; attempt++) {
    const found = await findStored(objects, key);
    const labels = changed(found === undefined ? NO_LABELS : decodeLabels(found.body, key), change);
    const condition = found === undefined ? ({ ifNoneMatch: "*" } as const) : { ifMatch: found.etag };
    try {
      await objects.put(key, encodeLabels(labels), condition);
      return labels;
    } catch (error) {
      const met =
        error instanceof MarinaError && (error.code === "precondition-failed" || error.code === "not-found");
      if (!met || attempt === ATTEMPTS) throw error;
    }
  }
}

async function findStored(objects: Pick<ObjectStore, "get">, key: string): Promise<StoredObject | undefined> {
  try {
    return await objects.get(key);
  } catch (error) {
    if (error instanceof MarinaError && error.code === "not-found") return undefined;
    throw error;
  }
}

/** @throws MarinaError "usage" */
export function checkLabels(change: LabelChange): void {
  changed(NO_LABELS, change);
}

function changed({ note, tags }: RunLabels, change: LabelChange): RunLabels {
  const all = new Map(Object.entries(tags));
  for (const key of change.removed ?? []) all.delete(key);
  for (const text of change.tags ?? []) all.set(...tagOf(text));
  if (all.size > MOST_TAGS)
    throw new MarinaError("usage", `--tag: expected at most ${MOST_TAGS} tags, they would be ${all.size}`);
  if (change.note !== undefined && !NOTE_PATTERN.test(change.note))
    throw new MarinaError(
      "usage",
      "--note: expected at most 4,000 characters, none of them control characters",
    );
  return {
    note: change.note === undefined ? note : change.note === "" ? null : change.note,
    tags: Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** @throws MarinaError "usage" */
export function tagOf(text: string): [key: string, value: string] {
  const at = text.indexOf("=");
  const key = at < 0 ? text : text.slice(0, at);
  const value = at < 0 ? "" : text.slice(at + 1);
  if (!TAG_KEY_PATTERN.test(key) || !TAG_VALUE_PATTERN.test(value))
    throw new MarinaError(
      "usage",
      `--tag ${JSON.stringify(text)}: expected key=value or a word; a key is 1 to 64 letters, digits, ".", "_" and "-", a value at most 256 characters`,
    );
  return [key, value];
}

/** As they were given. */
export function tagWords({ tags }: Pick<RunLabels, "tags">): string[] {
  return Object.entries(tags).map(([key, value]) => (value === "" ? key : `${key}=${value}`));
}
