import { join } from "node:path";
import { defineConfig } from "vitest/config";

// What Node makes of a source is kept for the processes that come after: most of the time of a command's start.
process.env["NODE_COMPILE_CACHE"] ??= join(
  import.meta.dirname,
  "node_modules",
  ".cache",
  "marina",
  "compile-cache",
);
// Commands that tests start compute their gradients on one thread: more would wait actively for one another on the
// processors that other tests have. The same bits in any case (embedded/threads; tests/cli/threads.test.ts).
process.env["MARINA_THREADS"] ??= "0";

/** Tests that start processes or threads, change what belongs to the whole process, or measure it. */
const APART = [
  "**/*.browser.test.ts",
  "cdk/**/*.test.ts",
  "client/archive.test.ts",
  "cli/actions/**/*.test.ts",
  "client/engines/**/*.test.ts",
  "client/model/build/**/*.test.ts",
  "chaos/mutations.test.ts",
  "chaos/parallel.test.ts",
  "embedded/threads/**/*.test.ts",
  "infra-tests/**/*.test.ts",
  "scripts/**/*.test.ts",
  "shared/data/formats/parallel/**/*.test.ts",
  "tests/cli/**/*.test.ts",
];

export default defineConfig({
  test: {
    // Generous: a machine that does other things too must not fail them.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    setupFiles: [join(import.meta.dirname, "tests", "fixtures", "property-seed.ts")],
    reporters: ["default", join(import.meta.dirname, "scripts", "hung-tests.js")],
    // By default one processor would be left idle.
    maxWorkers: "100%",
    projects: [
      {
        extends: true,
        test: {
          name: "together",
          include: ["**/*.test.ts"],
          exclude: ["node_modules/**", ...APART],
          // Files of one process share modules, and with them imported data sets: two fifths of the CPU time less.
          isolate: false,
        },
      },
      { extends: true, test: { name: "apart", include: APART, exclude: ["node_modules/**"] } },
    ],
  },
});
