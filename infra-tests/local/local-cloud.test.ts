import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { serverEnvironment } from "./environment.ts";
import { type Recipe, startProcessCloud } from "./local-cloud.ts";
import { nodeFolder } from "./paths.ts";
import { groupMembers } from "./process-group.ts";

/** A cloud in a few lines: answers its health check once it has been asked often enough. */
function recipe(script: string, startSeconds = 30): Recipe {
  return {
    name: "Nimbus 1",
    key: "nimbus",
    healthPath: "/health",
    startSeconds,
    graceMilliseconds: 2000,
    program: (folder, port) => ({
      path: join(nodeFolder, "node"),
      args: ["-e", script],
      environment: { ...serverEnvironment(folder), PORT: String(port) },
    }),
  };
}

const HEALTHY_AT_THIRD_LOOK = `
  let looks = 0;
  require("node:http").createServer((request, response) => {
    response.statusCode = request.url === "/health" && ++looks >= 3 ? 200 : 503;
    response.end();
  }).listen(process.env.PORT, "127.0.0.1");
  require("node:fs").writeFileSync(process.env.TMPDIR + "/trace", "x");
`;

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.unref();
  });
}

test("a cloud is up once it is healthy, and gone with its folder after the stop", async () => {
  const cloud = await startProcessCloud(recipe(HEALTHY_AT_THIRD_LOOK), {});
  const port = Number(new URL(cloud.endpoint).port);
  expect(cloud.env["AWS_ENDPOINT_URL"]).toBe(`http://127.0.0.1:${port}`);
  expect((await fetch(`${cloud.endpoint}/health`)).status).toBe(200);
  expect(existsSync(join(cloud.folder, "tmp", "trace"))).toBe(true);
  expect(JSON.parse(readFileSync(join(cloud.folder, "package.json"), "utf8"))).toEqual({ type: "commonjs" });
  await cloud.stop();
  expect(await answers(port)).toBe(false);
  expect(groupMembers(cloud.processGroup ?? 0)).toEqual([]);
  expect(existsSync(cloud.folder)).toBe(false);
});

test("a cloud that ends while starting is an error with its last words", async () => {
  const starting = startProcessCloud(recipe("console.log('no room'); process.exit(4)"), {});
  await expect(starting).rejects.toThrow(
    /Nimbus 1 ended while starting \(exit code 4\); its last words:\nno room/,
  );
});

test("a cloud that is never healthy is given up and ended", async () => {
  const script = `${HEALTHY_AT_THIRD_LOOK.replace(">= 3", ">= 1e9")}console.log('pid', process.pid);`;
  const error: Error = await startProcessCloud(recipe(script, 1), {}).then(
    () => new Error("it started"),
    (reason: Error) => reason,
  );
  expect(error.message).toMatch(/expected a healthy answer of .*\/health within 1 s, got status 503/);
  const pid = Number(/pid (\d+)/.exec(error.message)?.[1]);
  expect(pid).toBeGreaterThan(0);
  expect(groupMembers(pid)).toEqual([]);
});
