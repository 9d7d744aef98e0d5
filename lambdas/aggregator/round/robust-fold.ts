/** The middle of a round's messages, where some of them may be anything; in the place of their mean. */
import {
  type AggregationSpec,
  aggregate,
  clipped,
  type SparseVector,
} from "../../../shared/aggregation/index.ts";
import type { Compute } from "../../../shared/cloud/index.ts";
import { decodingWork } from "../../../shared/compressors/index.ts";
import { Purpose, Stream } from "../../../shared/math/index.ts";
import type { AcceptedContribution, ContributionTable } from "../exchange/contribution-table.ts";
import { addMessage, type Encoding } from "./decode.ts";

/** Passes of a rule's step over an entry, in those of a scaled vector sum: it is read, compared, and added. */
const STEP_PASSES = 2;

export interface RobustFoldSetting {
  readonly compute: Compute;
  readonly table: Pick<ContributionTable, "accepted">;
  readonly encoding: Encoding;
  /** Those of the method, the table's first ones. */
  readonly slots: number;
  readonly rule: AggregationSpec;
  /** What an honest message can be at most; undefined: nobody knows. */
  readonly longest: number | undefined;
  /** Key of the buckets' order. */
  readonly seed: number;
  readonly round: number;
}

/**
 * A(clip(m_1) .. clip(m_n)), all worked out when the last message has come, in slot order: a function of the messages and (seed, round).
 */
export class RobustFold {
  readonly #setting: RobustFoldSetting;

  constructor(setting: RobustFoldSetting) {
    this.#setting = setting;
  }

  /** A rule needs all messages at once. */
  advance(): void {}

  /** No step is made again of the messages: who makes it elsewhere takes their middle. */
  readonly kept = undefined;

  /** @throws MarinaError "message" for what is no contribution, or can't be decoded. */
  async mean(): Promise<Float64Array> {
    const { compute, table, encoding, slots, rule, longest, seed, round } = this.#setting;
    const { dimension } = encoding.compressor;
    const accepted = table.accepted.slice(0, slots) as AcceptedContribution[];
    const { vector } = await compute.run(
      ({ entries }: { readonly entries: number }) => {
        const decoding = accepted.map(({ message }) =>
          decodingWork(encoding.compressor, message.kind === "contribution" ? message.payload.length : 0),
        );
        const sum = (of: "entries" | "indices") => decoding.reduce((all, each) => all + each[of], 0);
        return {
          ...{ rows: 0, nonZeros: 0, indices: sum("indices") },
          entries: sum("entries") + STEP_PASSES * entries + dimension,
        };
      },
      () => {
        const scratch = new Float64Array(dimension);
        const messages = accepted.map(({ message }) => {
          const whole = decoded(message, encoding, scratch);
          return longest === undefined ? whole : clipped(whole, longest);
        });
        const stream = () => new Stream({ seed, purpose: Purpose.buckets, round, index: 0 });
        return aggregate(rule, messages, dimension, stream);
      },
    );
    return vector;
  }
}

/** A message with the entries that it has. @param scratch d zeros, and zeros again when this returns. */
function decoded(
  message: AcceptedContribution["message"],
  encoding: Encoding,
  scratch: Float64Array,
): SparseVector {
  addMessage(message, encoding, scratch);
  const draw = encoding.drawOf(message.slot);
  if (draw.kind !== "indices") {
    const values = scratch.slice();
    scratch.fill(0);
    return { indices: undefined, values };
  }
  const { indices } = draw;
  const values = Float64Array.from(indices, (j) => scratch[j]!);
  for (const j of indices) scratch[j] = 0;
  return { indices, values };
}
