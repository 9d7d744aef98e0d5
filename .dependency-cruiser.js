/** The rule of imports (see ARCHITECTURE.md): mathematics < protocol < ports < handlers < engines < command line. */
const mathematics = "^shared/(algorithms|compressors|problems|math)/";
const tests = "[.](test|e2e)[.]ts$|/testing/";

/** Files of `from` may import, among the project's own, only what matches `to` (and one another). */
function only(name, from, to, comment) {
  return {
    name,
    severity: "error",
    comment,
    from: { path: from, pathNot: tests },
    to: { path: "^(shared|lambdas|embedded|cli|cdk|bench|experiments|infra-tests)/", pathNot: [from, ...to] },
  };
}

export default {
  forbidden: [
    only("mathematics-is-alone", mathematics, [], "pure: no protocol, no ports, no engines"),
    only(
      "protocol-on-mathematics",
      "^shared/protocol/",
      [mathematics],
      "bytes and schemas know the mathematics only",
    ),
    only(
      "cloud-on-protocol",
      "^shared/cloud/",
      ["^shared/protocol/", "^shared/math/"],
      "ports stand on the protocol",
    ),
    only(
      "data",
      "^shared/data/",
      ["^shared/(protocol|cloud|problems|math)/"],
      "data sets: formats and import",
    ),
    only("cost", "^shared/cost/", ["^shared/(protocol|cloud|math)/"], "prices and meters stand on the ports"),
    only("worker", "^lambdas/worker/", ["^shared/"], "a function imports shared code only"),
    only("aggregator", "^lambdas/aggregator/", ["^shared/"], "a function imports shared code only"),
    only("embedded", "^embedded/", ["^shared/", "^lambdas/"], "the embedded cloud runs the handlers"),
    only("cli", "^cli/", ["^shared/", "^lambdas/", "^embedded/"], "the command line knows all but cdk"),
    only(
      "cdk",
      "^cdk/",
      ["^shared/(protocol/(limits|keys|concurrency)|math/errors)[.]ts$", "^lambdas/"],
      "the stack knows limits and names",
    ),
    {
      name: "sdk-in-adapters-only",
      severity: "error",
      comment: "AWS SDKs are imported by the adapters of the ports and by nothing else",
      from: { pathNot: ["^shared/cloud/aws/", "^infra-tests/", tests] },
      to: { path: "node_modules/@aws-sdk/" },
    },
    {
      name: "mathematics-without-io",
      severity: "error",
      comment: "the mathematics imports nothing of the platform",
      from: { path: mathematics, pathNot: tests },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-cycles",
      severity: "error",
      comment: "files that need each other are one file or three",
      from: { pathNot: tests },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-tests-in-sources",
      severity: "error",
      comment: "only tests and benchmarks import what is for tests",
      from: { pathNot: [tests, "^bench/"] },
      to: { path: tests },
    },
    {
      name: "resolvable",
      severity: "error",
      comment: "every import exists and is a declared dependency",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: [".ts", ".js"],
      exportsFields: ["exports"],
      conditionNames: ["import", "types"],
    },
  },
};
