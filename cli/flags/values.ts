/** From the text of a flag to its value. */
import { FUNCTION_MEMORY_LIMIT_MB } from "../../shared/protocol/index.ts";
import { InvalidArgumentError } from "../commander.ts";

/** For flags that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("expected a positive number");
  return value;
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("expected a positive integer");
  return value;
}

export function seed(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError("expected an integer of at least 0");
  return value;
}

/** Of a function's memory. */
export function memoryList(text: string): number[] {
  const sizes = text.split(",").map(Number);
  if (!sizes.every((mb) => Number.isInteger(mb) && mb >= 128 && mb <= FUNCTION_MEMORY_LIMIT_MB)) {
    throw new InvalidArgumentError(
      `expected whole numbers from 128 to ${FUNCTION_MEMORY_LIMIT_MB}, separated by commas`,
    );
  }
  return [...new Set(sizes)].sort((a, b) => a - b);
}

export function seedList(text: string): number[] {
  const seeds = text.split(",").map(Number);
  if (text.trim() === "" || !seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)) {
    throw new InvalidArgumentError("expected integers of at least 0, separated by commas");
  }
  return seeds;
}

/** Probes at one time, of a measurement. */
export function burstList(text: string): number[] {
  const sizes = text.split(",").map(Number);
  if (!sizes.every((size) => Number.isInteger(size) && size >= 2 && size <= 500) || sizes.length > 5)
    throw new InvalidArgumentError("expected up to five whole numbers from 2 to 500, separated by commas");
  return sizes;
}
