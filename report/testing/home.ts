/** A home with a small data set, for tests that run real runs. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { EmbeddedEngine } from "../../client/engines/embedded.ts";
import { importLibsvm } from "../../shared/data/import.ts";

/** 60 rows of two ones among 12 features, labels in turns; called rows. */
export async function homeWithRows(name: string): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), `marina-${name}-`));
  const engine = new EmbeddedEngine(home);
  const lines = Array.from(
    { length: 60 },
    (_, i) => `${i % 2 === 0 ? 1 : -1} ${1 + (i % 7)}:1 ${8 + (i % 5)}:1\n`,
  ).join("");
  await importLibsvm(Readable.from([Buffer.from(lines)]), {
    name: "rows",
    sourceName: "rows.svm",
    labels: "binary",
    objects: engine.objects,
  });
  await engine.close();
  return home;
}
