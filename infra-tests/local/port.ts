/** A free port on the loopback interface. */
import { createServer } from "node:net";
import { MarinaError } from "../../shared/base/errors.ts";

/** @param asked a port that must be free; 0: any. @throws MarinaError "usage" when it is taken. */
export function freePort(asked = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => {
      reject(
        new MarinaError(
          "usage",
          `port ${asked} of 127.0.0.1 can't be used (${error.message}); choose another with --port, or --port 0 for any free one`,
          {
            cause: error,
          },
        ),
      );
    });
    server.listen(asked, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : asked));
    });
  });
}
