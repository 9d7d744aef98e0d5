/** All methods. Schemas, wire codes, labels, rules and tests go through this list: a new one is a file and a line here. */
import * as z from "zod";
import type { AggregationSpec } from "../aggregation/index.ts";
import { type CompressorSpec, isDrawnJointly } from "../compressors/index.ts";
import { isPair } from "./answer.ts";
import { dasha } from "./dasha.ts";
import { diana } from "./diana.ts";
import { ef21 } from "./ef21.ts";
import { gd } from "./gd.ts";
import { type IteratePrecision, keepingIterates } from "./iterates.ts";
import { marina } from "./marina.ts";
import type {
  Method,
  MethodDefinition,
  MethodSchema,
  RequestDefinition,
  WithParticipants,
} from "./method.ts";
import { ppMarina } from "./pp-marina.ts";
import { qgd } from "./qgd.ts";
import {
  type CalibrationNeed,
  type Numbers,
  needsOf,
  numbersOf,
  promisedRounds,
  ruleOf,
  type StepSource,
  type Theory,
  type TheorySetting,
} from "./theory.ts";
import { vrDiana } from "./vr-diana.ts";
import { vrMarina } from "./vr-marina.ts";
import { vrMarinaOnline } from "./vr-marina-online.ts";

export const METHODS = [
  gd,
  qgd,
  diana,
  vrDiana,
  marina,
  vrMarina,
  vrMarinaOnline,
  ppMarina,
  ef21,
  dasha,
] as const;

type Definition = (typeof METHODS)[number];
/** A method as people write it. */
export type WrittenAlgorithm = z.output<Definition["schema"]>;
/** @typeParam Participants what stands for r: a number, or (in a run's spec) a schedule of numbers. */
export type AlgorithmSpec<Participants = number> = WithParticipants<WrittenAlgorithm, Participants>;
export type AlgorithmKind = WrittenAlgorithm["kind"];
export type RequestName = Definition["requests"][number]["name"];

const definitions = METHODS as unknown as readonly MethodDefinition[];
const kindOf = ({ schema }: MethodDefinition): string => schema.shape.kind.value;
const byKind = new Map(definitions.map((each) => [kindOf(each), each]));

/** In the order of the list. */
export const METHOD_KINDS = [...byKind.keys()] as readonly AlgorithmKind[];

/** Every request of every method, by name. */
export const REQUESTS: ReadonlyMap<string, RequestDefinition> = new Map(
  definitions.flatMap(({ requests }) => requests).map((request) => [request.name, request]),
);

/** Those of methods whose workers remember something. */
export const STATEFUL_REQUESTS: ReadonlySet<string> = new Set(
  definitions
    .filter(({ workerState }) => workerState !== null)
    .flatMap(({ requests }) => requests.map(({ name }) => name)),
);

/** The schema of a run's method. */
export const algorithmSchema = z
  .discriminatedUnion(
    "kind",
    METHODS.map(({ schema }) => schema) as unknown as [MethodSchema, ...MethodSchema[]],
  )
  .describe("The method.") as unknown as z.ZodType<WrittenAlgorithm, z.input<Definition["schema"]>>;

/** The definition of a spec's method. */
export function methodOf({ kind }: { readonly kind: AlgorithmKind }): MethodDefinition {
  const definition = byKind.get(kind);
  if (definition === undefined) throw new RangeError(`no method is called ${JSON.stringify(kind)}`);
  return definition;
}

/** @throws RangeError for a name that no method uses: tasks hold no others. */
export function requestOf(name: string): RequestDefinition {
  const request = REQUESTS.get(name);
  if (request === undefined) throw new RangeError(`no method asks for ${JSON.stringify(name)}`);
  return request;
}

/** The server's side, from a spec and its numbers. @param iterates in which numbers it keeps its iterates: of the run's spec. */
export function createMethod(
  spec: AlgorithmSpec,
  numbers: Numbers,
  iterates: IteratePrecision = "float64",
): Method {
  return keepingIterates(methodOf(spec).server(spec, numbers), iterates);
}

/** The numbers that a method runs with: its theory's, or the spec's own. */
export function resolveNumbers(spec: AlgorithmSpec, setting: TheorySetting): Numbers {
  return numbersOf(theoryOf(spec), spec, setting);
}

/** Rounds after which the spec's step guarantees the accuracy aimed at; undefined where it guarantees none. */
export function guaranteedRounds(
  spec: AlgorithmSpec,
  setting: TheorySetting,
  step: number,
): number | undefined {
  return promisedRounds(theoryOf(spec), spec, setting, step);
}

/** What calibration must find out for this spec's step size, beyond the spectra of the shards. */
export function calibrationNeeds(spec: AlgorithmSpec<unknown>): readonly CalibrationNeed[] {
  return needsOf(theoryOf(spec), spec as AlgorithmSpec);
}

/** Where a spec's step size comes from; undefined for a number, which comes from the spec. */
export function stepSource(spec: AlgorithmSpec<unknown>): StepSource | undefined {
  const rule = ruleOf(theoryOf(spec), spec as AlgorithmSpec);
  if (rule === undefined) return undefined;
  const { joint, importance, robust, source, formula } = rule;
  if (robust !== undefined && aggregationOf(spec) !== undefined) return robust;
  if (joint !== undefined && isDrawnJointly(compressorOf(spec))) return joint;
  if (importance !== undefined && samplesByImportance(spec)) return importance;
  return { source, formula };
}

/** The same in a line: "Theorem 2.1 of MARINA: γ = 1/L". */
export function stepFrom(spec: AlgorithmSpec<unknown>): string {
  const found = stepSource(spec);
  if (found === undefined) return "the spec: a number, without a guarantee";
  const { stepSize } = spec;
  const times =
    typeof stepSize === "object" && "times" in stepSize ? `${stepSize.times} times the step of ` : "";
  return `${times}${found.source}: γ = ${found.formula}`;
}

function theoryOf(spec: AlgorithmSpec<unknown>): Theory<AlgorithmSpec> {
  return methodOf(spec).theory as unknown as Theory<AlgorithmSpec>;
}

/** A method in a few words: "MARINA, rand-k 10". */
export function methodLabel(spec: WrittenAlgorithm): string {
  return methodOf(spec).label(spec);
}

/** The compressor of a method; one without sends dense vectors. */
export function compressorOf(spec: AlgorithmSpec<unknown>): CompressorSpec {
  return "compressor" in spec ? spec.compressor : { kind: "identity" };
}

/** The mini-batches of a method; undefined where it draws none. */
export function batchesOf(spec: AlgorithmSpec<unknown>):
  | {
      readonly batchSize: number;
      readonly largeBatchSize: number;
      readonly replacement: boolean;
      readonly byImportance: boolean;
    }
  | undefined {
  if (!("batchSize" in spec)) return undefined;
  const { batchSize, replacement } = spec;
  const byImportance = "sampling" in spec && spec.sampling === "importance";
  const largeBatchSize = "largeBatchSize" in spec ? spec.largeBatchSize : 0;
  return { batchSize, replacement, largeBatchSize, byImportance };
}

/** Does it draw clients or rows by importance? Then the problem must say what single rows, or workers, weigh. */
export function samplesByImportance(spec: AlgorithmSpec<unknown>): boolean {
  return "sampling" in spec && spec.sampling === "importance";
}

/** How a round's messages are put together; undefined: by their plain mean. */
export function aggregationOf(spec: AlgorithmSpec<unknown>): AggregationSpec | undefined {
  return "aggregation" in spec ? spec.aggregation : undefined;
}

/** Is x^{t-1} in the server's state? */
export function keepsPrevious(spec: AlgorithmSpec<unknown>): boolean {
  return methodOf(spec).requests.some(({ points }) => points.some((point) => point === "previous"));
}

/** Does a worker need, in some round, the gradient over all its rows that it computed in the one before? */
export function reusesGradients(spec: AlgorithmSpec<unknown>): boolean {
  return methodOf(spec).requests.some(isPair);
}

/** Where the states of a method's workers lie between rounds. */
export type StateHolder = "nobody" | "worker" | "server";

export function stateHolder(spec: AlgorithmSpec<unknown>): StateHolder {
  const { workerState } = methodOf(spec);
  if (workerState === null) return "nobody";
  return workerState.fromMessages && "shift" in spec && spec.shift === "carried" ? "server" : "worker";
}

/** The kinds whose compressed rounds may have other slots than all workers. */
export const KINDS_WITH_PARTICIPANTS: readonly string[] = definitions
  .filter(({ schema }) => "participants" in schema.shape)
  .map(kindOf);
