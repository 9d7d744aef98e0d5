/** For tests: homes of the embedded cloud with a small table in them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Run } from "../../run.ts";

/** A folder that is gone when the tests are. */
export class TestFolder {
  readonly path = mkdtempSync(join(tmpdir(), "marina-model-"));

  file(name: string): string {
    return join(this.path, name);
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.file(name), content);
    return this.file(name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Rows of three features; y is what `labelOf` makes of them. */
export function tableOf(rows: number, labelOf: (a: readonly number[], row: number) => string | number) {
  const cells = Array.from({ length: rows }, (_, row) => {
    const a = [((7 * row) % 13) - 6, ((5 * row) % 11) / 4, 100 + ((3 * row) % 17)];
    return { a, y: labelOf(a, row) };
  });
  const lines = cells.map(({ a, y }) => [...a, y].join(","));
  return { cells, csv: `size,weight,price,y\n${lines.join("\n")}\n` };
}

/** Waits until it has ended as done. */
export async function done(
  run: Run,
): Promise<{ readonly iterateSha256: string; readonly loss: number | null }> {
  const { status, error, iterateSha256, loss } = await run.result();
  if (status !== "done") throw new Error(`${run.name} ${status}: ${error}`);
  return { iterateSha256, loss };
}
