/** `marina methods` and `marina compressors`: what there is, in at most 80 columns. */
import {
  type CompressorEntry,
  compressorCatalogue,
  type MethodEntry,
  methodCatalogue,
} from "../../client/index.ts";
import { MarinaError, nearest } from "../../shared/base/index.ts";
import { type PrintOptions, print } from "../output/print.ts";

/** Columns that everything must fit into. */
const WIDTH = 80;
/** Of the labels. */
const INDENT = 13;

const LEGEND = `
gamma: step size, the formulas above. n workers, R^d, m rows a worker, b of a
batch, r participants; L_i of f_i, L their quadratic mean, L_f of f, cL of rows,
mu of the Polyak-Lojasiewicz condition; omega, alpha, zeta of the compressor;
A, B of a joint draw, V = cL^2/b. With an aggregation: C messages a compressed
round, p_G the chance that at most a share delta of them are wrong, P = p_G
G'/(C (1-delta))^2 and R = P C (1-delta), G' the sound ones among them, c delta
what the rule lets liars do, D_Q the most that Q can lengthen a vector.
Compressors: marina compressors
`;

export function showMethods(kind: string | undefined, options: PrintOptions): void {
  const methods = chosen(methodCatalogue(), kind, "method");
  print(options, { methods }, () => `${methods.map(methodText).join("\n\n")}\n${LEGEND.trimEnd()}`);
}

export function showCompressors(kind: string | undefined, options: PrintOptions): void {
  const compressors = chosen(compressorCatalogue(), kind, "compressor");
  print(options, { compressors }, () => compressors.map(compressorText).join("\n\n"));
}

function chosen<Entry extends { readonly kind: string }>(
  all: readonly Entry[],
  kind: string | undefined,
  what: string,
): readonly Entry[] {
  if (kind === undefined) return all;
  const found = all.filter((entry) => entry.kind === kind);
  if (found.length > 0) return found;
  const kinds = all.map((entry) => entry.kind);
  throw new MarinaError(
    "usage",
    `no ${what} is called "${kind}"${nearest(kind, kinds)}; there are ${kinds.join(", ")}`,
  );
}

/** One method as lines. */
export function methodText(entry: MethodEntry): string {
  const {
    kind,
    equation,
    compressors,
    aggregations,
    workerKeeps,
    keptBy,
    workersMayChange,
    steps,
    problems,
  } = entry;
  const keeps =
    workerKeeps.length === 0 ? "nothing" : `${workerKeeps.join(", ")} in R^d (${keptBy.join(" or ")})`;
  return [
    kind,
    ...equation.flatMap((line, i) => labelled(i === 0 ? "does" : "", line)),
    ...labelled("compressors", compressors.length === 0 ? "none" : compressors.join(", ")),
    ...(aggregations.length === 0 ? [] : labelled("aggregation", `the mean, or ${aggregations.join(", ")}`)),
    ...labelled("worker keeps", keeps),
    ...labelled("n may change", workersMayChange),
    ...labelled("problems", problems.join(", ")),
    ...steps.flatMap(({ stepSize, source, formula, joint, importance, robust, problems: of }) => [
      ...labelled(stepSize, `${source}: ${formula}`),
      ...(joint === undefined ? [] : labelled("", `drawn jointly: ${joint.formula}`)),
      ...(importance === undefined ? [] : labelled("", `by importance: ${importance.formula}`)),
      ...(robust === undefined ? [] : labelled("", `with an aggregation: ${robust.formula}`)),
      ...(of.length === problems.length ? [] : labelled("", `for ${of.join(", ")}`)),
    ]),
  ].join("\n");
}

/** One compressor as lines. */
export function compressorText({
  kind,
  equation,
  promises,
  constants,
  bits,
  joint,
  methods,
}: CompressorEntry): string {
  return [
    kind,
    ...labelled("does", equation),
    ...labelled("promises", `${promises}${joint ? ", drawn for all workers jointly" : ""}: ${constants}`),
    ...labelled("bits", bits),
    ...labelled("methods", methods.join(", ")),
  ].join("\n");
}

/** A label and its text, broken at spaces. */
function labelled(label: string, text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/ +/)) {
    if (line !== "" && INDENT + 2 + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `  ${word}`;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((each, i) => `  ${(i === 0 ? label : "").padEnd(INDENT)}${each}`.trimEnd());
}
