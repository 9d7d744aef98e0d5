/** A thread that runs cells one after the other, as it is told. */
import { parentPort } from "node:worker_threads";
import type { ServiceConfiguration } from "../embedded/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import type { RunSpec } from "../shared/protocol/index.ts";
import { type CellOutcome, runCell, type StoredObjects } from "./run-cell.ts";

/** From the pool: run this. */
export interface CellOrder {
  readonly digest: string;
  readonly spec: RunSpec;
  readonly configuration: ServiceConfiguration;
  readonly stored: StoredObjects;
}

/** To the pool: what came of it. Errors travel as their parts: their class would be lost. */
export type CellReply =
  | { readonly kind: "done"; readonly outcome: CellOutcome }
  | { readonly kind: "failed"; readonly code: string | null; readonly message: string };

const port = parentPort;
if (port === null) throw new Error("cell-thread.ts is started by the pool, as a worker thread");
port.on("message", (order: CellOrder) => {
  void reply(order).then((message) => port.postMessage(message));
});

async function reply({ digest, spec, configuration, stored }: CellOrder): Promise<CellReply> {
  try {
    return { kind: "done", outcome: await runCell(digest, spec, configuration, stored) };
  } catch (error) {
    if (error instanceof MarinaError) return { kind: "failed", code: error.code, message: error.message };
    return {
      kind: "failed",
      code: null,
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}
