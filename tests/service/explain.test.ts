/** What is told of a run's step size before it is stored is what the run then has. */
import { describe, expect, it } from "vitest";
import { constantsOfSpec } from "../../client/explain.ts";
import { stepTexts } from "../../client/text/step-text.ts";
import { parseRunSpec, type RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { DATA, runToEnd, serviceWith } from "../fixtures/service.ts";

const randK = { kind: "rand-k", k: 10 } as const;
const logistic = { kind: "logistic", regularizer: { kind: "l2", lambda: 0.01 } } as const;

function specOf(algorithm: RunSpecInput["algorithm"], change: Partial<RunSpecInput> = {}): RunSpecInput {
  return { ...{ data: DATA, workers: 5, problem: logistic, algorithm, stop: { rounds: 3 } }, ...change };
}

describe("before a run", () => {
  it.each<[string, RunSpecInput["algorithm"], RegExp]>([
    ["marina", { kind: "marina", compressor: randK }, /^Theorem 2\.1 of MARINA: γ = 1\/\(L \(1 \+/],
    [
      "twice the theory's",
      { kind: "marina", compressor: randK, stepSize: { times: 2 } },
      /^2 times the step of Theorem 2\.1/,
    ],
    ["a number", { kind: "marina", compressor: randK, stepSize: 0.1 }, /^the spec: a number/],
    [
      "perm-k",
      { kind: "marina", compressor: { kind: "perm-k" } },
      /^Szlendak, Tyurin and Richtarik 2021, with L for L_pm/,
    ],
    [
      "importance",
      { kind: "pp-marina", compressor: randK, participants: 2, sampling: "importance" },
      /mean L_i/,
    ],
    ["dasha, pl", { kind: "dasha", compressor: randK, stepSize: "pl" }, /Polyak-Lojasiewicz/],
    ["ef21, measured", { kind: "ef21", compressor: randK, stepSize: "measured" }, /no guarantee/],
  ])("its constants are those it will have, with their source: %s", async (_name, algorithm, source) => {
    const service = await serviceWith();
    const { objects } = service.cloud.client;
    const input = specOf(algorithm);
    const before = await objects.list("");
    const told = await constantsOfSpec(objects, parseRunSpec(input, "test"));
    expect(await objects.list("")).toEqual(before);
    const { constants } = await runToEnd(service, "r", input);
    expect(told).toEqual(constants);
    expect(stepTexts(parseRunSpec(input, "test"), told!)[0]).toMatch(source);
  });

  it("a step under the Polyak-Lojasiewicz condition is told with the rounds that it guarantees, or with its rate", async () => {
    const { objects } = (await serviceWith()).cloud.client;
    const stop = { rounds: 3, relativeGradientNormSquared: 1e-3 };
    const aimed = parseRunSpec(specOf({ kind: "gd", stepSize: "pl" }, { stop }), "test");
    const told = (await constantsOfSpec(objects, aimed))!;
    expect(stepTexts(aimed, told)[1]).toContain(
      `as small as asked for after ${told.guaranteedRounds!.toLocaleString("en-US")} rounds at most`,
    );
    const open = parseRunSpec(specOf({ kind: "gd", stepSize: "pl" }), "test");
    expect(stepTexts(open, (await constantsOfSpec(objects, open))!)[1]).toMatch(
      /a tenth after [\d,]+ rounds$/,
    );
  });
});
