import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it, vi } from "vitest";
import { createSystemClock } from "./clock.ts";

const run = promisify(execFile);

it("keeps a process alive that waits for nothing else", async () => {
  const module = new URL("clock.ts", import.meta.url).href;
  const program = `import(${JSON.stringify(module)}).then(({ createSystemClock }) => createSystemClock().sleep(50)).then(() => console.log("awake"))`;
  expect((await run(process.execPath, ["-e", program])).stdout).toBe("awake\n");
});

it("sleeps about as long as it was told", async () => {
  const clock = createSystemClock();
  const before = clock.now();
  await clock.sleep(30);
  expect(clock.now() - before).toBeGreaterThan(28);
});

it("does not go back when the system's time is corrected", () => {
  const clock = createSystemClock();
  const before = clock.now();
  vi.useFakeTimers({ toFake: ["Date"], now: 0 });
  const after = clock.now();
  vi.useRealTimers();
  expect(after).toBeGreaterThanOrEqual(before);
});

it("does not end a sleep at once that is longer than a timer can be", async () => {
  const program = `const { createSystemClock } = await import(${JSON.stringify(new URL("clock.ts", import.meta.url).href)});
    const clock = createSystemClock();
    await Promise.race([clock.sleep(2 ** 31).then(() => console.log("long")), clock.sleep(50).then(() => console.log("short"))]);
    process.exit();`;
  expect((await run(process.execPath, ["--input-type=module", "-e", program])).stdout).toBe("short\n");
});
