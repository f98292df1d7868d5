import type { Inventory } from '../inventory.js';
import type { Problem } from '../problems.js';
import type { LinkRule, Pattern } from '../rules/rule.js';

/** Whether a problem is what the pattern means: its category, the kind of thing, and the attributes it was seen with. */
export function fits(pattern: Pattern, problem: Problem, inventory: Inventory): boolean {
  if (!pattern.categories.has(problem.category)) return false;
  if (pattern.kinds.size > 0 && !pattern.kinds.has(inventory.ref(problem.unit).kind)) return false;
  for (const { attribute, values } of pattern.where) {
    const seen = problem.attributes.get(attribute);
    if (!seen || ![...seen].some((value) => values.has(value))) return false;
  }
  for (const { attribute, values } of pattern.unless) {
    const seen = problem.attributes.get(attribute);
    if (seen && [...seen].every((value) => values.has(value))) return false;
  }
  return true;
}

/** The causal dimension of an edge: what the rule itself promises. */
export function causal(rule: LinkRule): number {
  return rule.strength;
}
