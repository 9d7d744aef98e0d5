import { expect, it } from "vitest";
import { withCommonRows } from "./common-rows.ts";

/** 40 images of 1 x 2 pixels, of which the first is the image's number; labels in no order. */
const ROWS = 40;
const labels = Array.from({ length: ROWS }, (_, row) => (7 * row) % 10);
const files = {
  images: Uint8Array.from([
    ...[0, 0, 8, 3, 0, 0, 0, ROWS, 0, 0, 0, 1, 0, 0, 0, 2],
    ...labels.flatMap((_, row) => [row, 255]),
  ]),
  labels: Uint8Array.from([0, 0, 8, 1, 0, 0, 0, ROWS, ...labels]),
};

it.each([0, 0.5, 1])("workers have a share of %d of their rows in common, and no two an own one", (share) => {
  const [workers, rows] = [3, 10];
  const made = withCommonRows(files, { workers, rows, share });
  expect([...made.images.subarray(0, 16)]).toEqual([0, 0, 8, 3, 0, 0, 0, 30, 0, 0, 0, 1, 0, 0, 0, 2]);
  expect([...made.labels.subarray(0, 8)]).toEqual([0, 0, 8, 1, 0, 0, 0, 30]);
  const numbers = [...made.images.subarray(16)].filter((_, at) => at % 2 === 0);
  expect([...made.labels.subarray(8)]).toEqual(numbers.map((row) => labels[row]));
  const shards = [0, 1, 2].map((worker) => numbers.slice(10 * worker, 10 * worker + 10));
  const inAll = shards[0]!.filter((row) => shards.every((shard) => shard.includes(row)));
  expect(inAll).toEqual(Array.from({ length: 10 * share }, (_, i) => 30 + i));
  const own = shards.flatMap((shard) => shard.slice(10 * share));
  expect(new Set(own).size).toBe(own.length);
  expect(own.every((row) => row < 30)).toBe(true);
  // Sorted by label: what is their own makes them differ.
  expect(own.map((row) => labels[row])).toEqual(own.map((row) => labels[row]).toSorted((a, b) => a! - b!));
});
