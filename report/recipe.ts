/** How a run is made again: its spec, its constants, and the commands. */

import type { CollectedRun } from "../client/index.ts";
import { MARINA } from "../shared/base/index.ts";
import type { Recipe } from "./report-data.ts";

export function recipeOf({ stored, result, progress, dataFile }: CollectedRun): Recipe {
  const { $schema: _schema, ...spec } = stored.spec;
  const constants = result?.constants ?? progress?.constants;
  const file = dataFile ?? `${spec.data}.svm`;
  return {
    run: stored.run,
    spec: JSON.stringify(spec, null, 2),
    constants: [
      ...Object.entries(constants ?? {}).map(([name, value]) => [name, String(value)] as const),
      ...(result === undefined ? [] : [["SHA-256 of the final iterate", result.iterateSha256] as const]),
      ["SHA-256 of the data", stored.data.sha256],
    ],
    commands: [
      `${MARINA} data import ${shellWord(file)} --name ${shellWord(spec.data)}`,
      `echo ${shellWord(JSON.stringify(spec))} | ${MARINA} run -`,
    ].join("\n"),
  };
}

/** One word of a POSIX shell's command line, whatever it contains. */
export function shellWord(text: string): string {
  return /^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
