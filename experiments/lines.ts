/** Draws the lines that a README shows, as pictures beside it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { draw } from "../report/export.ts";
import type { AskedLines } from "./readme.ts";

export async function drawLines(asked: readonly AskedLines[], folder: string): Promise<void> {
  for (const { file, x, y, points } of asked) {
    const scale = { type: "log", nice: false, padding: 12 };
    const position = (field: string, title: string) => ({ field, type: "quantitative", title, scale });
    const named = { field: "label", type: "nominal", title: null, sort: null, legend: { labelLimit: 0 } };
    const chart = {
      data: { name: "rows" },
      ...{ width: 460, height: 280 },
      mark: { type: "line", point: true },
      encoding: {
        x: {
          ...position("x", x),
          axis: { values: [...new Set(points.map((point) => point.x))], format: ",d" },
        },
        y: position("y", y),
        ...{ color: named, strokeDash: named, shape: named },
      },
    };
    writeFileSync(join(folder, file), `${await draw(chart, `${y} over ${x}`, points)}\n`);
  }
}
