/** The templates under cfn-lint: apart from the other tests, as it installs a Python program. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.lint.ts"],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    reporters: ["verbose"],
  },
});
