/** Runs whose workers change while they go on, on the deployed service: the bits of the embedded cloud. */
import { beforeAll, describe, expect, inject, test } from "vitest";
import { parseRunSpec, type RunSpec, type RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { reachesProcesses, signalFunction } from "./testing/functions.ts";
import { embeddedResult } from "./testing/reference.ts";
import { importMushrooms, Service } from "./testing/service.ts";
import { MARINA, RUN_SECONDS } from "./testing/specs.ts";

const cloud = inject("cloud");
const service = new Service(cloud);
const aggregatorName = service.output("AggregatorFunctionName");

function spec(name: string, workers: RunSpecInput["workers"]): RunSpec {
  return parseRunSpec(
    {
      ...{ name, data: "mushrooms", workers, problem: { kind: "nonconvex-binary" } },
      algorithm: MARINA,
      ...{ stop: { rounds: 50 }, evaluateEvery: 25 },
    },
    name,
  );
}

const SCHEDULE = [
  { workers: 5 },
  { fromRound: 15, workers: 20 },
  { fromRound: 35, workers: 10, denseRound: "force" as const },
];

beforeAll(async () => {
  await importMushrooms(service.ports.objects, "mushrooms");
});

describe("a schedule of 5, 20 and 10 workers", () => {
  test("changes at the rounds, and ends with the bits, of the embedded cloud", async () => {
    const run = spec("elastic", SCHEDULE);
    const result = await service.ended(await service.launch(run), RUN_SECONDS);
    const expected = await embeddedResult(run);
    expect(result).toMatchObject({ status: "done", iterateSha256: expected.iterateSha256 });
    const shape = ({ phases }: typeof result) => phases.map(({ round, workers }) => [round, workers]);
    expect(shape(result)).toEqual(shape(expected));
    expect(result.phases.map(({ workers }) => workers)).toEqual([5, 20, 10]);
  });

  test.runIf(reachesProcesses(cloud))("loses nothing when the aggregator dies on the way", async () => {
    const run = spec("elastic-killed", SCHEDULE);
    const name = await service.launch(run);
    await service.reached(name, 14, RUN_SECONDS);
    expect(signalFunction(cloud, aggregatorName, "SIGKILL")).toBeGreaterThan(0);
    const result = await service.ended(name, RUN_SECONDS);
    expect(result).toMatchObject({ status: "done" });
    expect(result.iterateSha256).toBe((await embeddedResult(run)).iterateSha256);
  });
});

test("a run that is told to go on with others does, as the schedule does that its result tells", async () => {
  const name = await service.launch(spec("scaled", 5));
  await service.reached(name, 10, RUN_SECONDS);
  const request = { request: Date.now(), workers: 12, participants: null, now: true };
  await service.command(name, { kind: "scale", ...request });
  const result = await service.ended(name, RUN_SECONDS);
  expect(result).toMatchObject({ status: "done", constants: { workers: 12 } });
  const { round } = result.phases[1]!;
  const same = spec("scaled", [{ workers: 5 }, { fromRound: round, workers: 12, denseRound: "force" }]);
  expect(result.iterateSha256).toBe((await embeddedResult(same)).iterateSha256);
});
