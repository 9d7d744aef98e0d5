/** Which runs `marina list` shows, in which order, and as what. */
import {
  endedText,
  type RunOverview,
  stateWord,
  type TableOptions,
  table,
  tagOf,
  tagWords,
} from "../../client/index.ts";
import { dollars, MarinaError, megabits, nearest, short } from "../../shared/base/index.ts";
import { methodLabel } from "../../shared/methods/index.ts";
import { workersText } from "../../shared/protocol/index.ts";
import { figuresOf, identityOf, labelsOf, spentOf } from "./figures.ts";

export type SortKey = "created" | "name" | "status" | "rounds" | "seconds" | "usd" | "accuracy" | "bits";

export interface Selection {
  readonly sort: SortKey;
  readonly reverse?: boolean;
  readonly filter?: string;
  readonly status?: string;
  readonly tag?: readonly string[];
  readonly data?: string;
}

/** Of a run that is live, or was cut off. */
const STATES = ["running", "silent", "cut-off"] as const;
const ENDINGS = ["done", "stopped", "failed", "diverged"] as const;
/** Why a run is done. */
const REASONS = ["accuracy", "rounds", "usd", "seconds"] as const;
const STATUS_WORDS: readonly string[] = [...STATES, ...ENDINGS, ...REASONS];

/** @throws MarinaError "usage" for a word that is no status, or a tag that is none. */
export function selected(runs: readonly RunOverview[], selection: Selection): RunOverview[] {
  const { filter, status, tag: tags = [], data, sort, reverse = false } = selection;
  const words = status === undefined ? undefined : statusWords(status);
  const name = filter === undefined ? undefined : patternOf(filter);
  const wanted = tags.map((text) => ({ tag: tagOf(text), exact: text.includes("=") }));
  const chosen = runs.filter(
    (run) =>
      (name === undefined || name.test(run.run)) &&
      (data === undefined || run.spec.data === data) &&
      (words === undefined || wordsOf(run).some((word) => words.has(word))) &&
      wanted.every(({ tag: [key, value], exact }) => {
        const { tags: own } = run.labels;
        return Object.hasOwn(own, key) && (!exact || own[key] === value);
      }),
  );
  const ordered = chosen.sort(
    (a, b) => compareKeys(keyOf(a, sort), keyOf(b, sort)) || (a.run < b.run ? -1 : 1),
  );
  return reverse ? ordered.reverse() : ordered;
}

function statusWords(text: string): Set<string> {
  const words = text.split(",").map((word) => word.trim());
  for (const word of words)
    if (!STATUS_WORDS.includes(word))
      throw new MarinaError(
        "usage",
        `--status: expected ${STATUS_WORDS.join(", ")}, got ${JSON.stringify(word)}${nearest(word, STATUS_WORDS)}`,
      );
  return new Set(words);
}

/** The words of `--status` that a run answers to. */
function wordsOf({ result, liveness }: RunOverview): string[] {
  if (result === undefined) return [statusOf(liveness?.state)];
  if (result.status !== "done") return [result.status];
  const reason = result.stoppedBy?.endsWith("radientNormSquared") === true ? "accuracy" : result.stoppedBy;
  return [result.status, ...(reason === null ? [] : [reason])];
}

/** What programs are told of a run without a result. */
export function statusOf(state: string | undefined): string {
  return state === "live" ? "running" : state === "silent" ? "silent" : "cut-off";
}

/** The whole name; * for any text. */
function patternOf(filter: string): RegExp {
  const parts = filter.split("*").map((part) => part.replaceAll(/[.\\+?^${}()|[\]]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}

function keyOf(run: RunOverview, sort: SortKey): number | string | null {
  if (sort === "created") return run.createdAt;
  if (sort === "name") return run.run;
  if (sort === "status") return endText(run);
  const known = knownOf(run);
  return {
    rounds: known.rounds,
    seconds: known.seconds,
    usd: known.usd,
    accuracy: known.relative,
    bits: known.bits,
  }[sort];
}

/** What is not known comes last. */
function compareKeys(a: number | string | null, b: number | string | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** As far as it is, of a run that has not ended by its last checkpoint. */
export function knownOf({ result, checkpoint }: RunOverview) {
  if (result !== undefined)
    return {
      rounds: result.rounds,
      relative: result.relativeGradientNormSquared,
      bits: result.uplinkBitsPerWorker,
      seconds: result.seconds,
      usd: result.usd,
    };
  const last = checkpoint?.records.at(-1);
  const initial = checkpoint?.initialGradientNormSquared ?? null;
  const norm = checkpoint?.records.findLast(({ gradientNormSquared }) => gradientNormSquared !== null);
  return {
    rounds: checkpoint?.round ?? null,
    relative: norm === undefined || initial === null ? null : norm.gradientNormSquared! / initial,
    bits: checkpoint?.totals.uplinkBitsPerWorker ?? null,
    seconds: checkpoint?.totals.seconds ?? null,
    usd: last?.usd ?? null,
  };
}

/** Why it ended, or what it does. */
export function endText({ result, liveness }: RunOverview): string {
  return result === undefined ? (liveness === undefined ? "-" : stateWord(liveness)) : endedText(result);
}

/** One run for programs. */
export function listedRun(run: RunOverview, predicts: boolean): object {
  const { result, createdAt, storedBytes, spec, labels, liveness } = run;
  const known = knownOf(run);
  return {
    run: run.run,
    ...identityOf(spec),
    created: new Date(createdAt).toISOString(),
    ...labelsOf(labels),
    storedBytes,
    ...(result !== undefined
      ? figuresOf(result, predicts)
      : {
          status: statusOf(liveness?.state),
          rounds: known.rounds,
          relativeGradientNormSquared: known.relative,
          uplinkBitsPerWorker: known.bits,
          ...spentOf(predicts, known.seconds, known.usd),
        }),
  };
}

/** Why a run ended, its dollars and its date stay longest where there is little room. */
export function listTable(runs: readonly RunOverview[], options: TableOptions): string {
  const tagged = runs.some(({ labels }) => tagWords(labels).length > 0);
  const columns = [
    ["run", "left"],
    ["method", "left", 4],
    ["data", "left", 7],
    ["n", "right", 6],
    ["ended", "left"],
    ["rounds", "right", 3],
    ["|∇f|²/start", "right", 5],
    ["Mbit/worker", "right", 9],
    ["$", "right", 1],
    ["created", "left", 2],
    ...(tagged ? [["tags", "left", 8] as const] : []),
  ] as const;
  const rows = runs.map((run) => {
    const { rounds, relative, bits, usd } = knownOf(run);
    return [
      run.run,
      methodLabel(run.spec.algorithm),
      run.spec.data,
      workersText(run.spec.workers),
      endText(run),
      rounds === null ? "-" : rounds.toLocaleString("en-US"),
      short(relative),
      bits === null ? "-" : megabits(bits),
      usd === null ? "-" : dollars(usd),
      dateText(run.createdAt),
      ...(tagged ? [tagWords(run.labels).join(", ")] : []),
    ];
  });
  return table(columns, rows, options);
}

/** By the clock on the reader's wall, to the minute: 2026-11-28 09:05. */
export function dateText(milliseconds: number): string {
  const date = new Date(milliseconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
