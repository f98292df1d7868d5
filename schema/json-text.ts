import type { Attribute } from './entity.js';

/** A list kept as JSON text in the graph; [] when it is absent. It was written by ingest, so that a broken one is a fault of ours and throws. */
export function listFromJson<Item>(text: string | null | undefined): readonly Item[] {
  return text ? (JSON.parse(text) as Item[]) : [];
}

/** A map kept as JSON text in the graph, as named facts in the order of their names. */
export function attributesFromJson(text: string | null | undefined): readonly Attribute[] {
  if (!text) return [];
  return Object.entries(JSON.parse(text) as Record<string, unknown>)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value: typeof value === 'string' ? value : JSON.stringify(value) }));
}
