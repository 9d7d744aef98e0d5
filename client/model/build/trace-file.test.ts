/** Files of models, run in processes of their own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { canonicalProgram, type ModelForm } from "../../../shared/problems/index.ts";
import { traceFile } from "./trace-file.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-models-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const form: ModelForm = { row: [3], label: { kind: "real" } };
const linear = `({ row, label, parameter, ops }) => {
  const z = ops.add(ops.matmul(row, parameter("w", [3, 1])), parameter("b", [1]));
  return { loss: ops.squaredError(z, label), outputs: z };
}`;

describe("a model's file", () => {
  it("is a function in JavaScript or TypeScript, or one with the form of its rows: the same program", async () => {
    const plain = await traceFile(file("plain.js", `export default ${linear};`), form);
    expect(plain.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ["w", [3, 1]],
      ["b", [1]],
    ]);
    const typed = `type Size = number;\nconst size: Size = 3;\nexport default { row: [size], label: { kind: "real" }, model: ${linear} };`;
    expect(canonicalProgram(await traceFile(file("typed.ts", typed)))).toBe(canonicalProgram(plain));
  });

  it("may import what lies beside it, and print", async () => {
    file("size.mjs", "export const size = 3;");
    const text = `import { size } from "./size.mjs";\nconsole.log("hello");\nexport default { row: [size], label: { kind: "real" }, model: ${linear} };`;
    expect((await traceFile(file("imports.mjs", text))).row).toEqual([3]);
  });

  it("runs in a process of its own: what it does to globals and files is not this one's", async () => {
    const text = `globalThis.Float64Array = undefined; process.env.MARINA_TRACED = "1";\nexport default ${linear};`;
    await traceFile(file("globals.mjs", text), form).catch(() => undefined);
    expect([typeof Float64Array, process.env["MARINA_TRACED"]]).toEqual(["function", undefined]);
  });
});

describe("a model's file is refused", () => {
  it.each<[string, string, RegExp]>([
    [
      "throws.mjs",
      `export default () => { throw new TypeError("no such thing"); };`,
      /^throws\.mjs:1:\d+: TypeError: no such thing$/,
    ],
    ["throws-first.mjs", `throw new Error("at once");`, /^throws-first\.mjs:1:\d+: Error: at once$/],
    ["syntax.mjs", "export default (=>", /^syntax\.mjs.*: SyntaxError: /],
    [
      "exits.mjs",
      "process.exit(7);",
      /^exits\.mjs: its process ended before the model was built \(exit code 7\)$/,
    ],
    [
      "none.mjs",
      "export const model = 1;",
      /^none\.mjs: expected as default export a function .*, got no default export$/,
    ],
    ["number.mjs", "export default 3;", /got number$/],
    [
      "choice.mjs",
      `export default ({ row, label, parameter, ops }) => {\n  if (label > 0) return 1;\n};`,
      /^choice\.mjs:2:\d+: the number or text of a traced value \[\]/,
    ],
    [
      "shape.mjs",
      `export default ({ row, parameter, ops }) =>\n  ops.matmul(row, parameter("w", [4, 1]));`,
      /^shape\.mjs:2:\d+: ops\.matmul: a value of shape \[3\] does not fit a matrix \[4, 1\]$/,
    ],
    [
      "random.mjs",
      `export default (c) => { const { loss, outputs } = (${linear})(c); return { loss: c.ops.multiply(loss, Math.random()), outputs }; };`,
      /^random\.mjs: built twice, it gave two programs: does it draw random numbers, or read the clock\?.*"scale":0\./,
    ],
    [
      "clock.mjs",
      `const scale = process.hrtime()[1];\nexport default (c) => { const { loss, outputs } = (${linear})(c); return { loss: c.ops.multiply(loss, scale), outputs }; };`,
      /^clock\.mjs: built twice, it gave two programs/,
    ],
  ])("%s", async (name, text, message) => {
    await expect(traceFile(file(name, text), form)).rejects.toThrow(message);
  });

  it("that waits or loops for ever, after its time", async () => {
    for (const [name, text] of [
      ["loops.mjs", "export default () => { for (;;); };"],
      ["waits.mjs", "await new Promise(() => setInterval(() => {}, 1000));\nexport default 1;"],
    ] as const) {
      const started = performance.now();
      await expect(traceFile(file(name, text), form, 2)).rejects.toThrow(
        `${name}: has not ended after 2 s: does it wait, or loop for ever?`,
      );
      expect(performance.now() - started).toBeLessThan(30_000);
    }
  });

  it("that is not there, or does not say what its rows are", async () => {
    await expect(traceFile(join(folder, "missing.ts"))).rejects.toThrow(/missing\.ts: .*no such file/i);
    await expect(traceFile(file("bare.mjs", `export default ${linear};`))).rejects.toThrow(
      /^bare\.mjs.*: expected --data NAME, or --row and --label/,
    );
  });
});

it("nothing but this command imports a file that a user names", () => {
  const child = readFileSync(new URL("trace-child.ts", import.meta.url), "utf8");
  expect(child.match(/import\(/g)).toHaveLength(1);
});
