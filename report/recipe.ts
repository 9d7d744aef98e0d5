/** How a run is made again: its spec, its constants, and the commands. */
import { type CollectedRun, importCommand } from "../client/index.ts";
import { MARINA, shellWord } from "../shared/base/index.ts";

import type { Recipe } from "./report-data.ts";

export function recipeOf({ stored, result, progress, manifest }: CollectedRun): Recipe {
  const { $schema: _schema, ...spec } = stored.spec;
  const constants = result?.constants ?? progress?.constants;
  return {
    run: stored.run,
    spec: JSON.stringify(spec, null, 2),
    constants: [
      ...Object.entries(constants ?? {}).map(([name, value]) => [name, String(value)] as const),
      ...(result === undefined ? [] : [["SHA-256 of the final iterate", result.iterateSha256] as const]),
      ["SHA-256 of the data", stored.data.sha256],
    ],
    commands: [
      ...importLines(stored.spec.data, manifest),
      ...(spec.heldOut === undefined
        ? []
        : [
            `# and the held-out data: ${MARINA} data import FILE --like ${spec.data} --name ${spec.heldOut.data}`,
          ]),
      runLine(spec),
    ].join("\n"),
  };
}

/** Not by echo: some shells' own reads backslashes. */
export function runLine(spec: object): string {
  return `printf '%s\\n' ${shellWord(JSON.stringify(spec))} | ${MARINA} run -`;
}

/** The commands that bring the data set in; a comment where it is gone. */
export function importLines(data: string, manifest: CollectedRun["manifest"]): string[] {
  if (manifest === undefined) return [`# data set ${data} is gone; import it again under this name`];
  const { command, remark } = importCommand(manifest);
  return [...(remark === undefined ? [] : [`# ${remark}`]), `${MARINA} ${command}`];
}
