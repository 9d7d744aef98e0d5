import { expect, it } from "vitest";
import { regressions } from "./print.ts";

it("reports figures more than a fifth above their baseline, and no new ones", () => {
  const figure = (name: string, ratio: number) => ({ name, ratio, detail: "", aim: "" });
  const baseline = { machine: "any", ratios: { same: 1, worse: 1, edge: 1, better: 1 } };
  const figures = [
    figure("same", 1),
    figure("worse", 1.21),
    figure("edge", 1.2),
    figure("better", 0.5),
    figure("new", 9),
  ];
  expect(regressions(figures, baseline).map(({ name }) => name)).toEqual(["worse"]);
});
