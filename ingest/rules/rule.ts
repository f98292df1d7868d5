import { z } from 'zod';
import { relationTypes, type RelationType } from '../../src/model/entity.js';
import { isCategory, type Category } from '../../src/model/categories.js';
import { parseFixtureFact, parseFixtureProblem, type Fixture } from './fixture.js';

/**
 * Causal knowledge as data, in two forms. A link says how one problem brings about another, over which relations and how soon. A cause
 * says in words what a problem means when it stands at the root, and what to do. Users write the same forms.
 */
export interface LinkRule {
  readonly id: string;
  readonly cause: Pattern;
  readonly effect: Pattern;
  /** How to walk from the effect to the cause. */
  readonly path: Path;
  /** The effect begins at most `afterMs` after the cause, and at most `slackMs` before it (polling and second-precision times). */
  readonly afterMs: number;
  readonly slackMs: number;
  /** For a change: how quickly, once it has taken hold, it becomes unlikely that its effect is only now beginning. */
  readonly decayMs: number;
  /** For a change: it reaches the effect through pods that answer others, so not before one that was made since is ready. */
  readonly serving: boolean;
  /** P(effect | cause) when everything fits, 0 to 1. */
  readonly strength: number;
  /** The cause makes us expect the effect: its absence from a healthy source speaks against the cause. */
  readonly expected: boolean;
  /** How much the effect's own words matter: 0 not at all, 1 the words must name the cause. */
  readonly wording: number;
  readonly because: string;
  /** Examples that the rule links, and near misses that it must not; proved when the rules are loaded. */
  readonly fires: readonly Fixture[];
  readonly guards: readonly Fixture[];
}

export interface Pattern {
  readonly categories: ReadonlySet<Category>;
  /** Kinds of the unit the problem is on; empty: any. */
  readonly kinds: ReadonlySet<string>;
  readonly where: readonly Condition[];
  readonly unless: readonly Condition[];
}

export interface Condition {
  readonly attribute: string;
  readonly values: ReadonlySet<string>;
}

export interface Path {
  /** Instead of at the thing the effect is on: `target`, at what its calls go to; `namespace`, at the namespace that it is in. */
  readonly start: 'unit' | 'target' | 'namespace';
  readonly startKind: string | null;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly type: RelationType;
  readonly direction: 'out' | 'into';
  readonly kind: string | null;
}

export interface CauseRule {
  readonly id: string;
  readonly pattern: Pattern;
  /** Tried in order: the first whose every placeholder is known is used. */
  readonly title: readonly string[];
  readonly rootCause: readonly string[];
  readonly recommendation: readonly string[];
}

const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h)$/, 'a duration such as 500ms, 30s, 5m or 1h')
  .transform((text) => {
    const unit = text.replace(/^\d+/, '') as 'ms' | 's' | 'm' | 'h';
    return parseInt(text, 10) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit];
  });

const category = z
  .string()
  .refine(isCategory, { error: (issue) => `"${String(issue.input)}" is not a category of src/model/categories.ts` });
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const conditions = z
  .record(z.string(), z.union([scalar, z.array(scalar)]))
  .default({})
  .transform((record): readonly Condition[] =>
    Object.entries(record).map(([attribute, values]) => ({ attribute, values: new Set([values].flat()) })),
  );
const texts = z.union([z.string(), z.array(z.string()).min(1)]).transform((value) => [value].flat());

export const patternForm = z
  .strictObject({
    category: z
      .union([category, z.array(category).min(1)])
      .transform((value) => new Set(typeof value === 'string' ? [value] : value)),
    kind: z
      .union([z.string(), z.array(z.string())])
      .default([])
      .transform((value) => new Set([value].flat())),
    where: conditions,
    unless: conditions,
  })
  .transform((form): Pattern => ({
    categories: form.category,
    kinds: form.kind,
    where: form.where,
    unless: form.unless,
  }));

function parsed<T extends object>(parse: (text: string) => T | string) {
  return z.string().transform((text, context) => {
    const result = parse(text);
    if (typeof result !== 'string') return result;
    context.addIssue({ code: 'custom', message: result });
    return z.NEVER;
  });
}

const fixtureShape = {
  cause: parsed(parseFixtureProblem),
  effect: parsed(parseFixtureProblem),
  given: z.array(parsed(parseFixtureFact)).default([]),
};
const firesForm = z.strictObject(fixtureShape).transform((form): Fixture => ({ ...form, because: null }));
const guardForm = z.strictObject({ ...fixtureShape, because: z.string().min(1) });

export const linkForm = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]+$/, 'lower-case letters, digits and dashes'),
    cause: patternForm,
    effect: patternForm,
    path: parsed(parsePath),
    after: duration,
    slack: duration.default(5000),
    // A change that is at fault shows soon after it takes hold; what went well for a minute was probably well.
    decay: duration.default(60_000),
    serving: z.boolean().default(false),
    strength: z.number().gt(0).lt(1),
    expected: z.boolean().default(false),
    wording: z.number().min(0).max(1).default(0),
    because: z.string().min(1),
    fires: z.array(firesForm).default([]),
    guards: z.array(guardForm).default([]),
  })
  .transform(({ after, slack, decay, ...form }): LinkRule => ({
    ...form,
    afterMs: after,
    slackMs: slack,
    decayMs: decay,
  }));

export const causeForm = z
  .strictObject({
    id: z.string().min(1),
    on: patternForm,
    title: texts,
    rootCause: texts,
    recommendation: texts,
  })
  .transform(({ on, ...form }): CauseRule => ({ ...form, pattern: on }));

export const ruleFileForm = z.strictObject({
  links: z.array(linkForm).default([]),
  causes: z.array(causeForm).default([]),
});

/**
 * `same`, `effect WITHIN cause` (a Namespace), or a sentence that ends at the other side: `effect TARGETS Service SELECTS cause`, `cause OWNS effect`. Kinds stand between
 * relations and are optional. Returns what is wrong as text.
 */
export function parsePath(text: string): Path | string {
  const words = text.trim().split(/\s+/);
  if (text.trim() === 'effect WITHIN cause') return { start: 'namespace', startKind: null, steps: [] };
  if (text.trim() === 'same') return { start: 'unit', startKind: null, steps: [] };
  const [first, last] = [words[0], words.at(-1)];
  if (!((first === 'effect' && last === 'cause') || (first === 'cause' && last === 'effect'))) {
    return `path "${text}" is "same", or begins with effect and ends with cause, or the other way round`;
  }
  const middle = words.slice(1, -1);
  const hops: { type: string; kind: string | null }[] = [];
  for (const word of middle) {
    if (/^[A-Z][A-Z_]+$/.test(word)) hops.push({ type: word, kind: null });
    else if (hops.length > 0) hops[hops.length - 1]!.kind = word;
    else return `path "${text}": "${word}" stands where a relation is wanted`;
  }
  const unknown = hops.find(({ type }) => type !== 'TARGETS' && !relationTypes.includes(type as RelationType));
  if (unknown) return `path "${text}": ${unknown.type} is none of TARGETS ${relationTypes.join(' ')}`;
  if (hops.length === 0) return `path "${text}" has no relation`;

  if (first === 'effect') {
    const [head, ...rest] = hops;
    const target = head!.type === 'TARGETS';
    if ((target ? rest : hops).some(({ type }) => type === 'TARGETS'))
      return `path "${text}": TARGETS only follows effect`;
    const steps = (target ? rest : hops).map(({ type, kind }): Step => ({
      type: type as RelationType,
      direction: 'out',
      kind,
    }));
    return { start: target ? 'target' : 'unit', startKind: target ? head!.kind : null, steps };
  }
  if (hops.some(({ type }) => type === 'TARGETS')) return `path "${text}": TARGETS only follows effect`;
  // Written from the cause, walked from the effect: backwards, each kind now names where its step arrives.
  const steps: Step[] = [];
  for (let i = hops.length - 1; i >= 0; i--) {
    steps.push({ type: hops[i]!.type as RelationType, direction: 'into', kind: i > 0 ? hops[i - 1]!.kind : null });
  }
  return { start: 'unit', startKind: null, steps };
}
