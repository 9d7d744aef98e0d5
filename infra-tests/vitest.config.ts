/** End-to-end tests: apart from the others, as they start a cloud, take minutes, and must not share its processes. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["e2e/**/*.e2e.ts", "localstack/**/*.e2e.ts"],
    globalSetup: "e2e/global-setup.ts",
    // One cloud for all: a fault that one test makes would hit another's run.
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 600_000,
    teardownTimeout: 60_000,
    reporters: ["verbose"],
  },
});
