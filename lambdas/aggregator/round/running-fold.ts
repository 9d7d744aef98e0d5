/** The mean of a round's messages, added in slot order while later ones are still on their way. */
import type { Compute, Work } from "../../../shared/cloud/index.ts";
import { decodingWork } from "../../../shared/compressors/index.ts";
import { MessageSum } from "../../../shared/methods/index.ts";
import type { AcceptedContribution, ContributionTable } from "../exchange/contribution-table.ts";
import { type Encoding, payloadOf } from "./decode.ts";

/** Entries and indices; less than this is left to the end: each piece is a step of its own, which costs more than small messages do. */
const PIECE = 20_000;

/**
 * (1/slots) sum over slots of the decoded messages, in slot order whatever the order of arrival: the same bits as if all were
 * added when the last has come. A message that has been added is let go, so that those of a dense round are not all held at
 * one time.
 */
export class RunningFold {
  readonly #compute: Compute;
  readonly #table: Pick<ContributionTable, "accepted" | "forgetPayload">;
  readonly #encoding: Encoding;
  readonly #slots: number;
  readonly #early: boolean;
  readonly #sum: MessageSum;
  readonly #kept: Uint8Array[] | undefined;
  /** Slots that are added. */
  #added = 0;
  #adding: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param slots those of the method, the table's first ones.
   * @param early false: everything at the end, and nothing is let go: for who needs the messages once more.
   * @param weights of the slots' messages in the sum; default: 1 each.
   * @param keep the messages, for who makes the step again.
   */
  constructor(
    compute: Compute,
    table: Pick<ContributionTable, "accepted" | "forgetPayload">,
    encoding: Encoding,
    slots: number,
    early: boolean,
    weights?: Float64Array,
    keep = false,
  ) {
    this.#compute = compute;
    this.#table = table;
    this.#encoding = encoding;
    this.#slots = slots;
    this.#early = early;
    this.#sum = new MessageSum(encoding.compressor, slots, weights);
    this.#kept = keep ? [] : undefined;
  }

  /** The messages in slot order, once all are added; undefined where they are not kept. */
  get kept(): readonly Uint8Array[] | undefined {
    return this.#kept;
  }

  /** Some answers may have come: adds those that are next, if they are worth a step and none is under way. */
  advance(): void {
    if (!this.#early || this.#adding !== undefined || this.#failure !== undefined) return;
    const work = this.#workUpTo(this.#ready());
    if (work.entries + (work.indices ?? 0) < PIECE) return;
    this.#adding = this.#add(this.#ready()).then(
      () => {
        this.#adding = undefined;
        this.advance();
      },
      (error: unknown) => {
        this.#adding = undefined;
        this.#failure = { error };
      },
    );
  }

  /**
   * All have come: adds what is left and divides.
   * @param order of what is left, for a planted bug.
   * @throws MarinaError "message" for what is no contribution.
   */
  async mean(
    order: (own: readonly AcceptedContribution[]) => readonly AcceptedContribution[] = (own) => own,
  ): Promise<Float64Array> {
    while (this.#adding !== undefined) await this.#adding;
    if (this.#failure !== undefined) throw this.#failure.error;
    const work = this.#workUpTo(this.#slots);
    const { dimension } = this.#encoding.compressor;
    return this.#compute.run(
      () => ({ ...work, entries: work.entries + dimension }),
      () => {
        const left = this.#table.accepted.slice(this.#added, this.#slots) as AcceptedContribution[];
        for (const { message } of order(left)) this.#addOne(message);
        this.#added = this.#slots;
        return this.#sum.mean();
      },
    );
  }

  #addOne(message: AcceptedContribution["message"]): void {
    const { slot } = message;
    const payload = payloadOf(message);
    this.#sum.add(payload, this.#encoding.drawOf(slot), slot);
    if (this.#kept !== undefined) this.#kept[slot] = payload;
  }

  /** The first slot that has not answered. */
  #ready(): number {
    const { accepted } = this.#table;
    let slot = this.#added;
    while (slot < this.#slots && accepted[slot] !== undefined) slot++;
    return slot;
  }

  #workUpTo(end: number): Work {
    const { accepted } = this.#table;
    const { compressor } = this.#encoding;
    const work = { rows: 0, nonZeros: 0, entries: 0, indices: 0 };
    for (let slot = this.#added; slot < end; slot++) {
      const { message } = accepted[slot]!;
      const own = decodingWork(compressor, message.kind === "contribution" ? message.payload.length : 0);
      work.entries += own.entries;
      work.indices += own.indices;
    }
    return work;
  }

  async #add(end: number): Promise<void> {
    const work = this.#workUpTo(end);
    await this.#compute.run(
      () => work,
      () => {
        for (; this.#added < end; this.#added++) {
          this.#addOne(this.#table.accepted[this.#added]!.message);
          this.#table.forgetPayload(this.#added);
          this.#encoding.forget(this.#added);
        }
      },
    );
  }
}
