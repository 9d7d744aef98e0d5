/** What happens when nobody reads what is printed any more. */

/**
 * `marina show RUN --rounds | head` has done its work once head has its lines: the command ends quietly. Progress that
 * nobody sees is no reason to end a run.
 */
export function endQuietlyOnBrokenPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(process.exitCode ?? 0);
  });
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
