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

/** @throws when the policy or the request is none that IAM knows, e.g. for an action that does not exist. */
export async function isAllowed(policy: Policy, { action, arn }: Ask, account: string): Promise<boolean> {
  const outcome = await runSimulation(
    {
      identityPolicies: [{ name: "shipped", policy }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      request: {
        action,
        principal: `arn:aws:iam::${account}:user/someone`,
        resource: { resource: arn, accountId: account },
        contextVariables: { "aws:SecureTransport": "true" },
      },
    },
    {},
  );
  if (outcome.resultType === "error") {
    throw new Error(`${action} on ${arn}: ${outcome.errors.message} ${JSON.stringify(outcome.errors)}`);
  }
  return outcome.overallResult === "Allowed";
}
