/** Before dollars are spent. */
import { describe, expect, it } from "vitest";
import { completeSpec } from "../shared/protocol/testing/samples.ts";
import { checkBound, confirmLength, confirmSpending, heldTo } from "./confirm-price.ts";
import type { Terminal } from "./text/ask.ts";

function terminal(answer?: string): Terminal & { readonly said: string[]; readonly asked: string[] } {
  const [said, asked]: [string[], string[]] = [[], []];
  return {
    interactive: answer !== undefined,
    said,
    asked,
    say: (line) => said.push(line),
    ask: async (question) => {
      asked.push(question);
      return answer ?? "";
    },
  };
}

const two = { text: "at most $2", usdAtMost: 2 };
const unknown = { text: "can't be predicted", usdAtMost: undefined };

describe("what costs money", () => {
  it("is asked for with its price, however little it is", async () => {
    const there = terminal("y");
    await confirmSpending({ text: "at most $0.0001", usdAtMost: 1e-4 }, {}, there);
    expect(there.said).toEqual(["predicted: at most $0.0001"]);
    expect(there.asked).toEqual(["This costs money on AWS. Go ahead? [y/N] "]);
  });

  it.each(["", "n", "yep", "no"])("is not started when the answer is %j", async (answer) => {
    await expect(confirmSpending(two, {}, terminal(answer))).rejects.toMatchObject({
      code: "usage",
      message: "nothing was started",
    });
  });

  it("is not started where nobody can be asked, which says what to give", async () => {
    const away = terminal();
    await expect(confirmSpending(two, {}, away)).rejects.toThrow(
      "standard input is no terminal to ask at; give --yes to spend it, and --max-usd to bound it",
    );
    expect(away.asked).toEqual([]);
  });

  it("is started without a question with --yes, and the price is said all the same", async () => {
    const away = terminal();
    await confirmSpending(two, { yes: true }, away);
    await confirmSpending(unknown, { yes: true, maxUsd: 1 }, away);
    expect(away.said).toEqual(["predicted: at most $2", "predicted: can't be predicted"]);
    expect(away.asked).toEqual([]);
  });

  it("is refused over the bound, whatever the answer would be, and not at the bound", async () => {
    for (const yes of [true, false]) {
      const there = terminal("y");
      await expect(confirmSpending(two, { yes, maxUsd: 1.99 }, there)).rejects.toThrow(
        "nothing was started: $2.00 predicted is over --max-usd 1.99",
      );
      expect(there.asked).toEqual([]);
    }
    await confirmSpending(two, { yes: true, maxUsd: 2 }, terminal());
  });

  it("is held to the lower of the bound and the spec's own", () => {
    const spec = completeSpec();
    expect(heldTo(spec, undefined)).toBe(spec);
    expect(heldTo(spec, 3).stop).toEqual({ ...spec.stop, usd: 3 });
    const bounded = { ...spec, stop: { ...spec.stop, usd: 2 } };
    expect(heldTo(bounded, 3).stop.usd).toBe(2);
    expect(heldTo(bounded, 1).stop.usd).toBe(1);
  });

  it("is on AWS alone: a bound elsewhere is a mistake", () => {
    checkBound({ on: "aws", maxUsd: 1 });
    checkBound({ on: "embedded" });
    expect(() => checkBound({ on: "embedded", maxUsd: 1 })).toThrow(/the embedded cloud cost nothing/);
    expect(() => checkBound({ on: "localstack", maxUsd: 1 })).toThrow(/a local cloud cost nothing/);
  });
});

describe("a run that may take days", () => {
  const day = 24 * 3600;
  const length = (seconds: number) => ({ rounds: 1e9, seconds, usd: 12_345 });

  it("is asked about from a day on, and not before", async () => {
    const there = terminal("y");
    await confirmLength(length(day), false, there);
    expect([there.said, there.asked]).toEqual([[], []]);
    await confirmLength(length(3 * day), false, there);
    expect(there.said).toEqual([
      "predicted: up to 1,000,000,000 rounds, about 3.0 days of this machine; on AWS $12345.00",
    ]);
    expect(there.asked).toEqual(["This may take days. Go ahead? [y/N] "]);
  });

  it("is not started where nobody can be asked, but with --yes", async () => {
    await expect(confirmLength(length(3 * day), false, terminal())).rejects.toThrow(
      /^nothing was started: it may take days, .* give fewer stop\.rounds, or --yes$/,
    );
    await confirmLength(length(3 * day), true, terminal());
  });
});
