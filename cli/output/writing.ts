/** Writing where the user said: what the file system refuses is said of the option that named the place. */
import { isSystemError, MarinaError, systemText } from "../../shared/base/index.ts";

/** No other place would help, or it may not. */
const NOT_THE_PLACE: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EIO", "EMFILE"]);

/**
 * @param place the option and its value, e.g. "--png figures"
 * @throws MarinaError "usage" for a place that can't be written to, "unavailable" where the disk is to blame.
 */
export async function writingTo<T>(place: string, write: () => T | Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const code = NOT_THE_PLACE.has(error.code ?? "") ? "unavailable" : "usage";
    throw new MarinaError(code, `${place}: ${systemText(error)}`, { cause: error });
  }
}
