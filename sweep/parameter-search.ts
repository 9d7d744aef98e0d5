/** A search over several parameters: their values, which combinations of them are tried, and which trials end early. */
import { MarinaError } from "../shared/base/index.ts";
import { Purpose, Stream, sampleSubset } from "../shared/math/index.ts";
import type { Axes } from "./cell.ts";
import { lastAllowed } from "./tune.ts";

export interface SearchParameter {
  readonly field: string;
  readonly values: readonly unknown[];
}

/**
 * `workers=5,10,20`, `algorithm.stepSize=theory,{"times":4}`: each value JSON, or a word.
 * @throws MarinaError "usage"
 */
export function parseParameter(text: string): SearchParameter {
  const at = text.indexOf("=");
  const [name, list] = [text.slice(0, at), text.slice(at + 1)];
  const values = partsOf(list).map(valueOfText);
  if (at < 1 || values.length === 0 || values.includes("")) {
    throw new MarinaError(
      "usage",
      `--parameter ${text}: expected FIELD=VALUE,VALUE,..., e.g. algorithm.compressor.k=5,10,20`,
    );
  }
  return { field: fieldOf(name), values };
}

/** The path of a field: stepSize is algorithm.stepSize. */
export function fieldOf(name: string): string {
  return name === "stepSize" ? "algorithm.stepSize" : name;
}

/** At commas that are in no braces, brackets or quotes. */
function partsOf(list: string): string[] {
  const parts = [""];
  let depth = 0;
  let quoted = false;
  for (const letter of list) {
    if (letter === '"') quoted = !quoted;
    else if (!quoted && (letter === "{" || letter === "[")) depth++;
    else if (!quoted && (letter === "}" || letter === "]")) depth--;
    if (letter === "," && depth === 0 && !quoted) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim());
}

function valueOfText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What was made of a value that the data don't allow. */
export interface Clamped {
  readonly field: string;
  readonly refused: unknown;
  /** Undefined: it was left out. */
  readonly taken: unknown;
  readonly reason: string;
}

/**
 * The values that may be tried: in the place of a whole number that is refused the last allowed one between it and a smaller
 * value that is allowed; other values that are refused are left out.
 * @param refusal why a value of a field can't be tried, all other fields as they are; undefined where it can
 */
export function clampedParameter(
  { field, values }: SearchParameter,
  refusal: (field: string, value: unknown) => string | undefined,
  onClamp: (clamped: Clamped) => void,
): SearchParameter {
  const allowed = values.filter((value) => refusal(field, value) === undefined);
  const kept: unknown[] = [];
  for (const value of values) {
    const reason = refusal(field, value);
    let taken: unknown = value;
    if (reason !== undefined) {
      const smaller = [1, ...allowed].filter(
        (other): other is number =>
          typeof other === "number" &&
          typeof value === "number" &&
          other < value &&
          refusal(field, other) === undefined,
      );
      const from = smaller.length === 0 ? undefined : Math.max(...smaller);
      taken =
        from === undefined
          ? undefined
          : lastAllowed(from, value, (between) => refusal(field, between) === undefined);
      onClamp({ field, refused: value, taken, reason });
    }
    if (taken !== undefined && !kept.some((one) => JSON.stringify(one) === JSON.stringify(taken)))
      kept.push(taken);
  }
  return { field, values: kept };
}

/** Every combination, the last field varying fastest. */
export function pointsOf(parameters: readonly SearchParameter[]): Axes[] {
  return parameters.reduce<Axes[]>(
    (points, { field, values }) =>
      points.flatMap((point) => values.map((value) => ({ ...point, [field]: value }))),
    [{}],
  );
}

/** So many of them, drawn without repetition from the search's own stream, in their order; all where there are no more. */
export function drawnPoints(points: readonly Axes[], count: number, seed: number): Axes[] {
  if (count >= points.length) return [...points];
  const stream = new Stream({ seed, purpose: Purpose.search, round: 0, index: 0 });
  return Array.from(sampleSubset(stream, points.length, count), (at) => points[at]!);
}

/** How a trial did with some of its rounds. */
export interface Rung {
  readonly point: Axes;
  /** What it has cost so far. */
  readonly spent: number;
  /** |grad f|^2 by that of the start; infinite where the run did not end well. */
  readonly relative: number;
}

/** Of the trials of a rung so many go on: a third. */
const KEPT_SHARE = 3;
/** Fewer rounds tell nothing. */
const FEWEST_ROUNDS = 20;

/** Rounds of the rungs of successive halving, each three times those before it, as many as there are trials for. */
export function rungsOf(trials: number, rounds: number): number[] {
  const rungs = [rounds];
  for (let left = trials; left > KEPT_SHARE && rungs[0]! / KEPT_SHARE >= FEWEST_ROUNDS; left /= KEPT_SHARE)
    rungs.unshift(Math.ceil(rungs[0]! / KEPT_SHARE));
  return rungs;
}

/**
 * The third of the trials that goes on: those that have paid least for each factor by which |grad f|^2 has come down,
 * spent / log(1 / relative). Trials that are no nearer than at their start come last; of equals the earlier.
 */
export function survivors(rung: readonly Rung[]): Axes[] {
  const price = ({ spent, relative }: Rung): number =>
    relative < 1 ? spent / -Math.log(relative) : Infinity;
  const order = rung.map((one, i) => ({ ...one, i })).sort((a, b) => price(a) - price(b) || a.i - b.i);
  return order
    .slice(0, Math.max(1, Math.ceil(rung.length / KEPT_SHARE)))
    .sort((a, b) => a.i - b.i)
    .map(({ point }) => point);
}
