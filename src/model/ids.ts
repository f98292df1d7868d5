import { createHash } from 'node:crypto';
import type { RawEvent } from './raw-event.js';

/** 32 hex digits (128 bits of SHA-256) of the parts, which are told apart by a NUL: equal parts give equal ids, on every machine. */
export function contentId(...parts: readonly (string | number | null)[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32);
}

/**
 * The id of a RawEvent from its content. Metadata other than the source is left out: enrichment may know more the second time.
 * A Kubernetes observation is identified by uid and resourceVersion, which the API server changes with every write.
 */
export function rawEventId(event: Omit<RawEvent, 'id' | 'schemaVersion'>): string {
  const source = event.metadata.source ?? '';
  const observed =
    event.type === 'kubeapi'
      ? (event.data.object as { metadata?: { uid?: string; resourceVersion?: string } } | undefined)
      : undefined;
  if (observed?.metadata?.uid && observed.metadata.resourceVersion) {
    const { uid, resourceVersion } = observed.metadata;
    return contentId(event.type, event.data.kind, String(event.data.action), uid, resourceVersion);
  }
  return contentId(event.type, source, event.timestamp, event.traceId, event.spanId, JSON.stringify(event.data));
}
