/** `marina data import`. */
import {
  configure,
  type EngineOptions,
  fileImport,
  type ImportFileOptions,
  type ImportFileProgress,
  withEngine,
} from "../../client/index.ts";
import { bytes, seconds } from "../../shared/base/index.ts";
import type { ObjectFiles } from "../../shared/cloud/aws/index.ts";
import { dataFigures, describeData } from "../output/data-set.ts";
import { type PrintOptions, print } from "../output/print.ts";
import { widthOf } from "../output/terminal.ts";

type ImportOptions = EngineOptions & PrintOptions & Omit<ImportFileOptions, "onProgress">;

export async function importFiles(paths: readonly string[], options: ImportOptions): Promise<void> {
  const { createLogUpdate } = await import("log-update");
  const line = createLogUpdate(process.stderr);
  const started = performance.now();
  let shown = started;
  const onProgress = ({ name, bytesRead, bytes: size, rows }: ImportFileProgress): void => {
    const now = performance.now();
    if (!process.stderr.isTTY || now - shown < 100) return;
    shown = now;
    const share =
      size === undefined || size === 0
        ? ""
        : ` of ${bytes(size)} (${Math.floor((100 * bytesRead) / size)} %)`;
    line(`${name}: ${bytes(bytesRead)}${share}, ${rows.toLocaleString("en-US")} rows`);
  };
  try {
    const importInto = await fileImport(paths, { ...options, onProgress }, () => openS3(options));
    const { manifest, sourceName, notices } = await withEngine(options, importInto);
    line.clear();
    for (const notice of notices) console.error(`${sourceName}: ${notice}`);
    const wallSeconds = (performance.now() - started) / 1000;
    print(
      options,
      { ...dataFigures(manifest), notices, wallSeconds },
      () => `${describeData(manifest, widthOf())}\nimported in ${seconds(wallSeconds)}`,
    );
  } finally {
    line.clear();
  }
}

/** S3 as the options and the environment say, whatever engine the data are for. */
async function openS3(options: EngineOptions): Promise<ObjectFiles> {
  configure(options);
  return (await import("../../shared/cloud/aws/index.ts")).createObjectFiles();
}
