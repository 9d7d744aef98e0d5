/** The one loop that waits: for a run's end, for a run that can be told to stop. */

/** What a look says of something that is not there yet. */
export const NOT_YET = Symbol("not yet");

export interface Waiting<T> {
  /** Looks once; the first look is number 0. Throws where what is waited for will never be there. */
  readonly look: (number: number) => Promise<T | typeof NOT_YET>;
  /** Between two looks. */
  readonly pause: () => Promise<void>;
  /** Ends the waiting with its reason. */
  readonly signal?: AbortSignal;
}

export async function waitFor<T>({ look, pause, signal }: Waiting<T>): Promise<T> {
  for (let number = 0; ; number++) {
    signal?.throwIfAborted();
    const found = await look(number);
    if (found !== NOT_YET) return found;
    await pause();
  }
}
