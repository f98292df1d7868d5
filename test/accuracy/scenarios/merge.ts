import type { KubernetesObject } from '../../../src/model/payloads.js';

export type Fields = Readonly<Record<string, unknown>>;

/** What makes an entry of a list itself, as Kubernetes merges lists. */
const keys = ['name', 'type', 'key', 'ip', 'host'];

export function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Strategic merge: maps by key, lists of named entries by name, any other list as a whole; null removes. */
export function merged(before: KubernetesObject, change: Fields): KubernetesObject {
  return mergedFields(before, change) as unknown as KubernetesObject;
}

function mergedFields(before: Fields, change: Fields): Fields {
  const result: Record<string, unknown> = { ...before };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete result[key];
    else result[key] = mergedValue(result[key], value);
  }
  return result;
}

function mergedValue(before: unknown, change: unknown): unknown {
  if (isFields(change)) return mergedFields(isFields(before) ? before : {}, change);
  if (!Array.isArray(change)) return change;
  const entries = change as unknown[];
  const list: readonly unknown[] = Array.isArray(before) ? before : [];
  const key = keys.find(
    (name) => entries.length > 0 && [...entries, ...list].every((entry) => isFields(entry) && name in entry),
  );
  if (key === undefined) return change;
  const result = [...list] as Fields[];
  for (const entry of entries as Fields[]) {
    const at = result.findIndex((each) => each[key] === entry[key]);
    if (at < 0) result.push(mergedFields({}, entry));
    else result[at] = mergedFields(result[at]!, entry);
  }
  return result;
}
