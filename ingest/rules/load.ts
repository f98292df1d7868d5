import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { ThroughlineError } from '../../src/errors.js';
import { failingFixtures } from './fixture.js';
import { ruleFileForm, type CauseRule, type LinkRule } from './rule.js';

export interface RuleSet {
  readonly links: readonly LinkRule[];
  readonly causes: readonly CauseRule[];
}

/**
 * Reads every .yaml file of the folders; the words of a later folder come before those of an earlier one. Fails with RULE_INVALID, naming each file, line and key that is wrong and why, and each rule
 * that does not do what its own examples say.
 */
export function loadRules(folders: readonly string[]): RuleSet {
  const links: LinkRule[] = [];
  const causes: CauseRule[] = [];
  const problems: string[] = [];
  for (const folder of folders) {
    const worded: CauseRule[] = [];
    for (const { rules, problems: wrong } of ruleFiles(folder)) {
      links.push(...rules.links);
      worded.push(...rules.causes);
      problems.push(...wrong);
    }
    causes.unshift(...worded);
  }
  problems.push(...repeated(links.map(({ id }) => id)), ...repeated(causes.map(({ id }) => id)), ...cycles(links));
  problems.push(...links.flatMap(failingFixtures));
  if (problems.length > 0)
    throw new ThroughlineError('RULE_INVALID', `rules are not valid:\n  ${problems.join('\n  ')}`);
  return { links, causes };
}

export interface RuleFile {
  readonly file: string;
  readonly rules: RuleSet;
  /** Each with line and key. Not said here: what only all files together show, and what examples prove. */
  readonly problems: readonly string[];
}

/** Every .yaml file of a folder by itself, in order of their names. */
export function ruleFiles(folder: string): RuleFile[] {
  return filesOf(folder).map((file) => ({ file, ...parseRules(readFileSync(join(folder, file), 'utf8'), file) }));
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.yaml'))
      .sort();
  } catch (cause) {
    throw new ThroughlineError('RULE_INVALID', `the folder of rules ${folder} cannot be read`, { cause });
  }
}

export function parseRules(
  text: string,
  name: string,
): { readonly rules: RuleSet; readonly problems: readonly string[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const empty: RuleSet = { links: [], causes: [] };
  if (document.errors.length > 0)
    return { rules: empty, problems: document.errors.map((error) => `${name}: ${error.message}`) };
  const parsed = ruleFileForm.safeParse(document.toJS() ?? {});
  if (parsed.success) return { rules: parsed.data, problems: [] };
  const problems = parsed.error.issues.map((issue) => {
    let node: unknown;
    for (let depth = issue.path.length; depth > 0 && !node; depth--)
      node = document.getIn(issue.path.slice(0, depth), true);
    const offset = (node as { range?: readonly number[] } | undefined)?.range?.[0] ?? 0;
    return `${name}:${lines.linePos(offset).line}: ${issue.path.join('.')}: ${issue.message}`;
  });
  return { rules: empty, problems };
}

function repeated(ids: readonly string[]): string[] {
  return [...new Set(ids.filter((id, i) => ids.indexOf(id) !== i))].map((id) => `two rules are called ${id}`);
}

/**
 * On the same thing, A brings about B brings about A would let a problem explain itself. Over calls a circle is legitimate, and rules
 * with conditions on attributes are told apart by these (a probe kills a container; a container that crashed fails its probe).
 */
function cycles(links: readonly LinkRule[]): string[] {
  const next = new Map<string, Map<string, string>>();
  for (const link of links) {
    if (link.path.start !== 'unit' || link.path.steps.length > 0 || isConditional(link)) continue;
    for (const cause of link.cause.categories) {
      for (const effect of link.effect.categories) {
        if (!next.has(cause)) next.set(cause, new Map());
        next.get(cause)!.set(effect, link.id);
      }
    }
  }
  const found = new Set<string>();
  const done = new Set<string>();
  const walk = (category: string, trail: readonly string[]): void => {
    const start = trail.indexOf(category);
    if (start !== -1) {
      found.add(`same-thing rules make a circle: ${[...trail.slice(start), category].join(' → ')}`);
      return;
    }
    if (done.has(category)) return;
    for (const effect of next.get(category)?.keys() ?? []) walk(effect, [...trail, category]);
    done.add(category);
  };
  for (const category of next.keys()) walk(category, []);
  return [...found];
}

function isConditional({ cause, effect }: LinkRule): boolean {
  return [cause, effect].some(({ where, unless }) => where.length + unless.length > 0);
}
