/**
 * Rated sentences as rows of any number of features: words and pairs of neighbours, hashed (Weinberger et al., "Feature
 * hashing for large scale multitask learning", ICML 2009). So one problem is there in every dimension d.
 */
import { createHash } from "node:crypto";

/** Columns of the file: number, mean rating, sentence. */
const COLUMNS = 3;

/**
 * LIBSVM text: label 1 for a rating above 0 and -1 below it, rows of Euclidean norm 1. Sentences rated 0 are left out, and
 * those in which all features cancel. The order of the file is kept.
 * @param dimension d, a power of two of at most 2^31
 */
export function hashedRows(table: string, dimension: number): string {
  const rows: string[] = [];
  for (const line of table.split(/\r?\n/)) {
    const [, rating, sentence] = line.split("\t", COLUMNS);
    if (sentence === undefined || Number(rating) === 0) continue;
    const features = hashed(sentence, dimension);
    if (features.length > 0) rows.push(`${Number(rating) > 0 ? 1 : -1} ${features.join(" ")}`);
  }
  return `${rows.join("\n")}\n`;
}

function hashed(sentence: string, dimension: number): string[] {
  const words = sentence.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const pairs = words.slice(1).map((word, i) => `${words[i]} ${word}`);
  const values = new Map<number, number>();
  for (const token of [...words, ...pairs]) {
    const hash = createHash("sha256").update(token).digest().readUInt32LE();
    const feature = hash % dimension;
    // The sign keeps inner products unbiased where features share a place.
    values.set(feature, (values.get(feature) ?? 0) + (hash >= 2 ** 31 ? -1 : 1));
  }
  const entries = [...values].filter(([, value]) => value !== 0).sort(([a], [b]) => a - b);
  const norm = Math.sqrt(entries.reduce((sum, [, value]) => sum + value * value, 0));
  return entries.map(([feature, value]) => `${feature + 1}:${value / norm}`);
}
