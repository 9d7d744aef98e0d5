/** How fast a run goes and how long it still may take, from looks at it by a clock for people. */
import type { CollectedRun } from "../client/index.ts";

interface Look {
  /** Seconds. */
  readonly at: number;
  readonly round: number;
  /** log |grad f|^2 */
  readonly logNorm: number | null;
}

/** Seconds of the past that speed and slope are taken from. */
const WINDOW_SECONDS = 20;

export interface Outlook {
  readonly roundsPerSecond: number | null;
  /** Until the first stopping rule holds, if all goes on as it did; null where that can't be told. */
  readonly secondsLeft: number | null;
  /** Seconds since a new round was seen. */
  readonly quietSeconds: number;
}

/** Remembers looks at one run. */
export class OutlookTracker {
  #looks: Look[] = [];
  #lastChange = 0;

  /** @param now seconds */
  look({ stored, result, progress, rounds }: CollectedRun, now: number): Outlook {
    const norm = rounds.lastNorm;
    const round = rounds.last?.round ?? 0;
    if (this.#looks.length === 0 || this.#looks.at(-1)!.round !== round) this.#lastChange = now;
    this.#looks.push({ at: now, round, logNorm: norm ? Math.log(norm) : null });
    this.#looks = this.#looks.filter(({ at }) => now - at <= WINDOW_SECONDS);
    const first = this.#looks[0]!;
    const elapsed = now - first.at;
    const roundsPerSecond = elapsed > 0 && round > first.round ? (round - first.round) / elapsed : null;
    const quietSeconds = now - this.#lastChange;
    if (result !== undefined || roundsPerSecond === null)
      return { roundsPerSecond, secondsLeft: null, quietSeconds };

    const { stop } = stored.spec;
    const left = [(stop.rounds - round) / roundsPerSecond];
    const initial = progress?.initialGradientNormSquared ?? rounds.first?.gradientNormSquared ?? null;
    const targets = [
      stop.gradientNormSquared,
      stop.relativeGradientNormSquared !== undefined && initial !== null
        ? stop.relativeGradientNormSquared * initial
        : undefined,
    ].filter((target) => target !== undefined);
    if (norm && first.logNorm !== null) {
      const slope = (Math.log(norm) - first.logNorm) / elapsed;
      for (const target of targets)
        if (slope < 0) left.push(Math.max(0, (Math.log(target) - Math.log(norm)) / slope));
    }
    return { roundsPerSecond, secondsLeft: Math.min(...left), quietSeconds };
  }
}
