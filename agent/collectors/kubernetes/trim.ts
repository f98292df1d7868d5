import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { FieldChange, KubernetesObject } from '../../../src/model/payloads.js';
import { isSensitiveName, type Redactor } from '../../redaction.js';
import { apiVersion, type Resource } from './resources.js';

/** An object as the API server serves it; list items lack apiVersion and kind. */
export interface ServedObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: KubernetesObject['metadata'] & {
    readonly finalizers?: readonly string[];
    readonly managedFields?: readonly ManagedFieldsEntry[];
  };
  readonly [field: string]: unknown;
}

export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly time?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

/** Never on the bus, nor in the cache: bookkeeping of tools that repeats the object or changes without meaning. */
const droppedAnnotations = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'control-plane.alpha.kubernetes.io/leader',
  'endpoints.kubernetes.io/last-change-trigger-time',
]);

/** Longest ConfigMap value, in characters, that is published in full. */
const maxConfigValue = 256;
/** Longest annotation, in characters, that is published in full: some tools keep whole manifests in one. */
const maxAnnotation = 1024;

/**
 * Stands in the cache for a value that must not be kept: tells that it changed, by a digest under a key that lives and dies with
 * this process, and its length in bytes. The leading NUL cannot occur in a Kubernetes string that came over JSON unescaped by us.
 */
const markPattern = /^\0secret:[0-9a-f]{32}:(\d+)$/;
const processKey = randomBytes(32);

function mark(value: string | Buffer): string {
  const bytes = typeof value === 'string' ? Buffer.byteLength(value) : value.length;
  return `\0secret:${createHmac('sha256', processKey).update(value).digest('hex').slice(0, 32)}:${bytes}`;
}

/** Length in bytes of the value behind a mark; null when the text is none. */
export function markedBytes(text: string): number | null {
  const match = markPattern.exec(text);
  return match ? Number(match[1]) : null;
}

/**
 * The object without what nobody may see or needs: managed fields, bulky annotations, schemas, image lists; values of Secrets and of
 * sensitive environment variables become marks. Still not redacted: for the cache and for comparing, inside of this process only.
 */
export function prune(object: ServedObject, resource: Resource): KubernetesObject {
  const { apiVersion: served, kind: _k, metadata, ...fields } = object;
  const pruned: Record<string, unknown> = {
    apiVersion: served ?? apiVersion(resource),
    kind: resource.kind,
    metadata: pruneMetadata(metadata),
  };
  for (const [field, value] of Object.entries(fields)) pruned[field] = hideEnvironment(value);
  pruneKind(pruned, resource);
  return pruned as unknown as KubernetesObject;
}

function pruneMetadata(metadata: ServedObject['metadata']): KubernetesObject['metadata'] {
  const { managedFields: _m, annotations, ...rest } = metadata;
  const kept = Object.entries(annotations ?? {})
    .filter(([name]) => !droppedAnnotations.has(name))
    .map(([name, value]) => [name, value.length > maxAnnotation ? digest(value) : value] as const);
  return kept.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(kept) };
}

function pruneKind(object: Record<string, unknown>, resource: Resource): void {
  if (resource.group === '' && resource.kind === 'Secret') {
    const data = object['data'] as Record<string, string> | null | undefined;
    if (data) object['data'] = mapValues(data, (_key, value) => mark(Buffer.from(value, 'base64')));
    delete object['stringData'];
  } else if (resource.group === '' && resource.kind === 'ConfigMap') {
    const data = object['data'] as Record<string, string> | null | undefined;
    const binary = object['binaryData'] as Record<string, string> | null | undefined;
    if (data) object['data'] = mapValues(data, configValue);
    if (binary) object['binaryData'] = mapValues(binary, (_key, value) => digest(Buffer.from(value, 'base64')));
  } else if (resource.group === '' && resource.kind === 'Node') {
    // Up to fifty images with all of their names: the kubelet's report for the scheduler, which rewrites it as images come and go.
    const { images: _images, ...status } = (object['status'] ?? {}) as Record<string, unknown>;
    object['status'] = status;
  } else if (resource.kind === 'CustomResourceDefinition') {
    const spec = object['spec'] as { versions?: readonly Record<string, unknown>[] };
    const versions = spec.versions?.map(({ schema, ...version }) =>
      schema === undefined ? version : { ...version, schema: digest(JSON.stringify(schema)) },
    );
    object['spec'] = { ...spec, ...(versions === undefined ? {} : { versions }) };
  } else if (resource.kind === 'ControllerRevision') {
    // The owner's spec, again: its change is seen at the owner.
    if (object['data'] !== undefined) object['data'] = digest(JSON.stringify(object['data']));
  }
}

function configValue(key: string, value: string): string {
  if (isSensitiveName(key)) return mark(value);
  return value.length > maxConfigValue ? digest(value) : value;
}

/** `env: [{name: DB_PASSWORD, value: …}]`, at any depth: pods, templates, custom resources. Copies only what it changes. */
function hideEnvironment(value: unknown): unknown {
  if (Array.isArray(value)) return mapArray(value, hideEnvironment);
  if (value === null || typeof value !== 'object') return value;
  let copy: Record<string, unknown> | null = null;
  for (const [field, inner] of Object.entries(value)) {
    const hidden = field === 'env' && Array.isArray(inner) ? mapArray(inner, hideVariable) : hideEnvironment(inner);
    if (hidden !== inner) (copy ??= { ...(value as Record<string, unknown>) })[field] = hidden;
  }
  return copy ?? value;
}

function hideVariable(variable: unknown): unknown {
  const { name, value } = (variable ?? {}) as { name?: unknown; value?: unknown };
  if (typeof name !== 'string' || typeof value !== 'string' || value === '' || !isSensitiveName(name)) return variable;
  return { ...(variable as object), value: mark(value) };
}

/** What goes to the bus: the pruned object with marks replaced and every text redacted. */
export function publishable(pruned: KubernetesObject, redactor: Redactor): KubernetesObject {
  const secret = pruned.kind === 'Secret' && pruned.apiVersion === 'v1';
  const { data, ...rest } = pruned as KubernetesObject & { data?: Record<string, string> | null };
  const cleared = redactor.redactData(replaceMarks(rest), '') as KubernetesObject;
  if (data === undefined) return cleared;
  const keys = data as Record<string, unknown> | null;
  if (secret) return { ...cleared, data: keys && mapValues(keys, () => null) };
  return { ...cleared, data: redactor.redactData(replaceMarks(keys), 'data') };
}

function replaceMarks(value: unknown): unknown {
  if (typeof value === 'string')
    return value.startsWith('\0') && markedBytes(value) !== null ? '[redacted:sensitive-name]' : value;
  if (Array.isArray(value)) return mapArray(value, replaceMarks);
  if (value === null || typeof value !== 'object') return value;
  let copy: Record<string, unknown> | null = null;
  for (const [field, inner] of Object.entries(value)) {
    const replaced = replaceMarks(inner);
    if (replaced !== inner) (copy ??= { ...(value as Record<string, unknown>) })[field] = replaced;
  }
  return copy ?? value;
}

/**
 * Who wrote it: the field manager that owns the changed fields (a write takes over what it changes), else the one of the newest write
 * to anything but metadata and status; null when the server does not say. Times have whole seconds, and writes to /scale have none.
 */
export function fieldManager(object: ServedObject, changes: readonly FieldChange[] = []): string | null {
  let chosen: ManagedFieldsEntry | null = null;
  let best: readonly [number, string] = [-1, ''];
  for (const entry of object.metadata.managedFields ?? []) {
    const fields = entry.fieldsV1 ?? {};
    if (!Object.keys(fields).some((field) => field !== 'f:metadata' && field !== 'f:status')) continue;
    const rank = [changes.reduce((sum, { path }) => sum + ownedDepth(fields, path), 0), entry.time ?? ''] as const;
    if (rank[0] < best[0] || (rank[0] === best[0] && rank[1] < best[1])) continue;
    [chosen, best] = [entry, rank];
  }
  return chosen?.manager ?? null;
}

/** How far down a path the fields of an entry go: `{"f:containers": {"k:{\"name\":\"cart\"}": {"f:image": {}}}}`, `containers[cart].image`. */
function ownedDepth(fields: Readonly<Record<string, unknown>>, path: string): number {
  let at: unknown = fields;
  let depth = 0;
  for (const [, field, entry] of path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)) {
    const owned = at as Readonly<Record<string, unknown>>;
    at = field === undefined ? listEntry(owned, entry ?? '') : owned[`f:${field}`];
    if (at === null || typeof at !== 'object') break;
    depth++;
  }
  return depth;
}

function listEntry(owned: Readonly<Record<string, unknown>>, name: string): unknown {
  const key = Object.keys(owned).find((one) => {
    return (
      one.startsWith('k:') && Object.values(JSON.parse(one.slice(2)) as object).some((part) => String(part) === name)
    );
  });
  return key === undefined ? undefined : owned[key];
}

function digest(value: string | Buffer): string {
  return `sha256:${createHash('sha256').update(value).digest('hex').slice(0, 12)}`;
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (key: string, value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(key, value)]));
}

/** The same array when nothing in it changed. */
function mapArray(values: readonly unknown[], map: (value: unknown) => unknown): readonly unknown[] {
  const mapped = values.map(map);
  return mapped.some((value, at) => value !== values[at]) ? mapped : values;
}
