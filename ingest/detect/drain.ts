/**
 * Drain (He et al., ICWS 2017): an online log template miner. Lines of equal token count and equal first tokens meet in one leaf of
 * a fixed-depth tree; there a line joins the most similar template, and what differs becomes `<*>`. Two things are ours: plain words
 * (`started`, `stopped`) are taken for meaning and keep templates apart, until so many templates differ in one word alone that it has
 * to be a name; these then become one. Bounded: past `maxTemplates` the least recently used template is forgotten.
 */
export interface Drain {
  /** The template a line belongs to, made when there is none. */
  add(line: string): LogTemplate;
  readonly size: number;
}

export interface LogTemplate {
  /** 1, 2, 3 … in the order of first sight; never used again. */
  readonly id: number;
  /** Words with `<*>` for what varies; may become more general as lines come. */
  readonly tokens: readonly string[];
  readonly count: number;
  /** The template that this one has become a part of, null while it stands for itself. */
  readonly mergedInto: LogTemplate | null;
}

export interface DrainOptions {
  readonly maxTemplates?: number;
  /** Of the words of a line that are not surely variable, the part that has to equal the template's. */
  readonly similarity?: number;
  /** Leading tokens that lead through the tree. */
  readonly depth?: number;
  readonly maxTokens?: number;
  /** Templates that differ in one plain word only, from which on that word is a name. */
  readonly maxSiblings?: number;
}

export const wildcard = '<*>';

interface Leaf {
  readonly key: string;
  readonly templates: StoredTemplate[];
}

interface StoredTemplate extends LogTemplate {
  tokens: string[];
  count: number;
  mergedInto: StoredTemplate | null;
  readonly leaf: Leaf;
  /** Keys of the sibling groups it is in. */
  readonly groups: readonly string[];
}

export function createDrain(options: DrainOptions = {}): Drain {
  const { maxTemplates = 2_000, similarity = 0.5, depth = 1, maxTokens = 128, maxSiblings = 6 } = options;
  const leaves = new Map<string, Leaf>();
  // Insertion order is order of use: a used template is taken out and put back.
  const used = new Map<number, StoredTemplate>();
  const siblings = new Map<string, Set<StoredTemplate>>();
  let nextId = 1;

  function add(line: string): LogTemplate {
    const tokens = tokenize(line, maxTokens);
    const key = leafKey(tokens, depth);
    let leaf = leaves.get(key);
    if (!leaf) leaves.set(key, (leaf = { key, templates: [] }));
    const best = nearest(leaf, tokens);
    if (best) {
      for (let index = 0; index < tokens.length; index += 1) {
        if (best.tokens[index] !== tokens[index]) best.tokens[index] = wildcard;
      }
      best.count += 1;
      used.delete(best.id);
      used.set(best.id, best);
      return best;
    }
    const groups = groupKeys(tokens, key);
    const template: StoredTemplate = { id: nextId, tokens, count: 1, mergedInto: null, leaf, groups };
    nextId += 1;
    leaf.templates.push(template);
    used.set(template.id, template);
    for (const group of groups) {
      const members = siblings.get(group) ?? new Set<StoredTemplate>();
      siblings.set(group, members.add(template));
      if (members.size >= maxSiblings) return merge([...members]);
    }
    if (used.size > maxTemplates) forget(used.values().next().value!);
    return template;
  }

  function nearest(leaf: Leaf, tokens: readonly string[]): StoredTemplate | null {
    let best: StoredTemplate | null = null;
    let bestScore = -1;
    let bestEqual = -1;
    candidates: for (const template of leaf.templates) {
      let equal = 0;
      let fixed = 0;
      for (let index = 0; index < tokens.length; index += 1) {
        const word = template.tokens[index]!;
        const token = tokens[index]!;
        if (token === wildcard && word === wildcard) continue;
        if (word === wildcard) {
          fixed += 0.5;
          continue;
        }
        fixed += 1;
        if (word === token) equal += 1;
        else if (isPlain(word) && isPlain(token)) continue candidates;
      }
      const score = fixed === 0 ? 1 : equal / fixed;
      if (score > bestScore || (score === bestScore && equal > bestEqual))
        [best, bestScore, bestEqual] = [template, score, equal];
    }
    return bestScore >= similarity ? best : null;
  }

  /** One key for each plain word beyond the leading ones: the template without that word. */
  function groupKeys(tokens: readonly string[], key: string): string[] {
    const keys: string[] = [];
    for (let index = depth; index < tokens.length && keys.length < 32; index += 1) {
      if (!isPlain(tokens[index]!)) continue;
      keys.push(`${key} ${index} ${[...tokens.slice(0, index), ...tokens.slice(index + 1)].join(' ')}`);
    }
    return keys;
  }

  function merge(members: readonly StoredTemplate[]): StoredTemplate {
    const [first, ...others] = members as readonly [StoredTemplate, ...StoredTemplate[]];
    for (const other of others) {
      for (let index = 0; index < first.tokens.length; index += 1) {
        if (first.tokens[index] !== other.tokens[index]) first.tokens[index] = wildcard;
      }
      first.count += other.count;
      other.mergedInto = first;
      forget(other);
    }
    for (const group of first.groups) leaveGroup(group, first);
    return first;
  }

  function forget(template: StoredTemplate): void {
    used.delete(template.id);
    const { leaf } = template;
    leaf.templates.splice(leaf.templates.indexOf(template), 1);
    if (leaf.templates.length === 0) leaves.delete(leaf.key);
    for (const group of template.groups) leaveGroup(group, template);
  }

  function leaveGroup(group: string, template: StoredTemplate): void {
    const members = siblings.get(group);
    members?.delete(template);
    if (members?.size === 0) siblings.delete(group);
  }

  return {
    add,
    get size() {
      return used.size;
    },
  };
}

/** Letters alone, with punctuation around: a word that was written by a person, not a value that a program put in. */
function isPlain(word: string): boolean {
  return /^[("'[<]{0,2}[A-Za-z][A-Za-z_-]*[)"'\]>.,:;!?=]{0,2}$/.test(word);
}

function leafKey(tokens: readonly string[], depth: number): string {
  let key = String(tokens.length);
  for (let index = 0; index < depth && index < tokens.length; index += 1) {
    const token = tokens[index]!;
    key += ` ${hasDigit(token) ? wildcard : token}`;
  }
  return key;
}

function hasDigit(token: string): boolean {
  for (let index = 0; index < token.length; index += 1) {
    const code = token.charCodeAt(index);
    if (code >= 48 && code <= 57) return true;
  }
  return false;
}

/** Words of a line, with those that are surely variable (numbers, addresses, ids, paths) already masked. */
export function tokenize(line: string, maxTokens = 128): string[] {
  const tokens: string[] = [];
  for (const word of line.trim().split(/\s+/)) {
    if (tokens.length === maxTokens) break;
    tokens.push(mask(word));
  }
  return tokens;
}

const maskable = /[\d/=@:]/;
const masks: readonly (readonly [RegExp, string])[] = [
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>)\]]+/gi, wildcard],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, wildcard],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, wildcard],
  [/(?<![\w.])(?:\/[\w.@%+:~-]+)+\/?/g, wildcard],
  [/\b0x[0-9a-f]+\b/gi, wildcard],
  [/(?<=[=:])(?:true|false|null|none|yes|no)\b/gi, wildcard],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi, wildcard],
  [/(?<![A-Za-z])[-+]?\d+(?:[.,:]\d+)*(?:[kmgt]?i?b|[mun]?s|%)?(?![A-Za-z])/gi, wildcard],
];

function mask(word: string): string {
  if (!maskable.test(word)) return word;
  let text = word;
  for (const [pattern, by] of masks) text = text.replace(pattern, by);
  return text.replace(/<\*>(?:[,_:.-]?<\*>)+/g, wildcard);
}
