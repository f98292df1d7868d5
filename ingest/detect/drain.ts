/**
 * Drain (He et al., ICWS 2017): an online log template miner. Lines of equal token count and equal first tokens meet in one leaf of
 * a fixed-depth tree; there a line joins the most similar template, and what differs becomes `<*>`. Bounded: past `maxTemplates`
 * the least recently used template is forgotten.
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
  tokens: readonly string[];
  count: number;
}

export interface DrainOptions {
  readonly maxTemplates?: number;
  /** Of a line's tokens, the part that has to equal the template's. Fixed tokens count, wildcards do not. */
  readonly similarity?: number;
  /** Leading tokens that lead through the tree. */
  readonly depth?: number;
  readonly maxTokens?: number;
}

export const wildcard = '<*>';

interface Leaf {
  readonly key: string;
  readonly templates: StoredTemplate[];
}

interface StoredTemplate extends LogTemplate {
  tokens: string[];
  readonly leaf: Leaf;
}

export function createDrain(options: DrainOptions = {}): Drain {
  const { maxTemplates = 2_000, similarity = 0.5, depth = 2, maxTokens = 128 } = options;
  const leaves = new Map<string, Leaf>();
  // Insertion order is order of use: a used template is taken out and put back.
  const used = new Map<number, StoredTemplate>();
  let nextId = 1;

  function add(line: string): LogTemplate {
    const tokens = tokenize(line, maxTokens);
    const key = leafKey(tokens, depth);
    let leaf = leaves.get(key);
    if (!leaf) leaves.set(key, (leaf = { key, templates: [] }));
    let best: StoredTemplate | null = null;
    let bestScore = -1;
    let bestFixed = -1;
    for (const template of leaf.templates) {
      let equal = 0;
      let fixed = 0;
      for (let index = 0; index < tokens.length; index += 1) {
        const word = template.tokens[index]!;
        if (word === wildcard) continue;
        fixed += 1;
        if (word === tokens[index]) equal += 1;
      }
      const score = tokens.length === 0 ? 1 : (equal + (tokens.length - fixed) * 0.3) / tokens.length;
      if (score > bestScore || (score === bestScore && fixed > bestFixed)) [best, bestScore, bestFixed] = [template, score, fixed];
    }
    if (best && bestScore >= similarity) {
      for (let index = 0; index < tokens.length; index += 1) {
        if (best.tokens[index] !== tokens[index]) best.tokens[index] = wildcard;
      }
      best.count += 1;
      used.delete(best.id);
      used.set(best.id, best);
      return best;
    }
    const template: StoredTemplate = { id: nextId, tokens, count: 1, leaf };
    nextId += 1;
    leaf.templates.push(template);
    used.set(template.id, template);
    if (used.size > maxTemplates) forgetOldest();
    return template;
  }

  function forgetOldest(): void {
    const [id, oldest] = used.entries().next().value!;
    used.delete(id);
    const { leaf } = oldest;
    leaf.templates.splice(leaf.templates.indexOf(oldest), 1);
    if (leaf.templates.length === 0) leaves.delete(leaf.key);
  }

  return {
    add,
    get size() {
      return used.size;
    },
  };
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

const maskable = /[\d/=@]/;
const masks: readonly (readonly [RegExp, string])[] = [
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>)\]]+/gi, wildcard],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, wildcard],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, wildcard],
  [/(?<![\w.])(?:\/[\w.@%+:~-]+)+\/?/g, wildcard],
  [/\b0x[0-9a-f]+\b/gi, wildcard],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi, wildcard],
  [/(?<![A-Za-z])[-+]?\d+(?:[.,:]\d+)*(?:[kmgt]?i?b|[mun]?s|%)?(?![A-Za-z])/gi, wildcard],
];

function mask(word: string): string {
  if (!maskable.test(word)) return word;
  let text = word;
  for (const [pattern, by] of masks) text = text.replace(pattern, by);
  return text;
}
