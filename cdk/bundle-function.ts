/** One of the two functions as one file: what is deployed. */
import { createRequire } from "node:module";
import { join } from "node:path";

export type FunctionRole = "worker" | "aggregator";

const ROOT = join(import.meta.dirname, "..");

/** Where the SDK looks for credentials, after the environment: loaded only when needed, and in a function never. */
const UNUSED_CREDENTIAL_PROVIDERS = [
  "@aws-sdk/credential-provider-http",
  "@aws-sdk/credential-provider-ini",
  "@aws-sdk/credential-provider-process",
  "@aws-sdk/credential-provider-sso",
  "@aws-sdk/credential-provider-web-identity",
  "@smithy/credential-provider-imds",
];

/** @param role folder under lambdas/ whose entry.ts is the entry. @param folder gets index.mjs. */
export function bundleFunction(role: FunctionRole, folder: string): void {
  // Loaded here: a program that deploys the bundles of the package has no esbuild.
  const { buildSync } = createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: [join(ROOT, "lambdas", role, "entry.ts")],
    outfile: join(folder, "index.mjs"),
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    mainFields: ["module", "main"],
    minify: true,
    // No source map: linked, its megabyte takes a quarter more CPU at each cold start, and 0.4 s at the first error.
    sourcemap: false,
    external: UNUSED_CREDENTIAL_PROVIDERS,
    // Some of what is bundled is CommonJS and asks for Node's modules by `require`.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: "warning",
  });
}
