/** A figure of a benchmark: a ratio within one run on one machine, with what it was made of. */
export interface Figure {
  /** Stable: the stored baseline is keyed by it. */
  readonly name: string;
  /** What was measured over what it is compared with; smaller is better. */
  readonly ratio: number;
  /** Both sides in absolute terms, for the reader. */
  readonly detail: string;
  readonly aim: string;
}
