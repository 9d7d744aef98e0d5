/** Waiting without sleeping: another core's next word is often nearer than the 50 us that waking a thread takes. */

/** Some 0.3 to 1 ms, whatever a processor's pause takes: longer than the protocol of a round with few workers. */
const SPIN_TURNS = 15_000;
/** A hint to the processor; Node 22 has none. */
const pause: () => void = Atomics.pause ?? (() => undefined);

/** Looks at word 0 again and again while it is `value`, but not for long. Returns what it is then. */
export function spinWhile(words: Int32Array, value: number): number {
  let found = Atomics.load(words, 0);
  for (let i = 0; found === value && i < SPIN_TURNS; i++) {
    pause();
    found = Atomics.load(words, 0);
  }
  return found;
}
