/** A free port on the loopback interface. */
import { createServer } from "node:net";
import { MarinaError } from "../../shared/math/errors.ts";

/** @param asked a port that must be free; without it any. @throws MarinaError "usage" when it is taken. */
export function freePort(asked?: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => {
      reject(
        new MarinaError("usage", `port ${asked ?? "any"} of 127.0.0.1 can't be used (${error.message}); choose another with --port`, {
          cause: error,
        }),
      );
    });
    server.listen(asked ?? 0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : (asked ?? 0)));
    });
  });
}
