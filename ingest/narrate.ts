import type { Category } from '../src/model/categories.js';
import { toEpochMs } from '../src/model/time.js';
import type { UnifiedEvent } from '../src/model/unified-event.js';
import { fits } from './correlate/causal.js';
import type { Story } from './correlate/story.js';
import type { Inventory } from './inventory.js';
import { representative, type Problem } from './problems.js';
import type { CauseRule } from './rules/rule.js';

export interface Narrative {
  readonly title: string;
  readonly rootCause: string;
  readonly summary: string;
  readonly recommendation: string;
}

export interface NarrateParts {
  readonly inventory: Inventory;
  readonly causes: readonly CauseRule[];
  /** Category at the root as concluded (change.image is told as change.bad-release), or `unknown`. */
  readonly category: Category;
  /** The newest change on the root's unit shortly before, that is not itself the root. */
  readonly recentChange: UnifiedEvent | null;
  readonly resolvedAt: string | null;
}

/** What an attribute of the same name does not replace. `name` it may: the name that was looked up is what a DNS failure is about. */
const ownWords = new Set(['entity', 'kind', 'namespace', 'message', 'category']);

/** One summary, one root cause, one recommendation: plain words with names, numbers and times. */
export function narrate(story: Story, parts: NarrateParts): Narrative {
  const { inventory, category, recentChange } = parts;
  const { root } = story;
  const event = representative(root);
  const unit = inventory.ref(root.unit);
  const facts: Record<string, string> = {
    entity: `${unit.kind} ${unit.name}`,
    name: unit.name,
    kind: unit.kind,
    namespace: unit.namespace ?? 'the cluster',
    message: plain(event.semantic.message) || `${unit.kind} ${unit.name} shows ${root.category}`,
    category: category.replace('.', ': ').replace(/-/g, ' '),
  };
  for (const [key, value] of Object.entries({ ...verdictOf(story, category), ...event.semantic.attributes })) {
    const told = typeof value === 'number' && key.endsWith('Bytes') ? mebibytes(value) : plain(String(value));
    if (told !== '' && !ownWords.has(key)) facts[key] = told;
  }
  if (event.k8sContext.container !== null) facts.container = event.k8sContext.container;
  if (event.k8sContext.pod !== null) facts.pod = event.k8sContext.pod;
  if (event.k8sContext.node !== null) facts.node = event.k8sContext.node;

  const rule = parts.causes.find(
    ({ pattern }) =>
      pattern.categories.has(category) &&
      (pattern.kinds.size === 0 || pattern.kinds.has(unit.kind)) &&
      (category === root.category ? fits(pattern, root, inventory) : pattern.where.length === 0),
  );
  const title = sentence(fill(rule?.title, facts) ?? capital(`${facts.category} on ${facts.entity}`));
  const known = fill(rule?.rootCause, facts) ?? facts.message!;
  const unsure =
    category === 'unknown'
      ? `Unknown. The earliest sign is that ${lowerFirst(facts.message!)}; what caused it was not seen`
      : known;
  const rootCause = sentence(unsure);
  let recommendation = sentence(
    fill(rule?.recommendation, facts) ?? `Look at ${facts.entity} in namespace ${facts.namespace}: ${facts.message}`,
  );
  if (recentChange) {
    const before = Math.max(0, root.firstMs - toEpochMs(recentChange.timestamp));
    recommendation += ` It was changed ${before < 1000 ? 'at that moment' : `${duration(before)} before`}: ${lowerFirst(plain(recentChange.semantic.message))}. Undoing that change is the quickest way back.`;
  }
  return {
    title: title.replace(/\.$/, ''),
    rootCause,
    recommendation,
    summary: summarise(story, parts, event, rootCause),
  };
}

/** What is known of the state that the root is called by (conclude.ts), where that is another than the root itself. */
function verdictOf({ root, members }: Story, category: Category): UnifiedEvent['semantic']['attributes'] {
  const verdict =
    category === root.category
      ? undefined
      : members.find((each) => each.unit === root.unit && each.category === category);
  return verdict === undefined ? {} : representative(verdict).semantic.attributes;
}

function summarise(
  story: Story,
  { inventory, resolvedAt }: NarrateParts,
  event: UnifiedEvent,
  rootCause: string,
): string {
  const effects = consequences(story, inventory);
  const lines = [`At ${clock(event.timestamp)}: ${rootCause}`];
  if (effects.length > 0) lines.push(`As a consequence, ${join(effects)}.`);
  const rival = story.alternatives[0];
  const sure = `Confidence ${story.confidence.toFixed(2)}`;
  const alternative =
    rival && rival.confidence >= 0.05
      ? `; next likely is ${rival.problem.category} on ${inventory.ref(rival.problem.unit).name}, but ${rival.whyNot}`
      : '';
  lines.push(`${sure}${alternative}.`);
  if (resolvedAt !== null) lines.push(`Over since ${clock(resolvedAt)}.`);
  return lines.join(' ');
}

/** What it hit, by unit in order of time, each once, at most six by name. */
function consequences(story: Story, inventory: Inventory): string[] {
  const byUnit = new Map<number, Problem[]>();
  for (const member of story.members) {
    if (member === story.root || member.category.startsWith('change.')) continue;
    const list = byUnit.get(member.unit);
    if (list) list.push(member);
    else byUnit.set(member.unit, [member]);
  }
  const told: string[] = [];
  for (const [unit, list] of byUnit) {
    const { kind, name } = inventory.ref(unit);
    const said = list.map(({ category }) => verb(category)).filter((words) => words !== null);
    // Other names for what the root cause says already are no consequence.
    if (said.length === 0 && unit === story.root.unit) continue;
    told.push(`${kind} ${name} ${said.at(-1) ?? `shows ${list.at(-1)!.category}`}`);
  }
  const rest = told.length - 6;
  return rest > 0 ? [...told.slice(0, 6), `${rest} more`] : told;
}

function verb(category: Category): string | null {
  if (category.startsWith('call.')) return 'fails calls';
  if (category === 'dns.failed') return 'cannot resolve names';
  if (category === 'service.no-ready-endpoints') return 'has no ready endpoint';
  if (category === 'pod.not-ready') return 'is not ready';
  if (category === 'pod.pending' || category.startsWith('scheduling.')) return 'has pods that do not start';
  if (category === 'workload.unavailable') return 'is not available';
  if (category === 'container.crash-loop') return 'restarts again and again';
  if (category === 'container.restarted') return 'restarts';
  if (category.startsWith('log.')) return 'logs errors';
  if (category === 'container.terminated') return 'ends';
  return null;
}

/** The first text whose every placeholder is known. */
function fill(texts: readonly string[] | undefined, facts: Readonly<Record<string, string>>): string | null {
  for (const text of texts ?? []) {
    let complete = true;
    const filled = text.replace(/\{([\w.-]+)\}/g, (_, name: string) => {
      const value = facts[name];
      if (value === undefined) complete = false;
      return value ?? '';
    });
    if (complete) return filled;
  }
  return null;
}

/** Text from the cluster on one line: nothing that moves a cursor, hides or turns round what stands beside it; no full stop at its end. */
function plain(text: string): string {
  return text
    .replace(/\p{Cf}/gu, '')
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .replace(/\.$/, '');
}

function sentence(text: string): string {
  const trimmed = text.trim();
  const closed = /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
  return closed;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) &&
    !/^(?:Pod|Deployment|Service|Node|Container|Job|Secret|Role|Ingress|Namespace|Claim|Quota|[A-Z][a-z]+[A-Z]\w*)\b/.test(
      text,
    )
    ? text.charAt(0).toLowerCase() + text.slice(1)
    : text;
}

function join(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

function clock(timestamp: string): string {
  return `${timestamp.slice(11, 19)} UTC`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

function mebibytes(bytes: number): string {
  return bytes >= 1 << 20 ? `${Math.round(bytes / (1 << 20))} MiB` : `${Math.round(bytes / 1024)} KiB`;
}
