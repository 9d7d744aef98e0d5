/** The rule of imports: `scripts/floors.js` has the order; ARCHITECTURE.md shows it. Type imports count. */
import { floors, mayImport, outside } from "./scripts/floors.js";

const tests = "[.](test|e2e|reference)[.]ts$|/testing/|^tests/";
const mathematics = "^shared/(base|math|compressors|problems|methods)/";
const all = [...floors, ...outside].map(({ folder }) => folder);

/** Files of a package that hold further packages of their own (`shared/cloud` and `shared/cloud/aws`). */
function inside(folder) {
  const inner = floors.filter((other) => other.folder.startsWith(`${folder}/`));
  return { path: `^${folder}/`, pathNot: inner.map((other) => `^${other.folder}/`) };
}

/** A package's own files import one another, not its front. */
const fronts = floors.map(({ folder }) => {
  const own = inside(folder);
  return {
    name: `front-of-${folder.replaceAll("/", "-")}-is-for-others`,
    severity: "error",
    comment: "a package's own files import one another, not its index.ts",
    from: { path: own.path, pathNot: [...own.pathNot, tests] },
    to: { path: `^${folder}/index[.]ts$` },
  };
});

/** A package may import its own files, and the front (index.ts) of those that it stands on. */
const rules = floors.map((floor) => {
  const own = inside(floor.folder);
  return {
    name: `imports-of-${floor.folder.replaceAll("/", "-")}`,
    severity: "error",
    comment: `${floor.folder} imports its own files and the index.ts of: ${mayImport(floor).join(", ") || "nothing"}`,
    from: { path: own.path, pathNot: [...own.pathNot, tests] },
    to: {
      path: `^(${all.join("|")})/`,
      pathNot: [
        // A file inside, but of no inner package.
        own.pathNot.length === 0
          ? own.path
          : `${own.path}(?!${own.pathNot.map((p) => p.replace(own.path, "")).join("|")})`,
        ...mayImport(floor).map((folder) => `^${folder}/index[.]ts$`),
      ],
    },
  };
});

export default {
  forbidden: [
    ...rules,
    ...fronts,
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
      comment: "the mathematics imports nothing of the platform; its kernels are embedded compressed",
      from: { path: mathematics, pathNot: [tests, "^shared/problems/kernel-binary\\.ts$"] },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-cycles",
      severity: "error",
      comment: "files that need each other are one file or three; types count",
      from: { pathNot: tests },
      to: { circular: true },
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
