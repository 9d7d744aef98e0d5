/** What a quickstart that is called again does with the runs of an earlier one. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Engine, openEmbedded, runNames } from "../../client/index.ts";
import { importLibsvm } from "../../shared/data/index.ts";
import { parseRunSpec, type RunSpec, resultKey } from "../../shared/protocol/index.ts";
import type { Shown } from "../output/report.ts";
import { runOnce } from "./quickstart.ts";

const home = mkdtempSync(join(tmpdir(), "marina-quickstart-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function onEngine<T>(use: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await openEmbedded(home);
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

function spec(rounds: number, usd?: number): RunSpec {
  const given = {
    name: "quick",
    data: "tiny",
    workers: 2,
    problem: { kind: "nonconvex-binary" },
    algorithm: { kind: "gd", stepSize: 0.1 },
    stop: { rounds, ...(usd === undefined ? {} : { usd }) },
  };
  return parseRunSpec(given, "spec");
}

const once = (wanted: RunSpec, fresh = false): Promise<Shown> =>
  onEngine((engine) => runOnce(engine, wanted, { fresh }));
const names = (): Promise<string[]> => onEngine((engine) => runNames(engine.live));

beforeAll(async () => {
  async function* rows() {
    yield new TextEncoder().encode("1 1:1 2:0.5\n-1 2:1\n1 1:2\n-1 1:-1\n");
  }
  await onEngine(({ objects }) =>
    importLibsvm(rows(), { name: "tiny", sourceName: "tiny", labels: "binary", objects }),
  );
});

it("what is done is shown again, also under another bound of dollars; what was cut off goes on", async () => {
  const first = await once(spec(30));
  expect([first.result.run, first.result.rounds, first.wallSeconds === undefined]).toEqual([
    "quick",
    30,
    false,
  ]);
  for (const again of [await once(spec(30)), await once(spec(30, 5))])
    expect([again.result.iterateSha256, again.wallSeconds]).toEqual([first.result.iterateSha256, undefined]);
  await onEngine(({ objects }) => objects.delete(resultKey("quick")));
  const resumed = await once(spec(30));
  expect(resumed.wallSeconds).toBeGreaterThan(0);
  expect(resumed.result.iterateSha256).toBe(first.result.iterateSha256);
  expect(await names()).toEqual(["quick"]);
});

it("told to, all is run anew under the same name; another spec of that name has a run of its own", async () => {
  expect((await once(spec(30), true)).wallSeconds).toBeGreaterThan(0);
  expect(await names()).toEqual(["quick"]);
  expect((await once(spec(40))).result.run).toBe("quick-2");
});
