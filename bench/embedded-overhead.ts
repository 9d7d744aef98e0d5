/**
 * What the embedded cloud itself costs: real microseconds of a round with trivial handlers.
 * Usage: node bench/embedded-overhead.ts
 */
import { createToy } from "../embedded/testing/toy-service.ts";

const cases = [
  { workers: 5, rounds: 1000 },
  { workers: 100, rounds: 300 },
  { workers: 1000, rounds: 60 },
];

// Once for the compiler, once for the figures.
for (const measured of [false, true]) {
  for (const { workers, rounds } of cases) {
    const toy = createToy({ seed: 1, workers, rounds, nonZeros: 4e6 });
    const from = performance.now();
    const { milliseconds } = await toy.run();
    const wall = performance.now() - from;
    if (!measured) continue;
    console.log(
      `n = ${String(workers).padStart(4)}: ${((wall * 1000) / rounds).toFixed(0).padStart(6)} µs a round ` +
        `(${((wall * 1000) / rounds / workers).toFixed(1)} µs a task), virtual ${(milliseconds / rounds).toFixed(0)} ms a round`,
    );
  }
}
