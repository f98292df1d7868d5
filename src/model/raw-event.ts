/** What a collector says happened, before anybody has interpreted it. The unit on the bus (docs/wire.md). */
export interface RawEvent {
  readonly schemaVersion: 1;
  /** Deterministic from the content (see ids.ts), so that publishing twice is the same event. */
  readonly id: string;
  readonly type: RawEventType;
  /** W3C trace context: 32 lower-case hex digits, or null when no trace is known. Never invented. */
  readonly traceId: string | null;
  /** W3C trace context: 16 lower-case hex digits, or null. */
  readonly spanId: string | null;
  /** RFC 3339, UTC, nine fractional digits: `2026-11-24T17:30:41.123456789Z`. Sorts as text. */
  readonly timestamp: string;
  /** The collector's payload: one of the shapes in payloads.ts, told apart by `type` and `data.kind`. */
  readonly data: RawData;
  /** Where it was seen. Known keys: {@link MetadataKey}; a key that is not known is absent. */
  readonly metadata: Readonly<Partial<Record<MetadataKey, string>>>;
}

export const rawEventTypes = ['ebpf', 'kubeapi', 'network', 'log', 'systemd', 'otlp', 'alert'] as const;
export type RawEventType = (typeof rawEventTypes)[number];

/** `source` names the collector instance, `<collector>@<node>`: the unit of source health and of the watermark. */
export const metadataKeys = [
  'cluster',
  'source',
  'node',
  'namespace',
  'pod',
  'podUid',
  'container',
  'containerId',
  'workload',
  'workloadKind',
  'service',
] as const;
export type MetadataKey = (typeof metadataKeys)[number];

/** `kind` is the second token of the bus subject: lower-case letters, digits and dashes. */
export interface RawData {
  readonly kind: string;
  readonly [field: string]: unknown;
}
