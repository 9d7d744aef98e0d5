/** Searches the powers of two of one parameter for the value with which a method does best. */
import { MarinaError } from "../shared/base/index.ts";

/** Steps of a search in one direction, at most: a factor of a million. */
const EXPONENTS = 20;
/** Values in a row that do no better, before a direction is given up: one may be bad luck. */
const PATIENCE = 2;

export interface Trial {
  /** The value is the starting value times 2^exponent, or the last one that is allowed before that. */
  readonly exponent: number;
  readonly value: unknown;
  /** What is to be least; infinite where the accuracy was not reached. */
  readonly cost: number;
  /** By how much f has come down. */
  readonly progress: number;
}

/** What a value costs, and what it does for the loss. */
export type Measured = Pick<Trial, "cost" | "progress">;

/** A parameter that can be doubled and halved. */
export interface Scale {
  /** The value times 2^exponent; undefined where there is none (a whole number can't be halved for ever). */
  at(exponent: number): unknown;
}

/**
 * How a parameter's value is doubled: a number, a whole number, or a step size that the theory gives
 * (`{ "times": 2^j }`).
 * @throws MarinaError "usage" for what is no number
 */
export function scaleOf(path: string, value: unknown): Scale {
  const isStep = path === "algorithm.stepSize";
  if (isStep && (value === undefined || value === "theory"))
    return { at: (exponent) => ({ times: 2 ** exponent }) };
  if (typeof value === "object" && value !== null && "times" in value && typeof value.times === "number") {
    const { times } = value;
    return { at: (exponent) => ({ times: times * 2 ** exponent }) };
  }
  if (typeof value !== "number" || !(value > 0)) {
    throw new MarinaError(
      "usage",
      `--parameter ${path}: expected a positive number in the spec${isStep ? ', "theory" or { "times": ... }' : ""}, got ${JSON.stringify(value) ?? "nothing"}`,
    );
  }
  const whole = Number.isInteger(value) && !isStep;
  return {
    at: (exponent) => {
      const scaled = value * 2 ** exponent;
      return whole && !Number.isInteger(scaled) ? undefined : scaled;
    },
  };
}

/** The last value that is allowed in one direction. */
export interface ScaleEnd {
  /** What would have come next. */
  readonly refused: unknown;
  readonly last: unknown;
  /** Why the next one is refused. */
  readonly reason: string;
}

/**
 * A scale that ends where values are refused: a whole number at the last one that is allowed, which is tried as well, any
 * other at its last power of two.
 * @param refusal why a value can't be tried; undefined where it can. Where one is refused so are those beyond it.
 * @param onEnd told once in each direction
 */
export function allowedScale(
  scale: Scale,
  refusal: (value: unknown) => string | undefined,
  onEnd: (end: ScaleEnd) => void,
): Scale {
  const known = new Map<number, unknown>([[0, scale.at(0)]]);
  const ended = new Set<number>();
  const at = (exponent: number): unknown => {
    if (known.has(exponent)) return known.get(exponent);
    const direction = Math.sign(exponent);
    const before = at(exponent - direction);
    const value = before === undefined || ended.has(direction) ? undefined : scale.at(exponent);
    const reason = value === undefined ? undefined : refusal(value);
    let taken = value;
    if (reason !== undefined) {
      ended.add(direction);
      const last = lastAllowed(before, value, (between) => refusal(between) === undefined);
      taken = last === before ? undefined : last;
      onEnd({ refused: value, last, reason });
    }
    known.set(exponent, taken);
    return taken;
  };
  return { at };
}

/** The last allowed whole number from `allowed` to `refused`; `allowed` itself where these are no whole numbers. */
export function lastAllowed(allowed: unknown, refused: unknown, allows: (value: number) => boolean): unknown {
  if (!Number.isInteger(allowed) || !Number.isInteger(refused)) return allowed;
  let [good, bad] = [allowed as number, refused as number];
  while (Math.abs(bad - good) > 1) {
    const middle = Math.trunc((good + bad) / 2);
    if (allows(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/**
 * Climbs from 2^0 to larger values until two in a row do no better than the best, then to smaller ones likewise; a search
 * that has found nothing yet goes on to ten doublings and ten halvings. Costs
 * are taken to fall and then rise along the powers, as those of a step size do.
 *
 * @param measure costs of some values; asked for two at a time, so that they may be measured side by side
 * @param progressWithin see `bestTrial`
 * @returns every trial, by exponent
 */
export async function searchPowersOfTwo(
  scale: Scale,
  measure: (values: readonly unknown[]) => Promise<readonly Measured[]>,
  progressWithin: number,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  const look = async (exponents: readonly number[]): Promise<void> => {
    const known = exponents.filter((exponent) => scale.at(exponent) !== undefined);
    const measured = await measure(known.map((exponent) => scale.at(exponent)));
    known.forEach((exponent, i) => {
      trials.push({ exponent, value: scale.at(exponent), ...measured[i]! });
    });
  };
  await look([0]);
  for (const direction of [1, -1]) {
    for (let step = 1; step <= EXPONENTS; step += PATIENCE) {
      const ahead = Array.from({ length: PATIENCE }, (_, i) => direction * (step + i));
      if (ahead.every((exponent) => scale.at(exponent) === undefined)) break;
      const before = least(trials, progressWithin);
      await look(ahead);
      const unfound = before === Infinity && step < EXPONENTS / 2;
      if (!(least(trials, progressWithin) < before) && !unfound) break;
    }
  }
  return trials.sort((a, b) => a.exponent - b.exponent);
}

/**
 * The trial of least cost; undefined when no cost is finite.
 * @param progressWithin see PROGRESS_WITHIN: trials that ended on a plateau of the loss don't count
 */
export function bestTrial(trials: readonly Trial[], progressWithin: number): Trial | undefined {
  const reached = trials.filter(({ cost }) => Number.isFinite(cost));
  const most = Math.max(...reached.map(({ progress }) => progress));
  let best: Trial | undefined;
  for (const trial of reached) {
    const isEnough = trial.progress >= (1 - progressWithin) * most;
    if (isEnough && (best === undefined || trial.cost < best.cost)) best = trial;
  }
  return best;
}

function least(trials: readonly Trial[], progressWithin: number): number {
  return bestTrial(trials, progressWithin)?.cost ?? Infinity;
}
