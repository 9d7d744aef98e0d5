/** Some of a run's rounds, so many however long it is: its picture stays the same. */
import type { KeptRound } from "./kept-round.ts";

/** The first rounds, all of which stay: on a logarithmic axis they take as much room as all others. */
const HEAD = 4096;
/** Of the later ones: pieces of equal length, which double where they become too many. */
const PIECES = 16_384;

interface Piece {
  /** How many rounds it stands for. */
  count: number;
  readonly first: KeptRound;
  least: KeptRound;
  largest: KeptRound;
}

/** Rounds that were evaluated, in order. Up to 20,480 of them all stay; of more the first, the least and the largest of each piece. */
export class ThinnedRounds {
  readonly #head: KeptRound[] = [];
  #pieces: Piece[] = [];
  #length = 1;

  add(record: KeptRound): void {
    if (this.#head.length < HEAD) {
      this.#head.push(record);
      return;
    }
    const piece = this.#pieces.at(-1);
    if (piece !== undefined && piece.count < this.#length) {
      piece.count++;
      if (shownOf(record) < shownOf(piece.least)) piece.least = record;
      if (shownOf(record) > shownOf(piece.largest)) piece.largest = record;
      return;
    }
    this.#pieces.push({ count: 1, first: record, least: record, largest: record });
    if (this.#pieces.length > PIECES) this.#double();
  }

  /** In order. */
  kept(): KeptRound[] {
    const kept = [...this.#head];
    for (const { first, least, largest } of this.#pieces) {
      const [a, b] = least.round < largest.round ? [least, largest] : [largest, least];
      kept.push(first);
      if (a !== first) kept.push(a);
      if (b !== first && b !== a) kept.push(b);
    }
    return kept;
  }

  #double(): void {
    const pieces: Piece[] = [];
    for (let i = 0; i < this.#pieces.length; i += 2) {
      const a = this.#pieces[i]!;
      const b = this.#pieces[i + 1];
      pieces.push(
        b === undefined
          ? a
          : {
              count: a.count + b.count,
              first: a.first,
              least: shownOf(b.least) < shownOf(a.least) ? b.least : a.least,
              largest: shownOf(b.largest) > shownOf(a.largest) ? b.largest : a.largest,
            },
      );
    }
    this.#pieces = pieces;
    this.#length *= 2;
  }
}

/** What a curve shows; not a number where neither is known, and then no extreme. */
function shownOf({ gradientNormSquared, loss }: KeptRound): number {
  return gradientNormSquared ?? loss ?? Number.NaN;
}
