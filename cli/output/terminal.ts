/** What the place that is printed to allows: its width, and whether it shows colours. */
import { styleText } from "node:util";
import type { TableOptions } from "../../client/index.ts";

/** Of a terminal that does not say. */
const USUAL_COLUMNS = 80;

/** Characters of a line; undefined where lines may be as long as they are: in a file or a pipe. */
export function widthOf(stream: NodeJS.WriteStream = process.stdout): number | undefined {
  return stream.isTTY === true ? stream.columns || USUAL_COLUMNS : undefined;
}

/** For tables on standard output. Node knows NO_COLOR, FORCE_COLOR and what the terminal can show. */
export function onOutput(): TableOptions {
  return {
    width: widthOf(),
    heading: (line) => styleText("bold", line, { stream: process.stdout }),
  };
}
