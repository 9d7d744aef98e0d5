/** `marina tag`: what people say of runs. */
import {
  changeLabels,
  checkLabels,
  type EngineOptions,
  findRun,
  readLabels,
  tagWords,
  withEngine,
} from "../../client/index.ts";
import type { RunLabels } from "../../shared/protocol/index.ts";

interface TagOptions extends EngineOptions {
  readonly tag?: readonly string[];
  readonly remove?: readonly string[];
  readonly note?: string;
}

export async function tag(runs: readonly string[], options: TagOptions): Promise<void> {
  const { tag: tags = [], remove: removed = [], note } = options;
  const change = { tags, removed, ...(note === undefined ? {} : { note }) };
  checkLabels(change);
  const changes = tags.length > 0 || removed.length > 0 || note !== undefined;
  await withEngine(options, async (engine) => {
    for (const run of runs) await findRun(engine.live, run);
    for (const run of new Set(runs)) {
      const labels = changes
        ? await changeLabels(engine.objects, run, change)
        : await readLabels(engine.live, run);
      console.log(labelsText(run, labels));
    }
  });
}

function labelsText(run: string, labels: RunLabels): string {
  const words = tagWords(labels);
  return [
    `${run}: ${words.length === 0 ? "no tags" : words.join(", ")}`,
    ...(labels.note === null ? [] : labels.note.split("\n").map((line) => `  ${line}`)),
  ].join("\n");
}
