/** A function's environment variables, as its stack sets them. */
import { MarinaError } from "../../base/index.ts";

/** @throws MarinaError "usage" when the variable is missing or empty. */
export function requiredVariable(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const value = env[name];
  if (value === undefined || value === "") {
    throw new MarinaError(
      "usage",
      `environment variable ${name}: expected a value, it is not set; deploy the stack again`,
    );
  }
  return value;
}

/** @throws MarinaError "usage" when the variable is no positive integer. */
export function requiredCount(name: string, env: NodeJS.ProcessEnv = process.env): number {
  const text = requiredVariable(name, env);
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0) {
    throw new MarinaError(
      "usage",
      `environment variable ${name}: expected a positive integer, got ${JSON.stringify(text)}`,
    );
  }
  return value;
}
