/** Ctrl-C while many runs are under way. */

export interface Interruption {
  readonly signal: AbortSignal;
  /** From then on Ctrl-C does what it did before. */
  dispose(): void;
}

/** The first Ctrl-C is told and aborts the signal, the second one ends the process. @param text what it does, said then */
export function onInterrupt(text: string): Interruption {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write(`${text}\n`);
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return {
    signal: controller.signal,
    dispose: () => {
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", interrupt);
    },
  };
}
