/** How fast a run goes and how long it still may take, from looks at it by a clock for people. */
import type { CollectedRun } from "../client/index.ts";
import type { RunSpec } from "../shared/protocol/index.ts";

interface Look {
  /** Seconds. */
  readonly at: number;
  readonly round: number;
  /** log |grad f|^2 */
  readonly logNorm: number | null;
  readonly usd: number;
  readonly seconds: number;
}

/** How far a run is. */
export interface Whereabouts {
  readonly stop: RunSpec["stop"];
  readonly ended: boolean;
  readonly round: number;
  /** |grad f|^2 where it was evaluated last, and at the start. */
  readonly norm: number | null;
  readonly initialNorm: number | null;
  /** What it has cost and taken by its own clock. */
  readonly usd: number;
  readonly seconds: number;
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
    const { last } = rounds;
    return this.see(
      {
        stop: stored.spec.stop,
        ended: result !== undefined,
        round: last?.round ?? 0,
        norm: rounds.lastNorm,
        initialNorm: progress?.initialGradientNormSquared ?? rounds.first?.gradientNormSquared ?? null,
        usd: last?.usd ?? 0,
        seconds: last?.seconds ?? 0,
      },
      now,
    );
  }

  /** @param now seconds */
  see({ stop, ended, round, norm, initialNorm, usd, seconds }: Whereabouts, now: number): Outlook {
    if (this.#looks.length === 0 || this.#looks.at(-1)!.round !== round) this.#lastChange = now;
    this.#looks.push({ at: now, round, logNorm: norm ? Math.log(norm) : null, usd, seconds });
    this.#looks = this.#looks.filter(({ at }) => now - at <= WINDOW_SECONDS);
    const first = this.#looks[0]!;
    const elapsed = now - first.at;
    const roundsPerSecond = elapsed > 0 && round > first.round ? (round - first.round) / elapsed : null;
    const quietSeconds = now - this.#lastChange;
    if (ended || roundsPerSecond === null) return { roundsPerSecond, secondsLeft: null, quietSeconds };

    const left = [(stop.rounds - round) / roundsPerSecond];
    const targets = [
      stop.gradientNormSquared,
      stop.relativeGradientNormSquared !== undefined && initialNorm !== null
        ? stop.relativeGradientNormSquared * initialNorm
        : undefined,
    ].filter((target) => target !== undefined);
    if (norm && first.logNorm !== null) {
      const slope = (Math.log(norm) - first.logNorm) / elapsed;
      for (const target of targets)
        if (slope < 0) left.push(Math.max(0, (Math.log(target) - Math.log(norm)) / slope));
    }
    for (const [limit, used, before] of [
      [stop.usd, usd, first.usd],
      [stop.seconds, seconds, first.seconds],
    ] as const) {
      if (limit !== undefined && used > before)
        left.push(Math.max(0, ((limit - used) * elapsed) / (used - before)));
    }
    return { roundsPerSecond, secondsLeft: Math.min(...left), quietSeconds };
  }
}
