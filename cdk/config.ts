/** The parameters of a deployment: `cdk deploy -c name=value`. Checked before anything is built. */
import { Token } from "aws-cdk-lib";
import { MarinaError } from "../shared/base/index.ts";
import {
  FUNCTION_MEMORY_LIMIT_MB,
  LEAST_ACCOUNT_CONCURRENCY,
  MAPPING_CONCURRENCY,
  mostWorkers,
  planConcurrency,
} from "../shared/protocol/index.ts";

export interface Parameters {
  /** Name of the CloudFormation stack; also the first part of its functions' names. */
  readonly stackName: string;
  /** Memory of the functions in MB; 1,769 MB come with one whole virtual CPU. */
  readonly workerMemoryMb: number;
  readonly aggregatorMemoryMb: number;
  /** Processors of both functions; arm64 costs a fifth less. */
  readonly architecture: "arm64" | "x86_64";
  /** Workers concurrently. */
  readonly maxConcurrency: number;
  /** Aggregators, so runs, concurrently. */
  readonly aggregatorConcurrency: number;
  /** Set the aggregators' concurrency aside, so that workers can't starve them? Only where the account leaves room. */
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

/** What may be said of a service in a stack of somebody's: all of it has defaults. */
export interface MarinaServiceProps extends Partial<Omit<Parameters, "stackName" | "reserveAggregator">> {
  /**
   * What the account's functions may use concurrently, from which workers and aggregators follow; by default the
   * smallest that an account has. `marina doctor --before-deploy` tells what yours is.
   */
  readonly accountConcurrency?: number;
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
  // What the account's functions may use concurrently, from which the next two follow. The smallest is right everywhere.
  accountConcurrency: String(LEAST_ACCOUNT_CONCURRENCY),
  maxConcurrency: "",
  aggregatorConcurrency: "",
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
export function parametersOf(stackName: string, props: MarinaServiceProps): Parameters {
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
  const concurrency = readConcurrency(
    integer("accountConcurrency", LEAST_ACCOUNT_CONCURRENCY, 1_000_000),
    context["accountConcurrency"] === undefined,
    text("maxConcurrency"),
    text("aggregatorConcurrency"),
    what,
  );
  return {
    stackName,
    workerMemoryMb: integer("workerMemoryMb", 128, FUNCTION_MEMORY_LIMIT_MB),
    aggregatorMemoryMb: integer("aggregatorMemoryMb", 128, FUNCTION_MEMORY_LIMIT_MB),
    architecture: choice("architecture", "arm64", "x86_64"),
    ...concurrency,
    provisionedPollers: readPollers(
      `${what}provisionedPollers`,
      text("provisionedPollers"),
      concurrency.maxConcurrency,
    ),
    removal: choice("removal", "retain", "destroy"),
    logRetentionDays,
    alarmTopicArn: alarmTopicArn === "" ? undefined : alarmTopicArn,
    local: choice("local", "true", "false") === "true",
  };
}

/** @param byDefault is the account's concurrency the default? Then it may be more, and the message says how to know. */
function readConcurrency(
  account: number,
  byDefault: boolean,
  workers: string,
  aggregators: string,
  what: string,
): Pick<Parameters, "maxConcurrency" | "aggregatorConcurrency" | "reserveAggregator"> {
  const { least, most } = MAPPING_CONCURRENCY;
  const hint = byDefault ? "; node cli/marina.js doctor --before-deploy tells what yours is" : "";
  const wish = (name: Name, text: string, room: number, beside: string): number | undefined => {
    if (text === "") return undefined;
    const value = checkInteger(`${what}${name}`, text, least, most);
    if (value <= room) return value;
    throw wrong(
      `${what}${name}`,
      `at most ${room}, as accountConcurrency is ${account} and ${beside}${hint}`,
      text,
    );
  };
  const asked = wish("aggregatorConcurrency", aggregators, account - least, `${least} are for workers`);
  const beside = planConcurrency(account, { aggregators: asked }).aggregators;
  const plan = planConcurrency(account, {
    aggregators: asked,
    workers: wish("maxConcurrency", workers, mostWorkers(account, beside), `${beside} are for aggregators`),
  });
  return {
    maxConcurrency: plan.workers,
    aggregatorConcurrency: plan.aggregators,
    reserveAggregator: plan.reserved,
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
      `at most ${Math.floor(maxConcurrency / INVOCATIONS_PER_POLLER)} pollers, as each serves ${INVOCATIONS_PER_POLLER} workers and maxConcurrency is ${maxConcurrency} (it follows from accountConcurrency)`,
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
