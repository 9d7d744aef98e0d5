/** What a report's page holds and its charts draw: plain JSON, the same for a file and for a live view. */

/** What a curve may be drawn against. */
export const AXES = ["round", "epochs", "uplinkMbit", "seconds", "usd"] as const;
export type Axis = (typeof AXES)[number];

/** What is known of an iterate: |grad f(x)|^2 and the loss f(x). */
export type Measure = "gradientNormSquared" | "loss";
/** What a curve shows: one of these, or the loss above the least one that is known, f - best. */
export type Shown = Measure | "excess";

type Column = readonly (number | null)[];

/** One run: some of its rounds, column by column. */
export interface RunCurve {
  readonly kind: "run";
  readonly columns: Readonly<Record<Axis | Measure, Column>>;
}

/** Quartiles over runs at some positions of an axis. */
export interface Quartiles {
  readonly low: Column;
  readonly middle: Column;
  readonly high: Column;
}

/** Runs that differ in their seed only: quartiles over them, axis by axis. */
export interface SeedsCurve {
  readonly kind: "seeds";
  readonly byAxis: Readonly<
    Record<Axis, { readonly x: readonly number[] } & Readonly<Record<Measure, Quartiles>>>
  >;
}

/** One curve of every chart: a run, or runs that differ in their seed only. */
export interface Series {
  /** Unique within the report. */
  readonly name: string;
  /** What a sweep varied, field by field; of other reports nothing. */
  readonly settings: Readonly<Record<string, string>>;
  readonly runs: readonly string[];
  /** Null where the rounds were not kept. */
  readonly curve: RunCurve | SeedsCurve | null;
  /** The least loss that any run of the report has seen on this problem; null where no loss is known. */
  readonly bestLoss: number | null;
  /** Mean over the runs; null where no run has a bill yet. */
  readonly usdByItem: Readonly<Record<string, number>> | null;
  readonly latency: Latency | null;
  /** Of elastic runs: who took part, from when on. */
  readonly workers: readonly WorkersStep[];
  /** What its runs saw on held-out data. */
  readonly heldOut: readonly HeldOutPoint[];
}

export const HELD_OUT_AXES = ["round", "uplinkMbit", "seconds", "usd"] as const;
export type HeldOutAxis = (typeof HELD_OUT_AXES)[number];

/** A run's look at held-out data. */
export interface HeldOutPoint extends Readonly<Record<HeldOutAxis, number>> {
  readonly run: string;
  readonly rows: number;
  /** Share of the rows that are predicted right; null where that has no meaning, or was not asked for. */
  readonly accuracy: number | null;
  readonly loss: number | null;
}

/** From this round on a run had so many workers; or its end. */
export interface WorkersStep {
  readonly run: string;
  readonly round: number;
  readonly seconds: number;
  /** n */
  readonly workers: number;
  /** r of PP-MARINA; null for the other methods. */
  readonly participants: number | null;
  readonly stepSize: number;
  readonly probability: number;
  /** What changed them, for people. */
  readonly cause: string;
}

/** How long rounds took, all runs of a series together. */
export interface Latency {
  /** Rounds measured. */
  readonly rounds: number;
  readonly quantiles: readonly { readonly share: number; readonly milliseconds: number }[];
  /** The slowest rounds and those in which tasks were sent again; thinned. */
  readonly slow: readonly SlowRound[];
}

export interface SlowRound {
  readonly run: string;
  readonly round: number;
  readonly milliseconds: number;
  /** Tasks sent again, and how many of these were hedges. */
  readonly resent: number;
  readonly hedged: number;
}

/** A run that reached its accuracy, and what that took. */
export interface Reached {
  readonly run: string;
  readonly series: string;
  readonly seconds: number;
  readonly usd: number;
  readonly uplinkMbit: number;
  /** No other run was both faster and cheaper. */
  readonly onFront: boolean;
}

export interface RunSummary {
  readonly run: string;
  readonly series: string;
  readonly data: string;
  /** n; where it changes, what it was or will be: `5→50`. */
  readonly workers: string;
  readonly seed: number;
  readonly status: "running" | "stopped" | "done" | "failed" | "diverged";
  /** What ended the run, or why it failed, for people. */
  readonly ended: string;
  readonly rounds: number;
  /** Gradients of a row that the run asked for, by the rows; null where that is not known. */
  readonly epochs: number | null;
  readonly loss: number | null;
  readonly gradientNormSquared: number | null;
  readonly relativeGradientNormSquared: number | null;
  readonly uplinkMbit: number;
  readonly seconds: number;
  readonly usd: number;
  readonly resentTasks: number;
}

/** A setting of the worker's function, and what a round takes and costs with it. */
export interface PowerRow {
  readonly architecture: string;
  readonly memoryMb: number;
  readonly milliseconds: number;
  /** Of 1,000 rounds. */
  readonly usd: number;
  /** Which of the answers it is, for people: "cheapest, balanced". */
  readonly best: string;
}

/** How a run is made again. */
export interface Recipe {
  readonly run: string;
  readonly spec: string;
  readonly constants: readonly (readonly [name: string, value: string])[];
  readonly commands: string;
}

export interface ReportData {
  readonly title: string;
  /** Seconds and dollars are the embedded cloud's prediction. */
  readonly predicts: boolean;
  /** From the bottom of the stack to its top. */
  readonly billItems: readonly string[];
  readonly series: readonly Series[];
  /** A run has held-out data, though it may not have looked at it yet. */
  readonly heldOut?: true;
  readonly runs: readonly RunSummary[];
  readonly reached: readonly Reached[];
  readonly recipes: readonly Recipe[];
  /** Of `marina power`; elsewhere none. */
  readonly power: readonly PowerRow[];
  /** Curves whose runs would be cheaper or faster packed, or with fewer workers. */
  readonly advice: readonly { readonly series: string; readonly text: string }[];
}
