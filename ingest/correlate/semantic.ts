import { wordsOf } from '../detect/identifiers.js';
import type { Inventory } from '../inventory.js';
import type { Problem } from '../problems.js';
import { changeFits, readDeeds, type ChangeWords } from './change-words.js';

/** Nothing said for or against. */
const neutral = 0.5;

/**
 * Whether the effect's own words point at the cause: they name it (or the Service in front of it), or both speak of the same rare
 * thing (an address, a setting, a file, a value). 1 when they do; 0.5 when the words say nothing; 0.2 when a call names another port.
 */
export function semantic(cause: Problem, effect: Problem, via: readonly number[], inventory: Inventory): number {
  // What a change does was read from its diff: that says more than names that are equal.
  if (cause.attributes.has('does'))
    return changeFits(changeWordsOf(cause), textOf(effect), wordsOf(inventory.ref(effect.unit).name));
  const words = rareWords(effect);
  if (words.size === 0) return neutral;
  for (const word of rareWords(cause)) if (words.has(word)) return 1;
  const names = [cause.unit, ...via].map((index) => inventory.ref(index).name.toLowerCase());
  if (names.some((name) => name.length > 2 && words.has(name))) return 1;
  return effect.wrongPort && cause.unit === effect.target ? 0.2 : neutral;
}

function changeWordsOf({ attributes }: Problem): ChangeWords {
  const told = (name: string): string[] =>
    [...(attributes.get(name) ?? [])].flatMap((text) => text.split(' ')).filter(Boolean);
  return {
    does: readDeeds([...(attributes.get('does') ?? [])].join(' ')),
    terms: new Set(told('terms')),
    gone: told('gone'),
    values: told('values'),
    files: told('files'),
  };
}

/** All that was said of it, and what it is. */
function textOf({ category, events }: Problem): string {
  const texts = [category.replace(/[.-]/g, ' ')];
  for (const { semantic: said } of events.values()) {
    texts.push(said.message);
    for (const value of Object.values(said.attributes)) if (typeof value === 'string') texts.push(value);
  }
  return texts.join('\n').slice(0, maxText);
}

const maxText = 16_384;

const cache = new WeakMap<Problem, { readonly events: number; readonly words: ReadonlySet<string> }>();
const common = new Set(
  'the and for with from that this was were has have not are its into than failed error http https get post put info warn fatal true false null none container pod deployment service node namespace changed'.split(
    ' ',
  ),
);

/** Words of messages and attribute values that are seldom by chance the same: names, host:port, numbers of three digits and more, settings. */
function rareWords(problem: Problem): ReadonlySet<string> {
  const known = cache.get(problem);
  if (known?.events === problem.events.size) return known.words;
  const words = new Set<string>();
  for (const event of problem.events.values()) {
    const texts = [
      event.semantic.message,
      ...Object.values(event.semantic.attributes).filter((value) => typeof value === 'string'),
    ];
    for (const text of texts) {
      for (const word of text.toLowerCase().split(/[^a-z0-9_.:/-]+/)) {
        add(words, word);
        if (/[:/]/.test(word)) for (const part of word.split(/[:/]+/)) add(words, part);
      }
    }
    if (words.size > 400) break;
  }
  cache.set(problem, { events: problem.events.size, words });
  return words;
}

function add(words: Set<string>, raw: string): void {
  const word = raw.replace(/^[.:/-]+|[.:/-]+$/g, '');
  if (word.length < 3 || common.has(word) || /^\d{1,2}$/.test(word)) return;
  words.add(word);
}
