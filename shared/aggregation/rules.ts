/** All rules. A new one is a file and a line here. */
import { centeredClip } from "./centered-clip.ts";
import { geometricMedian } from "./geometric-median.ts";
import type { Rule } from "./rule.ts";

const rules = {
  "centered-clip": centeredClip,
  "geometric-median": geometricMedian,
} as const satisfies Record<string, Rule>;

export type RuleKind = keyof typeof rules;
export const RULE_KINDS = Object.keys(rules) as [RuleKind, ...RuleKind[]];

export function ruleOf(kind: RuleKind): Rule {
  return rules[kind];
}

export function breakdownOf(kind: RuleKind): number {
  return rules[kind].breakdown;
}
