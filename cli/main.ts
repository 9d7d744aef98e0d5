/** Runs the `marina` command. */
import { CommanderError } from "./commander.ts";
import { endQuietlyOnBrokenPipe } from "./output/broken-pipe.ts";
import { programFor } from "./program.ts";

endQuietlyOnBrokenPipe();
try {
  const program = await programFor(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const [{ describeError }, { exitCodeOf }] = await Promise.all([
      import("../shared/base/index.ts"),
      import("./exit-code.ts"),
    ]);
    console.error(describeError(error));
    process.exitCode = exitCodeOf(error);
  }
}
