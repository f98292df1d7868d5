import { rawEventTypes, type RawEvent } from '../model/raw-event.js';
import { canonicalTimestamp, toEpochMs } from '../model/time.js';
import { limits } from './limits.js';

const types: ReadonlySet<unknown> = new Set(rawEventTypes);
const traceIdForm = /^(?!0{32})[0-9a-f]{32}$/;
const spanIdForm = /^(?!0{16})[0-9a-f]{16}$/;
const kindForm = /^[a-z0-9][a-z0-9-]{0,62}$/;
const canonicalForm = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{9}Z$/;

type Fields = Record<string, unknown>;

/**
 * What keeps a parsed value from being a RawEvent (docs/wire.md, section 5), naming the field and what it may be; null when nothing
 * does. Hand-written because it runs for every event on the bus: a schema library costs more than JSON.parse itself. What has one
 * obvious reading is put right in place: an absent trace or span id becomes null, any RFC 3339 time becomes the canonical one.
 */
export function problemOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `an event must be a JSON object; it is ${shown(value)}`;
  }
  const event = value as Fields;
  if (event['schemaVersion'] !== 1) return `schemaVersion must be 1; it is ${shown(event['schemaVersion'])}`;
  const id = event['id'];
  if (typeof id !== 'string' || id.length === 0 || id.length > limits.maxIdLength) {
    return `id must be a text of 1 to ${limits.maxIdLength} characters; it is ${shown(id)}`;
  }
  if (!types.has(event['type']))
    return `type must be one of ${rawEventTypes.join(', ')}; it is ${shown(event['type'])}`;
  return (
    traceProblem(event) ?? timestampProblem(event) ?? dataProblem(event['data']) ?? metadataProblem(event['metadata'])
  );
}

function traceProblem(event: Fields): string | null {
  const { traceId, spanId } = event;
  if (traceId === undefined) event['traceId'] = null;
  else if (traceId !== null && !(typeof traceId === 'string' && traceIdForm.test(traceId))) {
    return `traceId must be 32 lower-case hex digits, not all zero, or null; it is ${shown(traceId)}`;
  }
  if (spanId === undefined) event['spanId'] = null;
  else if (spanId !== null && !(typeof spanId === 'string' && spanIdForm.test(spanId))) {
    return `spanId must be 16 lower-case hex digits, not all zero, or null; it is ${shown(spanId)}`;
  }
  return null;
}

function timestampProblem(event: Fields): string | null {
  const timestamp = event['timestamp'];
  if (typeof timestamp === 'string') {
    if (canonicalForm.test(timestamp)) return null;
    const canonical = timestamp.length <= 64 ? canonicalTimestamp(timestamp) : null;
    if (canonical !== null) {
      event['timestamp'] = canonical;
      return null;
    }
  }
  return `timestamp must be an RFC 3339 time such as 2026-11-24T17:30:41.123456789Z; it is ${shown(timestamp)}`;
}

function dataProblem(data: unknown): string | null {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    return `data must be a JSON object; it is ${shown(data)}`;
  }
  const kind = (data as Fields)['kind'];
  if (!isKind(kind)) {
    return `data.kind must be 1 to 63 lower-case letters, digits and dashes; it is ${shown(kind)}`;
  }
  return fits(data as Fields, 1) ? null : treeProblem(data as Fields, 'data', 1);
}

/** A time that lies ahead of when the bus stored the event; null when it does not. A clock from the future would drag every story there. */
export function aheadProblem({ timestamp }: Pick<RawEvent, 'timestamp'>, storedMs: number): string | null {
  const aheadMs = toEpochMs(timestamp) - storedMs;
  if (aheadMs <= limits.maxAheadMs) return null;
  return `timestamp must not be more than ${limits.maxAheadMs / 1000} s ahead of the bus's clock; ${timestamp} is ${Math.round(aheadMs / 1000)} s ahead`;
}

/** There are a few dozen kinds: each is looked at closely once. */
const knownKinds = new Set<unknown>();
const maxKnownKinds = 256;

function isKind(kind: unknown): boolean {
  if (knownKinds.has(kind)) return true;
  if (typeof kind !== 'string' || !kindForm.test(kind)) return false;
  if (knownKinds.size < maxKnownKinds) knownKinds.add(kind);
  return true;
}

/** Whether {@link treeProblem} has nothing to say, without paying for its words. Ends at the depth limit, far from the stack's. */
function fits(node: Fields, depth: number): boolean {
  if (depth > limits.maxDepth) return false;
  for (const key in node) {
    const value = node[key];
    if (typeof value === 'string') {
      if (value.length > limits.maxTextLength) return false;
    } else if (typeof value === 'object' && value !== null) {
      if (!fits(value as Fields, depth + 1)) return false;
    }
    // JSON.parse makes it an own property; whoever copies it by assignment would change a prototype.
    if (key === '__proto__') return false;
  }
  return true;
}

function treeProblem(node: Fields, path: string, depth: number): string | null {
  if (depth > limits.maxDepth)
    return `${shortened(path)} is nested too deep; at most ${limits.maxDepth} levels are taken`;
  for (const key in node) {
    const value = node[key];
    if (key === '__proto__') return `${shortened(path)} must not have a field __proto__`;
    if (typeof value === 'string') {
      if (value.length > limits.maxTextLength) {
        return `${shortened(`${path}.${key}`)} has ${value.length} characters; at most ${limits.maxTextLength} are taken`;
      }
    } else if (typeof value === 'object' && value !== null) {
      const problem = treeProblem(value as Fields, `${path}.${key}`, depth + 1);
      if (problem !== null) return problem;
    }
  }
  return null;
}

function metadataProblem(metadata: unknown): string | null {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    return `metadata must be a JSON object of texts; it is ${shown(metadata)}`;
  }
  for (const key in metadata) {
    const value = (metadata as Fields)[key];
    if (typeof value !== 'string' || value.length > limits.maxMetadataLength) {
      return `metadata.${shortened(key)} must be a text of at most ${limits.maxMetadataLength} characters; it is ${shown(value)}`;
    }
  }
  return null;
}

function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return shortened(JSON.stringify(value));
}

function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
