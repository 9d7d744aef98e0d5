/** How far a sweep is: a bar with the time left on a terminal, a line a cell elsewhere. */
import cliProgress from "cli-progress";
import type { CellProgress } from "./run-sweep.ts";

export function createCellProgress(title: string, stream: NodeJS.WriteStream): CellProgress {
  if (stream.isTTY !== true) return plainProgress(title, stream);
  const bar = new cliProgress.SingleBar(
    {
      format: `${title} [{bar}] {value}/{total} runs, {eta_formatted} left`,
      stream,
      hideCursor: true,
      clearOnComplete: true,
    },
    cliProgress.Presets.rect,
  );
  return {
    begin: (total, done) => bar.start(total, done),
    step: (_cell, done) => bar.update(done),
    end: () => bar.stop(),
  };
}

function plainProgress(title: string, stream: NodeJS.WriteStream): CellProgress {
  let total = 0;
  return {
    begin(all, done) {
      total = all;
      stream.write(`${title}: ${all} runs, ${done} of them done before\n`);
    },
    step({ label, axes, spec }, done) {
      stream.write(
        `${title}: ${done}/${total} ${label ?? ""} ${JSON.stringify({ ...axes, seed: spec.seed })}\n`,
      );
    },
    end: () => undefined,
  };
}
