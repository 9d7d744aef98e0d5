import { createServer } from "node:net";
import { expect, test } from "vitest";
import { freePort } from "./port.ts";

test("a port that was found free can be listened on", async () => {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  // Now it is taken, and asking for it says so.
  await expect(freePort(port)).rejects.toMatchObject({
    code: "usage",
    message: expect.stringMatching(new RegExp(`port ${port} of 127\\.0\\.0\\.1 .*--port`)) as string,
  });
  server.close();
});
