/**
 * The AWS_* variables of the environment, made what the SDK reads: the AWS CLI also takes AWS_DEFAULT_REGION and
 * AWS_DEFAULT_PROFILE, and counts a variable that is empty as one that is not set.
 */
import { MarinaError } from "../../shared/base/index.ts";

/** Values in which a space is a mistake, too: names of profiles and paths may have one. */
const WITHOUT_SPACES =
  /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|(DEFAULT_)?REGION|ENDPOINT_URL(_.*)?|ROLE_ARN)$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/u;
const SPACE = /\s/u;

/** @throws MarinaError "usage" that names the variable; its value, which may be a secret, is not shown. */
export function prepareAwsVariables(env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith("AWS_") || value === undefined) continue;
    if (value === "") delete env[name];
    else checkCharacters(name, value);
    if (/^AWS_ENDPOINT_URL(_|$)/.test(name) && value !== "") checkUrl(name, value);
  }
  takeDefault(env, "AWS_REGION", "AWS_DEFAULT_REGION");
  takeDefault(env, "AWS_PROFILE", "AWS_DEFAULT_PROFILE");
}

function takeDefault(env: NodeJS.ProcessEnv, name: string, instead: string): void {
  const value = env[name] ?? env[instead];
  if (value !== undefined) env[name] = value;
}

function checkCharacters(name: string, value: string): void {
  const found = CONTROL.exec(value) ?? (WITHOUT_SPACES.test(name) ? SPACE.exec(value) : null);
  if (found === null) return;
  const code = `U+${found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
  const what = {
    "U+000D": "a carriage return",
    "U+000A": "a line feed",
    "U+0020": "a space",
    "U+0009": "a tab",
  }[code];
  throw new MarinaError(
    "usage",
    `environment variable ${name}: expected no spaces or control characters, got ${what ?? "one"} (${code}) at character ${found.index + 1} of ${value.length}; set it again without`,
  );
}

function checkUrl(name: string, value: string): void {
  if (/^https?:\/\/./.test(value) && URL.canParse(value)) return;
  throw new MarinaError(
    "usage",
    `environment variable ${name}: expected an address such as http://127.0.0.1:4566, got ${JSON.stringify(value)}`,
  );
}
