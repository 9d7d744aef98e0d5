import { expect, it } from "vitest";
import { parseRunSpec, type RunSpecInput } from "../shared/protocol/spec/spec.ts";
import { mostTakingPart } from "./most-taking-part.ts";

const of = (change: Partial<RunSpecInput>) =>
  mostTakingPart(
    parseRunSpec(
      {
        ...{ name: "r", data: "d", workers: 5, problem: { kind: "nonconvex-binary" }, stop: { rounds: 30 } },
        algorithm: { kind: "gd" },
        ...change,
      },
      "spec",
    ),
  );
const compressor = { kind: "rand-k", k: 10 } as const;

it("where all take part nobody is told of apart", () => {
  expect(of({})).toEqual({ workers: 5, participants: null });
});

it("where workers and participants change the most of each count, whenever that is", () => {
  expect(
    of({
      remainder: "spread",
      workers: [{ workers: 5 }, { fromRound: 6, workers: 12 }, { fromRound: 18, workers: 3 }],
      algorithm: {
        kind: "pp-marina",
        compressor,
        participants: [
          { participants: 2 },
          { fromRound: 3, participants: 4 },
          { fromRound: 18, participants: 1 },
        ],
      },
    }),
  ).toEqual({ workers: 12, participants: 4 });
});
