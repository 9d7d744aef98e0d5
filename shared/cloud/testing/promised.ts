/** A promise of a port, which every implementation of it must keep. */
import { MarinaError } from "../../base/index.ts";

export interface Promised<Port> {
  readonly name: string;
  /** @throws where the promise is broken. */
  holds(port: Port): Promise<void>;
}

/** "succeeded", the code of a MarinaError, or what other error it was. */
export async function endingOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "succeeded";
  } catch (error) {
    return error instanceof MarinaError ? error.code : String(error);
  }
}
