import { contentId } from '../model/ids.js';
import type { RawEvent } from '../model/raw-event.js';

/** Subjects of docs/wire.md, section 2. Built here and nowhere else. */
export const shardCount = 64;
export type Lane = 'events' | 'priority';

export function rawSubject(event: RawEvent): string {
  if (event.data.kind === 'source-health') return `clock.${token(event.metadata.source ?? 'unknown')}`;
  return `${lane(event)}.${event.type}.${token(event.data.kind)}.${shardOf(event)}`;
}

export function unifiedSubject(cluster: string): string {
  return `unified.${token(cluster)}`;
}

export function resultSubject(cluster: string, namespace: string | null, incidentId: string): string {
  return `results.${token(cluster)}.${token(namespace ?? '_')}.${token(incidentId)}`;
}

export function traceSubject(traceId: string): string {
  return `traces.${traceId}`;
}

/** What must never wait behind a flood: the kernel's word, and object states that name a failure. */
export function lane(event: RawEvent): Lane {
  return event.type === 'ebpf' && event.data.kind === 'oom-victim' ? 'priority' : 'events';
}

/** From the trace id's first six bits, else from the scope (namespace, else node): equal scopes meet in one worker. */
export function shardOf(event: RawEvent): number {
  if (event.traceId !== null) return parseInt(event.traceId.slice(0, 2), 16) >> 2;
  const scope = event.metadata.namespace ?? event.metadata.node ?? event.metadata.cluster ?? '';
  return parseInt(contentId(scope).slice(0, 2), 16) >> 2;
}

/** One subject token: NATS forbids blanks, dots and wildcards in it. */
export function token(text: string): string {
  return text.replace(/[^A-Za-z0-9_@-]/g, '_') || '_';
}
