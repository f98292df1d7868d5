import type { FieldChange, KubernetesObject } from '../../../src/model/payloads.js';
import type { Redactor } from '../../redaction.js';
import { markedBytes } from './trim.js';

/** Longest JSON text of a value in a change. */
const maxValueText = 256;
/** More than these in one step is a replacement, not a change; what is left out is counted in a last entry. */
const maxChanges = 100;

/** Written by controllers as a consequence of the change they follow. */
const noiseAnnotations = new Set([
  'deployment.kubernetes.io/revision',
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.daemonset.template.generation',
  'node.alpha.kubernetes.io/ttl',
]);

/** What makes an entry of a list itself, by the Kubernetes API's own merge keys; tried in this order. */
const mergeKeys = [
  'name',
  'containerPort',
  'port',
  'mountPath',
  'devicePath',
  'type',
  'key',
  'ip',
  'host',
  'topologyKey',
];

/** Field by field, what differs between two pruned states of one object, outside of status and identity. */
export function fieldChanges(
  before: KubernetesObject,
  after: KubernetesObject,
  redactor: Redactor,
): readonly FieldChange[] {
  const found: FieldChange[] = [];

  function compare(path: string, from: unknown, to: unknown): void {
    if (from === to || equal(from, to)) return;
    if (isRecord(from) && isRecord(to)) return compareRecords(path, from, to);
    if (Array.isArray(from) && Array.isArray(to)) return compareLists(path, from, to);
    const short = (value: unknown) => value === undefined || typeof value !== 'object' || fits(value);
    if (short(from) && short(to)) return report(path, from, to);
    // A large part came or went as a whole: its leaves say more than its first 256 characters.
    if (isRecord(from ?? {}) && isRecord(to ?? {})) compareRecords(path, (from ?? {}) as Fields, (to ?? {}) as Fields);
    else if (Array.isArray(from ?? []) && Array.isArray(to ?? [])) {
      compareLists(path, (from ?? []) as unknown[], (to ?? []) as unknown[]);
    } else report(path, from, to);
  }

  function compareRecords(path: string, from: Fields, to: Fields): void {
    for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
      if (path === 'metadata.annotations' && noiseAnnotations.has(key)) continue;
      compare(path === '' ? key : `${path}.${key}`, own(from, key), own(to, key));
    }
  }

  function compareLists(path: string, from: readonly unknown[], to: readonly unknown[]): void {
    const key = mergeKeys.find((candidate) => keyed(from, candidate) && keyed(to, candidate));
    if (key === undefined) {
      if (fits(from) && fits(to)) return report(path, from, to);
      for (let at = 0; at < Math.max(from.length, to.length); at++) compare(`${path}[${at}]`, from[at], to[at]);
      return;
    }
    const entries = (list: readonly unknown[]) => new Map(list.map((entry) => [String((entry as Fields)[key]), entry]));
    const [old, now] = [entries(from), entries(to)];
    for (const name of new Set([...old.keys(), ...now.keys()]))
      compare(`${path}[${name}]`, old.get(name), now.get(name));
  }

  function report(path: string, from: unknown, to: unknown): void {
    found.push({ path, from: valueText(path, from, redactor), to: valueText(path, to, redactor) });
  }

  compareRecords('', comparable(before), comparable(after));
  if (found.length <= maxChanges) return found;
  const left = found.length - maxChanges;
  return [...found.slice(0, maxChanges), { path: '(more)', from: null, to: String(left) }];
}

function comparable({ metadata, apiVersion: _v, kind: _k, status: _s, ...fields }: KubernetesObject): Fields {
  const { labels = {}, annotations = {} } = metadata;
  return { metadata: { labels, annotations }, ...fields };
}

function valueText(path: string, value: unknown, redactor: Redactor): string | null {
  if (value === undefined) return null;
  const text = JSON.stringify(redactor.redactData(withoutMarks(value), path));
  if (text.length <= maxValueText) return text;
  // Cut so that it stays JSON: a text, shorter by its own quotes and escapes.
  const plain = typeof value === 'string' ? (JSON.parse(text) as string) : text;
  let keep = maxValueText - 3;
  while (JSON.stringify(`${plain.slice(0, keep)}…`).length > maxValueText) keep -= 8;
  return JSON.stringify(`${plain.slice(0, keep)}…`);
}

function withoutMarks(value: unknown): unknown {
  if (typeof value === 'string') {
    const bytes = markedBytes(value);
    return bytes === null ? value : `redacted (${bytes} bytes)`;
  }
  if (Array.isArray(value)) return value.map(withoutMarks);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutMarks(inner)]));
}

type Fields = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Keys are whatever people write, `toString` and `__proto__` included. */
function own(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

function keyed(list: readonly unknown[], key: string): boolean {
  const names = list.map((entry) => (isRecord(entry) ? entry[key] : undefined));
  const valid = names.every((name) => typeof name === 'string' || typeof name === 'number');
  return valid && new Set(names).size === names.length;
}

function fits(value: unknown): boolean {
  return JSON.stringify(value).length <= maxValueText;
}

/** The server writes fields in one order, so equal text is equality; unequal order only costs a look inside. */
function equal(from: unknown, to: unknown): boolean {
  return typeof from === 'object' && typeof to === 'object' && JSON.stringify(from) === JSON.stringify(to);
}
