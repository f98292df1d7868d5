/**
 * What a message may be: docs/wire.md, section 8. Above what honest sources send, below what hurts a worker.
 */
export const limits = {
  /** Body of one message: NATS's default max_payload (1 MiB) less 4 KiB, which count there too, for headers. */
  maxBodyBytes: 1_044_480,
  /** Events in one message. */
  maxEvents: 10_000,
  /** Objects and arrays inside each other in `data`. A CustomResourceDefinition's schema, the deepest honest object, stays below 40. */
  maxDepth: 64,
  /** UTF-16 units of one text. Annotations of one Kubernetes object, the longest honest texts, may be 256 KiB together. */
  maxTextLength: 262_144,
  /** UTF-16 units of one metadata value; Kubernetes names end at 253, label values at 63. */
  maxMetadataLength: 1_024,
  maxIdLength: 128,
  /** How far an event's time may be ahead of when the bus stored it: clocks without NTP drift by minutes, and the future never is. */
  maxAheadMs: 600_000,
} as const;
