/**
 * What a run asked of the cloud: a record of counts, pure data. Two accounts: `method` is what the optimiser needs,
 * `evaluation` is what was asked only to watch it (losses and gradient norms for the plots). Which counts there are is
 * `items.ts`.
 */
import * as z from "zod";
import { MarinaError } from "../base/index.ts";
import { type Counter, RESOURCES, type Resource } from "./items.ts";

/** Counters that a meter may add to. */
export type MutableAccount = { [R in Resource]: { [C in Counter<R>]: number } };
/** Counters of both accounts that a meter may add to. */
export interface MutableUsage {
  version: 1;
  method: MutableAccount;
  evaluation: MutableAccount;
}
export type AccountUsage = { readonly [R in Resource]: Readonly<MutableAccount[R]> };
export interface Usage {
  readonly version: 1;
  readonly method: AccountUsage;
  readonly evaluation: AccountUsage;
}
export type MappingUsage = AccountUsage["standardMapping"];

/** The two functions of the service. */
export type FunctionRole = "worker" | "aggregator";

/** The counters of one resource by name, as code that walks over the table sees them. */
export type Counters = Record<string, number>;

const LAYOUT = RESOURCES.map(({ resource, items }) => ({
  resource,
  counters: items.map(({ counter }) => counter),
}));

const count = z.int().min(0);
const accountSchema = z.strictObject(
  Object.fromEntries(
    RESOURCES.map(({ resource, items }) => [
      resource,
      z.strictObject(
        Object.fromEntries(
          items.map(({ counter, optional }) => [counter, optional === true ? count.default(0) : count]),
        ),
      ),
    ]),
  ),
);
const usageSchema = z.strictObject({
  version: z.literal(1),
  method: accountSchema,
  evaluation: accountSchema,
});

const ZERO = Object.fromEntries(
  LAYOUT.map(({ resource, counters }) => [resource, Object.fromEntries(counters.map((name) => [name, 0]))]),
) as AccountUsage;

function zeroAccount(): MutableAccount {
  return copyAccount(ZERO);
}

/** Nothing used: a fresh record that a meter may add to. */
export function zeroUsage(): MutableUsage {
  return { version: 1, method: zeroAccount(), evaluation: zeroAccount() };
}

/** The same counts in memory of their own. Several times faster than adding nothing, and done in every round. */
export function copyUsage({ version, method, evaluation }: Usage): MutableUsage {
  return { version, method: copyAccount(method), evaluation: copyAccount(evaluation) };
}

function copyAccount(account: AccountUsage): MutableAccount {
  const copy: Record<string, Counters> = {};
  for (const { resource } of LAYOUT) copy[resource] = { ...account[resource] };
  return copy as MutableAccount;
}

/** a + b, count by count. */
export function addUsage(a: Usage, b: Usage): Usage {
  return combine(a, b, 1);
}

/** a - b, count by count: what was used between two snapshots, b the earlier one. */
export function subtractUsage(a: Usage, b: Usage): Usage {
  return combine(a, b, -1);
}

/** Counts of both accounts together. */
export function allUsage({ method, evaluation }: Usage): AccountUsage {
  return combineAccounts(method, evaluation, 1);
}

/** a + sign b */
function combine(a: Usage, b: Usage, sign: 1 | -1): Usage {
  return {
    version: 1,
    method: combineAccounts(a.method, b.method, sign),
    evaluation: combineAccounts(a.evaluation, b.evaluation, sign),
  };
}

function combineAccounts(a: AccountUsage, b: AccountUsage, sign: 1 | -1): AccountUsage {
  const sum = zeroAccount();
  for (const { resource, counters } of LAYOUT) {
    const to: Counters = sum[resource];
    const [x, y]: readonly Readonly<Counters>[] = [a[resource], b[resource]];
    for (const name of counters) to[name] = x![name]! + sign * y![name]!;
  }
  return sum;
}

/**
 * Usage from stored JSON: its text or the value parsed from it.
 * @throws MarinaError `corrupt` when it is not a record of counts of this version.
 */
export function parseUsage(stored: unknown): Usage {
  const parsed = usageSchema.safeParse(typeof stored === "string" ? jsonOrNothing(stored) : stored);
  if (parsed.success) return parsed.data as unknown as Usage;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "(the whole value)" : issue.path.join(".");
  throw new MarinaError(
    "corrupt",
    `usage counts: at ${where}: ${issue?.message ?? "not a record of counts"}; expected version 1 with counts >= 0. ` +
      "Was it written by another version of the program?",
  );
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
