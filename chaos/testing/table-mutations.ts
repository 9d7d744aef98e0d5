/** For tests: bugs in what an aggregator takes for an answer, and in how it sums. */
import type { ServiceAlteration } from "../../embedded/service/service.ts";
import {
  ContributionTable,
  type Expectation,
  type Place,
} from "../../lambdas/aggregator/exchange/contribution-table.ts";
import type { RunMessage } from "../../shared/protocol/messages/run-message.ts";

class CountsMessages extends ContributionTable {
  protected override hasAnswered(): boolean {
    return false;
  }
}

class InOrderOfArrival extends ContributionTable {
  readonly order: unknown[] = [];

  override expect(...expected: Parameters<ContributionTable["expect"]>): void {
    this.order.length = 0;
    super.expect(...expected);
  }

  override offer(...offered: Parameters<ContributionTable["offer"]>): ReturnType<ContributionTable["offer"]> {
    const verdict = super.offer(...offered);
    if (verdict.accepted) this.order.push(offered[0]);
    return verdict;
  }
}

class TakesAnyRound extends ContributionTable {
  protected override answersNow({ phase }: Place, expected: Expectation): boolean {
    return phase === expected.phase;
  }
}

class TakesAnyMembership extends ContributionTable {
  protected override answersNow({ round }: Place, expected: Expectation): boolean {
    return round === expected.round;
  }
}

/** Numbers slots from 1, so to speak. */
class TakesTheNextSlot extends ContributionTable {
  #workers: Uint32Array = new Uint32Array(0);

  override expect(expected: Expectation): void {
    this.#workers = expected.workers;
    super.expect(expected);
  }

  override offer(
    message: RunMessage,
    ...sizes: [bytes: number, evaluationBytes: number]
  ): ReturnType<ContributionTable["offer"]> {
    return super.offer(message.kind === "contribution" ? this.#moved(message) : message, ...sizes);
  }

  #moved<M extends Place>(message: M): M {
    const isNext = message.slot + 1 < this.#workers.length && this.accepted[message.slot] !== undefined;
    const slot = isNext ? message.slot + 1 : message.slot;
    return { ...message, slot, worker: this.#workers[slot]! };
  }
}

class DoesNotWaitForTheLast extends ContributionTable {
  override get complete(): boolean {
    return this.count >= this.accepted.length - 1;
  }

  override get accepted(): ContributionTable["accepted"] {
    const all = super.accepted;
    const some = all.find((one) => one !== undefined);
    return all.map((one) => one ?? some);
  }
}

function sumsInOrderOfArrival(): ServiceAlteration {
  let table: InOrderOfArrival | undefined;
  return {
    hooks: {
      createTable(runDigest, observer) {
        table = new InOrderOfArrival(runDigest, observer);
        return table;
      },
      foldOrder: (contributions) =>
        [...contributions].sort((a, b) => table!.order.indexOf(a.message) - table!.order.indexOf(b.message)),
    },
  };
}

type Table = new (...of: ConstructorParameters<typeof ContributionTable>) => ContributionTable;
const withTable = (table: Table) => (): ServiceAlteration => ({
  hooks: { createTable: (runDigest, observer) => new table(runDigest, observer) },
});

export const tableMutations = {
  "counts messages instead of distinct tasks": withTable(CountsMessages),
  "sums in the order of arrival": sumsInOrderOfArrival,
  "takes an answer of an earlier round": withTable(TakesAnyRound),
  "keeps an earlier membership's contribution": withTable(TakesAnyMembership),
  "counts a second answer for the slot after its own": withTable(TakesTheNextSlot),
  "sums a round without its last slot": withTable(DoesNotWaitForTheLast),
} satisfies Readonly<Record<string, () => ServiceAlteration>>;
