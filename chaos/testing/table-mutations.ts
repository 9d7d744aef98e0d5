/** For tests: bugs in what an aggregator takes for an answer, and in how it sums. */
import type { ServiceAlteration } from "../../embedded/service/service.ts";
import { ContributionTable, type Expectation } from "../../lambdas/aggregator/exchange/contribution-table.ts";
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

/** Takes an answer's word for what it is no answer to. */
abstract class Credulous extends ContributionTable {
  protected expected: Expectation | undefined;

  override expect(expected: Expectation): void {
    this.expected = expected;
    super.expect(expected);
  }

  protected abstract believed(message: RunMessage, expected: Expectation): Partial<RunMessage>;

  override offer(
    message: RunMessage,
    bytes: number,
    outside: number,
  ): ReturnType<ContributionTable["offer"]> {
    const { expected } = this;
    const believed = expected === undefined ? {} : this.believed(message, expected);
    return super.offer({ ...message, ...believed } as RunMessage, bytes, outside);
  }
}

class TakesAnyRound extends Credulous {
  protected believed(_message: RunMessage, { round }: Expectation) {
    return { round };
  }
}

class TakesAnyMembership extends Credulous {
  protected believed(_message: RunMessage, { phase }: Expectation) {
    return { phase };
  }
}

/** Numbers slots from 1, so to speak. */
class TakesTheNextSlot extends Credulous {
  protected believed(message: RunMessage, { workers }: Expectation) {
    if (!("slot" in message) || message.kind !== "contribution") return {};
    const slot =
      message.slot + 1 < workers.length && this.accepted[message.slot] !== undefined
        ? message.slot + 1
        : message.slot;
    return { slot, worker: workers[slot]! };
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
