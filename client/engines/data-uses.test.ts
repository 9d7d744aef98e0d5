/** Data sets that a sweep or a search uses, and those that want to take them away. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { dataLock, requireUnused, useDataSets } from "./data-uses.ts";
import { EmbeddedEngine } from "./embedded.ts";

const home = mkdtempSync(join(tmpdir(), "marina-uses-"));
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(home, { recursive: true, force: true });
});

/** Another process that uses these data sets until it is killed. */
async function otherUser(...names: string[]): Promise<ChildProcess> {
  const module = new URL("./data-uses.ts", import.meta.url).href;
  const code = `const { useDataSets } = await import(${JSON.stringify(module)});
    await useDataSets(${JSON.stringify(home)}, ${JSON.stringify(names)});
    console.log("uses"); setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout!.once("data", resolve));
  return child;
}

describe("a data set that is used", () => {
  it("is taken away by nobody until the last user has ended, and others are free", async () => {
    const engine = new EmbeddedEngine(home);
    const write = (name: string) =>
      engine.exclusively("data set", name, async () => "written", { unused: true });
    const [one, two] = [await useDataSets(home, ["rows", "more"]), await useDataSets(home, ["rows"])];
    const refusal = new RegExp(
      `data set rows is in use: process ${process.pid} runs a sweep or a search on it; wait for its end`,
    );
    await expect(write("rows")).rejects.toThrow(refusal);
    expect(await engine.exclusively("data set", "rows", async () => "looked at")).toBe("looked at");
    one();
    await expect(write("rows")).rejects.toThrow(refusal);
    expect(await write("more")).toBe("written");
    two();
    expect(await write("rows")).toBe("written");
    expect(readdirSync(join(home, "locks", "data"))).toEqual([]);
    await engine.close();
  });

  it("is free again when the process that used it was killed", async () => {
    const child = await otherUser("rows");
    expect(() => requireUnused(home, "rows")).toThrow(`process ${child.pid} runs a sweep or a search`);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    requireUnused(home, "rows");
    expect(readdirSync(join(home, "locks", "data", "rows.users"))).toEqual([]);
  });

  it("is used only when whoever writes it has ended", async () => {
    const taken = dataLock(home, "rows").take();
    if (!("release" in taken)) throw new Error("expected the lock");
    let used = false;
    const using = useDataSets(home, ["rows"]).then((end) => {
      used = true;
      return end;
    });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(used).toBe(false);
    // Whoever writes sees the user that waits.
    expect(() => requireUnused(home, "rows")).toThrow("in use");
    taken.release();
    (await using)();
    expect(existsSync(join(home, "locks", "data", "rows.users"))).toBe(false);
  });

  it("has a name; what has none is left alone", async () => {
    (await useDataSets(home, ["../outside", ""]))();
    expect(existsSync(home)).toBe(false);
  });
});
