/** The shipped policies, filled in, and what IAM says of a request under them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runSimulation } from "@cloud-copilot/iam-simulate";
import { projectRoot } from "../../local/paths.ts";

export interface Policy {
  readonly Version: string;
  readonly Statement: readonly {
    readonly Sid: string;
    readonly Effect: string;
    readonly Action: string | readonly string[];
    readonly Resource: string | readonly string[];
  }[];
}

/** What an identity asks for: an action on the resource of this ARN. */
export interface Ask {
  readonly action: string;
  readonly arn: string;
}

export const POLICIES = ["user", "reader", "deleter"] as const;
export type PolicyName = (typeof POLICIES)[number];

export function policyText(name: PolicyName): string {
  return readFileSync(join(projectRoot, "docs", "policies", `${name}.json`), "utf8");
}

/** Names that stand between angle brackets. */
export function placeholdersOf(text: string): string[] {
  return [...new Set([...text.matchAll(/<(\w+)>/g)].map(([, name]) => name!))].sort();
}

/** @throws when a placeholder has no value. */
export function filled(name: PolicyName, values: Readonly<Record<string, string>>): Policy {
  const text = policyText(name).replaceAll(/<(\w+)>/g, (_, placeholder: string) => {
    const value = values[placeholder];
    if (value === undefined) throw new Error(`${name}.json: no value for <${placeholder}>`);
    return value;
  });
  return JSON.parse(text) as Policy;
}

export interface Asking {
  /** ARN of who asks; default: a user of the account. */
  readonly principal?: string;
  /** The policy on the resource itself. */
  readonly resourcePolicy?: Policy | undefined;
  /** Of a listing. */
  readonly prefix?: string | undefined;
  /** Over TLS? Default: yes. */
  readonly secure?: boolean;
}

/** @throws when a policy or the request is none that IAM knows, e.g. for an action that does not exist. */
export async function isAllowed(
  policies: Policy | readonly Policy[],
  { action, arn }: Ask,
  account: string,
  { principal = `arn:aws:iam::${account}:user/someone`, resourcePolicy, prefix, secure = true }: Asking = {},
): Promise<boolean> {
  const outcome = await runSimulation(
    {
      identityPolicies: [policies].flat().map((policy, i) => ({ name: `policy${i}`, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(resourcePolicy === undefined ? {} : { resourcePolicy }),
      request: {
        action,
        principal,
        resource: { resource: arn, accountId: account },
        contextVariables: {
          "aws:SecureTransport": String(secure),
          ...(prefix === undefined ? {} : { "s3:prefix": prefix }),
        },
      },
    },
    {},
  );
  if (outcome.resultType === "error") {
    throw new Error(`${action} on ${arn}: ${outcome.errors.message} ${JSON.stringify(outcome.errors)}`);
  }
  return outcome.overallResult === "Allowed";
}
