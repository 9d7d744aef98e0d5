/** Tells when it is time to say that nothing has happened for long. */

/** Since the last sign of life; then each time as long again as before: 1, 2, 4 ... minutes. */
const FIRST_SECONDS = 60;

export class Quiet {
  #sign: string | undefined;
  #since: number | undefined;
  #next = FIRST_SECONDS;

  /**
   * @param sign changes when something has happened.
   * @param now milliseconds
   * @returns seconds of silence, when it is time to say so.
   */
  look(sign: string | undefined, now: number): number | undefined {
    if (this.#since === undefined || sign !== this.#sign) {
      this.#sign = sign;
      this.#since = now;
      this.#next = FIRST_SECONDS;
      return undefined;
    }
    const seconds = (now - this.#since) / 1000;
    if (seconds < this.#next) return undefined;
    this.#next *= 2;
    return seconds;
  }
}
