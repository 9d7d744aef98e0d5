/** The parameters of a deployment: `cdk deploy -c name=value`. Checked before anything is built. */
import { Token } from "aws-cdk-lib";
import { MarinaError } from "../shared/base/index.ts";
import { FUNCTION_MEMORY_LIMIT_MB } from "../shared/protocol/index.ts";

export interface Parameters {
  /** Name of the CloudFormation stack; also the first part of its functions' names. */
  readonly stackName: string;
  /** Memory of the functions in MB; 1,769 MB come with one whole virtual CPU. */
  readonly workerMemoryMb: number;
  readonly aggregatorMemoryMb: number;
  /** Processors of both functions; arm64 costs a fifth less. */
  readonly architecture: "arm64" | "x86_64";
  /**
   * Workers at one time. Default 900: of an account's usual 1,000 that leaves a hundred to the aggregators (20) and to
   * whatever else the account runs.
   */
  readonly maxConcurrency: number;
  /** Aggregators, so runs, at one time. */
  readonly aggregatorConcurrency: number;
  /**
   * Set the aggregators' concurrency aside, so that workers can't starve them. An account whose limit is still the low
   * one of new accounts has nothing to set aside: `false` there.
   */
  readonly reserveAggregator: boolean;
  /** Pollers kept ready for the task queue (billed by the hour), as `least:most`; absent: the default, free of charge. */
  readonly provisionedPollers: { readonly least: number; readonly most: number } | undefined;
  /** What happens to the bucket and all that is in it when the stack is destroyed. */
  readonly removal: "retain" | "destroy";
  /** Days that logs are kept. */
  readonly logRetentionDays: number;
  /** SNS topic that alarms are sent to. */
  readonly alarmTopicArn: string | undefined;
  /** For an emulator of AWS on this machine: see local.ts. */
  readonly local: boolean;
}

/** Days of retention that CloudWatch Logs knows (of those that make sense here). */
const RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365];
/** Concurrent invocations that one provisioned poller serves (Lambda guide, provisioned mode). */
const INVOCATIONS_PER_POLLER = 10;

const DEFAULTS = {
  stackName: "Marina",
  workerMemoryMb: "1769",
  aggregatorMemoryMb: "1769",
  architecture: "arm64",
  maxConcurrency: "900",
  aggregatorConcurrency: "20",
  reserveAggregator: "true",
  provisionedPollers: "",
  removal: "retain",
  logRetentionDays: "30",
  alarmTopicArn: "",
  local: "false",
} as const;

type Name = keyof typeof DEFAULTS;

/**
 * Parameters from CDK's context.
 * @param context all of it: CDK's own keys contain ":" or "/" and are passed over
 * @throws MarinaError "usage" that names the parameter
 */
export function readParameters(context: Readonly<Record<string, unknown>>): Parameters {
  for (const key of Object.keys(context)) {
    if (!(key in DEFAULTS) && !/[:/]/.test(key)) {
      throw new MarinaError(
        "usage",
        `context parameter ${key}: unknown; there are ${Object.keys(DEFAULTS).join(", ")}`,
      );
    }
  }
  return checked(context, "context parameter ");
}

/**
 * Parameters from the properties of a construct: the same rules, defaults and limits.
 * @param stackName of the stack that the construct is in
 * @throws MarinaError "usage" that names the property
 */
export function parametersOf(stackName: string, props: Partial<Omit<Parameters, "stackName">>): Parameters {
  const { provisionedPollers: pollers, alarmTopicArn, ...plain } = props;
  const given = Object.entries(plain).filter(([, value]) => value !== undefined);
  const { stackName: _, ...known } = DEFAULTS;
  const unknown = given.find(([name]) => !(name in known));
  if (unknown !== undefined) {
    throw new MarinaError(
      "usage",
      `MarinaService: ${unknown[0]}: unknown; there are ${Object.keys(known).join(", ")}`,
    );
  }
  const texts = {
    ...Object.fromEntries(given),
    stackName,
    ...(pollers === undefined ? {} : { provisionedPollers: `${pollers.least}:${pollers.most}` }),
    // That of a topic of the same application is not known yet.
    ...(alarmTopicArn === undefined || Token.isUnresolved(alarmTopicArn) ? {} : { alarmTopicArn }),
  };
  return { ...checked(texts, "MarinaService: "), alarmTopicArn };
}

/** @param what goes before a parameter's name in errors */
function checked(context: Readonly<Record<string, unknown>>, what: string): Parameters {
  const text = (name: Name): string => String(context[name] ?? DEFAULTS[name]).trim();
  const integer = (name: Name, least: number, most: number): number =>
    checkInteger(`${what}${name}`, text(name), least, most);
  const choice = <T extends string>(name: Name, ...choices: readonly T[]): T => {
    const value = text(name);
    const chosen = choices.find((known) => known === value);
    if (chosen === undefined) throw wrong(`${what}${name}`, choices.join(" or "), value);
    return chosen;
  };
  const stackName = text("stackName");
  // Functions are called <stack>-aggregator, in at most 64 characters.
  if (!/^[A-Za-z][A-Za-z0-9-]{0,49}$/.test(stackName)) {
    throw wrong(`${what}stackName`, "a letter, then at most 49 letters, digits or hyphens", stackName);
  }
  const logRetentionDays = integer("logRetentionDays", 1, 365);
  if (!RETENTION_DAYS.includes(logRetentionDays)) {
    throw wrong(`${what}logRetentionDays`, `one of ${RETENTION_DAYS.join(", ")}`, String(logRetentionDays));
  }
  const alarmTopicArn = text("alarmTopicArn");
  if (alarmTopicArn !== "" && !/^arn:[^:]+:sns:[^:]+:\d{12}:.+$/.test(alarmTopicArn)) {
    throw wrong(`${what}alarmTopicArn`, "the ARN of an SNS topic", alarmTopicArn);
  }
  const maxConcurrency = integer("maxConcurrency", 2, 1000);
  return {
    stackName,
    workerMemoryMb: integer("workerMemoryMb", 128, FUNCTION_MEMORY_LIMIT_MB),
    aggregatorMemoryMb: integer("aggregatorMemoryMb", 128, FUNCTION_MEMORY_LIMIT_MB),
    architecture: choice("architecture", "arm64", "x86_64"),
    maxConcurrency,
    aggregatorConcurrency: integer("aggregatorConcurrency", 2, 1000),
    reserveAggregator: choice("reserveAggregator", "true", "false") === "true",
    provisionedPollers: readPollers(`${what}provisionedPollers`, text("provisionedPollers"), maxConcurrency),
    removal: choice("removal", "retain", "destroy"),
    logRetentionDays,
    alarmTopicArn: alarmTopicArn === "" ? undefined : alarmTopicArn,
    local: choice("local", "true", "false") === "true",
  };
}

/** AWS lets a mapping have pollers or a maximum concurrency, not both: with pollers, their number is the cap. */
function readPollers(name: string, text: string, maxConcurrency: number): Parameters["provisionedPollers"] {
  if (text === "") return undefined;
  const [least, most, ...rest] = text.split(":");
  if (least === undefined || most === undefined || rest.length > 0) {
    throw wrong(name, "least:most, e.g. 2:90", text);
  }
  const pollers = { least: Number(least), most: Number(most) };
  if (!isInteger(least, 2, 200) || !isInteger(most, 2, 2000)) {
    throw wrong(name, "integers of 2 .. 200 and 2 .. 2000, as least:most", text);
  }
  if (pollers.least > pollers.most) throw wrong(name, "least to be at most most", text);
  if (pollers.most * INVOCATIONS_PER_POLLER > maxConcurrency) {
    throw wrong(
      name,
      `at most ${Math.floor(maxConcurrency / INVOCATIONS_PER_POLLER)} pollers, as each serves ${INVOCATIONS_PER_POLLER} workers and maxConcurrency is ${maxConcurrency}`,
      text,
    );
  }
  return pollers;
}

function checkInteger(name: string, text: string, least: number, most: number): number {
  if (!isInteger(text, least, most)) throw wrong(name, `an integer of ${least} .. ${most}`, text);
  return Number(text);
}

function isInteger(text: string, least: number, most: number): boolean {
  return /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most;
}

function wrong(name: string, expected: string, got: string): MarinaError {
  return new MarinaError("usage", `${name}: expected ${expected}, got ${JSON.stringify(got)}`);
}
