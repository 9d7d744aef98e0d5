/** A run that is begun on one engine and goes on on another comes to the same bits. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { marina } from "../../tests/fixtures/cli.ts";
import { onStack, resultLine, scratchFolder } from "./testing/command.ts";
import { embeddedResult, stoppedOnEmbedded } from "./testing/reference.ts";
import { importMushrooms, Service } from "./testing/service.ts";
import { DIANA, MARINA, RUN_SECONDS, spec } from "./testing/specs.ts";

const ROUNDS = 60;
const STOP_ROUND = 20;
const cloud = inject("cloud");
const service = new Service(cloud);
const cwd = scratchFolder();
afterAll(() => rmSync(cwd, { recursive: true }));

beforeAll(async () => {
  await importMushrooms(service.ports.objects, "mushrooms");
});

test.each([
  ["MARINA", MARINA],
  // Its workers' memories have to come along.
  ["DIANA", DIANA],
])(
  "%s, begun and stopped on the embedded cloud, goes on here with the same bits",
  async (method, algorithm) => {
    const run = spec(`from-embedded-${method.toLowerCase()}`, algorithm, ROUNDS);
    const home = join(cwd, `${run.name}-home`);
    const archive = join(cwd, `${run.name}.marina`);
    const stopped = await stoppedOnEmbedded(run, STOP_ROUND, home);
    expect(stopped).toMatchObject({ status: "stopped", stoppedBy: "user" });
    expect(stopped.rounds).toBeLessThan(ROUNDS);

    const name = stopped.run;
    expect(await marina(["export", name, archive, "--home", home], { cwd })).toMatchObject({ code: 0 });
    const taken = await onStack(cloud, ["import", archive], { cwd });
    expect(taken).toMatchObject({ code: 0, stderr: "" });
    expect(taken.stdout).toContain(`marina resume ${name}`);
    const resumed = await onStack(cloud, ["resume", name, "--json"], { cwd });
    expect(resumed).toMatchObject({ code: 0 });
    expect(resultLine(resumed)).toMatchObject({ run: name, status: "done", rounds: ROUNDS });
    expect(resultLine(resumed)["iterateSha256"]).toBe((await embeddedResult(run)).iterateSha256);
  },
);

test("a run, begun and stopped here, goes on on the embedded cloud with the same bits", async () => {
  const run = spec("to-embedded", MARINA, ROUNDS);
  const home = join(cwd, "to-embedded-home");
  const archive = join(cwd, "to-embedded.marina");
  const name = await service.launch(run);
  await service.reached(name, STOP_ROUND, RUN_SECONDS);
  expect(await onStack(cloud, ["stop", name], { cwd })).toMatchObject({ code: 0, stderr: "" });
  const stopped = await service.ended(name, RUN_SECONDS);
  expect(stopped).toMatchObject({ status: "stopped", stoppedBy: "user" });
  expect(stopped.rounds).toBeLessThan(ROUNDS);

  expect(await onStack(cloud, ["export", name, archive], { cwd })).toMatchObject({ code: 0, stderr: "" });
  expect(await marina(["import", archive, "--home", home], { cwd })).toMatchObject({ code: 0 });
  const resumed = await marina(["resume", name, "--home", home, "--json"], { cwd });
  expect(resumed).toMatchObject({ code: 0 });
  expect(resultLine(resumed)).toMatchObject({ run: name, status: "done", rounds: ROUNDS });
  expect(resultLine(resumed)["iterateSha256"]).toBe((await embeddedResult(run)).iterateSha256);
});
