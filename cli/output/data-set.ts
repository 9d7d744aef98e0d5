/** A data set in a few lines of text. */
import { readingWords, wrapped } from "../../client/index.ts";
import { bytes, shellWord } from "../../shared/base/index.ts";
import type { Manifest } from "../../shared/data/index.ts";

/** For programs. */
export function dataFigures(manifest: Manifest) {
  const { name, rows, featureCount, nonZeros, labels, source, object, reading } = manifest;
  return {
    data: name,
    rows,
    features: featureCount,
    nonZeros,
    labels,
    storedBytes: object.bytes,
    rowsSha256: object.sha256,
    source,
    readWith: reading === undefined ? [] : readingWords(reading),
    featureNames: manifest.features?.names ?? null,
  };
}

/** @param width characters of a line; undefined: as many as there are */
export function describeData(manifest: Manifest, width?: number): string {
  const { labels, reading } = manifest;
  const how = reading === undefined ? [] : readingWords(reading).map(shellWord);
  return [
    `${manifest.name}: ${manifest.rows.toLocaleString("en-US")} rows x ${manifest.featureCount.toLocaleString("en-US")}, ${manifest.nonZeros.toLocaleString("en-US")} non-zeros, ${bytes(manifest.object.bytes)}`,
    ...(manifest.dense === undefined ? [] : [describeRows(manifest.dense, manifest.groups)]),
    `labels ${describeLabels(labels)}`,
    `source ${manifest.source.fileName}${moreFiles(manifest)}, ${bytes(manifest.source.bytes)}, SHA-256 ${manifest.source.sha256}`,
    ...(how.length > 0 ? [`read with ${how.join(" ")}`] : []),
    ...(manifest.features?.names === undefined ? [] : [`features ${namesOf(manifest.features.names)}`]),
  ]
    .map((line) => wrapped("", line, width))
    .join("\n");
}

/** What is stored of a dense row. */
function describeRows(
  { shape, scale, offset }: NonNullable<Manifest["dense"]>,
  groups: Manifest["groups"],
): string {
  const types = [...new Set(groups.map(({ valueType }) => valueType))];
  const times = scale === 1 ? "" : `, x = ${shortScale(scale)} * value${offset === 0 ? "" : ` + ${offset}`}`;
  return `rows of ${shape.join(" x ")}, all entries stored as ${types.join(" and ")}${times}`;
}

function shortScale(scale: number): string {
  const divisor = Math.round(1 / scale);
  return 1 / divisor === scale ? `1/${divisor}` : String(scale);
}

const SHOWN_NAMES = 12;

function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_NAMES).map((name) => JSON.stringify(name));
  const more = names.length - SHOWN_NAMES;
  return shown.join(", ") + (more > 0 ? `, and ${more.toLocaleString("en-US")} more` : "");
}

function moreFiles({ source: { files, fileName } }: Manifest): string {
  if (files === undefined) return "";
  if (fileName.endsWith("/")) return ` of ${files.length} ${files.length === 1 ? "file" : "files"}`;
  return ` and ${files.length - 1} more ${files.length === 2 ? "file" : "files"}`;
}

const SHOWN_CLASSES = 20;

function rowsIn(count: number): string {
  return count === 1 ? "(1 row)" : `(${count.toLocaleString("en-US")} rows)`;
}

function describeLabels(labels: Manifest["labels"]): string {
  if (labels.kind === "real") return `real, ${labels.min} to ${labels.max}`;
  if (labels.kind === "classes") {
    const { names, counts } = labels;
    const shown = names
      .slice(0, SHOWN_CLASSES)
      .map((name, number) => `${JSON.stringify(name)} ${rowsIn(counts[number]!)}`);
    const more = names.length - SHOWN_CLASSES;
    return `${names.length} classes: ${shown.join(", ")}${more > 0 ? `, and ${more.toLocaleString("en-US")} more` : ""}`;
  }
  const { words, positive, negative, positives, negatives } = labels;
  return (
    `${words === undefined ? positive : JSON.stringify(words.positive)} -> +1 ${rowsIn(positives)}, ` +
    `${words === undefined ? negative : JSON.stringify(words.negative)} -> -1 ${rowsIn(negatives)}`
  );
}
