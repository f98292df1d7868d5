import type { DiffLines } from './diff-lines.js';

/** A value that a diff changes, by its name. */
export interface ChangedSetting {
  readonly key: string;
  /** The words of the key, lower case. */
  readonly words: readonly string[];
  readonly from: string;
  readonly to: string;
  /** to / from, in the same unit; null when they are not numbers. */
  readonly ratio: number | null;
}

const quantity =
  /^["']?(-?\d[\d_]*(?:\.\d+)?)\s*(ms|s|m|h|d|us|ns|Ki|Mi|Gi|Ti|K|M|G|k|kb|mb|gb|KB|MB|GB|%)?["']?(?:\s*\*\s*(?:time|Duration|TimeUnit|std::chrono)[.:]*\s*(\w+))?((?:\s*(?:\*|<<)\s*\d[\d_]*)*)$/;
const unitScale: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 36e5,
  d: 864e5,
  K: 1e3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
  KB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
};
const durationScale: readonly (readonly [RegExp, number])[] = [
  [/^nano/i, 1e-6],
  [/^micro/i, 1e-3],
  [/^milli/i, 1],
  [/^sec/i, 1e3],
  [/^min/i, 6e4],
  [/^hour/i, 36e5],
];
const value = String.raw`-?\d[\d_]*(?:\.\d+)?(?:\s*(?:ms|s|m|h|d|us|ns|Ki|Mi|Gi|Ti|[KMGk]b?|KB|MB|GB|%)\b)?(?:\s*\*\s*(?:time|Duration|TimeUnit)\.\w+)?(?:\s*(?:\*|<<)\s*\d[\d_]*)*|"[^"]*"|'[^']*'|true|false|[A-Za-z/][\w./:*-]*`;
const assignment = new RegExp(
  String.raw`([A-Za-z_][\w.-]*)["'\]]?\s*(?::=|=|:|\bint\b|\bstring\b)\s*(?:\w+\s*=\s*)?(${value})(?=\s*(?:[,;})\]]|$))`,
  'g',
);
const call = new RegExp(
  String.raw`([A-Za-z_]\w*)\(\s*(?:(?:[A-Za-z_][\w.]*|"[^"]*"|'[^']*')\s*,\s*)*(${value})\s*\)`,
  'g',
);

/** Names that stand on both sides with another value: assignments, fields, arguments, keys of configuration. */
export function changedSettings({ removed, added }: DiffLines): ChangedSetting[] {
  const before = settingsOf(removed);
  const after = settingsOf(added);
  const changed: ChangedSetting[] = [];
  for (const [key, from] of before) {
    const to = after.get(key);
    if (to === undefined || to === from) continue;
    const [a, b] = [amountOf(from), amountOf(to)];
    const numbers = a !== null && b !== null;
    const sameKind = numbers || (a === null && b === null && isLiteral(from) === isLiteral(to));
    // A name that stands for another expression is a rename of code, not another value.
    if (!sameKind || (!numbers && !isLiteral(from))) continue;
    changed.push({
      key,
      words: wordsOfKey(key),
      from: plain(from),
      to: plain(to),
      ratio: numbers && a !== 0 ? b / a : numbers ? Infinity : null,
    });
  }
  return changed;
}

function settingsOf(lines: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of lines)
    for (const pattern of [assignment, call])
      for (const [, key, text] of line.matchAll(pattern)) if (!found.has(key!)) found.set(key!, text!.trim());
  return found;
}

function wordsOfKey(key: string): string[] {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[\s_.\-[\]]+/)
    .map((word) => word.toLowerCase());
}

function amountOf(text: string): number | null {
  const found = quantity.exec(text);
  if (!found) return null;
  const [, digits, unit, duration, more] = found;
  const scale = duration === undefined ? 1 : (durationScale.find(([name]) => name.test(duration))?.[1] ?? 1);
  let amount = Number(digits!.replace(/_/g, '')) * (unit === undefined ? 1 : (unitScale[unit] ?? 1)) * scale;
  for (const [, sign, factor] of (more ?? '').matchAll(/(\*|<<)\s*(\d[\d_]*)/g)) {
    const number = Number(factor!.replace(/_/g, ''));
    amount *= sign === '*' ? number : 2 ** number;
  }
  return amount;
}

/** Quoted text, a switch, or a plain word as configuration has it; sentences are for people. */
function isLiteral(text: string): boolean {
  return /^["'][^\s"']*["']$/.test(text) || /^(?:true|false)$/.test(text) || /^[a-z/][a-z0-9./:*_-]*$/.test(text);
}

function plain(text: string): string {
  return text.replace(/^["']|["']$/g, '');
}
