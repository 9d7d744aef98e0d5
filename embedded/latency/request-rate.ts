/** Requests a second of one kind, on the keys of one prefix: those beyond wait their turn. */

/** So many milliseconds' worth of requests pass at once; AWS names no burst, so this is assumed. */
const BURST_MILLISECONDS = 100;

/**
 * The generic cell rate algorithm: a request passes when the bucket, which leaks at the rate, has room for it. Requests are
 * given in the order in which they are made, not strictly of their times.
 */
export class RequestRate {
  readonly #spacing: number;
  readonly #burst: number;
  /** Prefix -> when its bucket is empty. */
  readonly #emptyAt = new Map<string, number>();

  constructor(perSecond: number) {
    this.#spacing = 1000 / perSecond;
    this.#burst = this.#spacing === 0 ? 0 : BURST_MILLISECONDS;
  }

  /** When a request that arrives then is served. */
  passes(key: string, arrivesAt: number): number {
    if (this.#spacing === 0) return arrivesAt;
    const prefix = prefixOf(key);
    const emptyAt = Math.max(arrivesAt, this.#emptyAt.get(prefix) ?? Number.NEGATIVE_INFINITY);
    this.#emptyAt.set(prefix, emptyAt + this.#spacing);
    return Math.max(arrivesAt, emptyAt - this.#burst);
  }
}

/** The first two folders: a run's own, a data set's own. */
function prefixOf(key: string): string {
  const end = key.indexOf("/", key.indexOf("/") + 1);
  return end < 0 ? key : key.slice(0, end);
}
