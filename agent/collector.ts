import type { RawEvent } from '../src/model/raw-event.js';
import type { SourceState } from '../src/model/payloads.js';
import type { Timestamp } from '../src/model/time.js';

/** One source of RawEvents. Everything the agent can watch is one of these; a new source is one file or folder in collectors/. */
export interface Collector {
  /** `kubernetes`, `kernel`, `container-logs` …; with the node it makes the source name. */
  readonly name: string;
  /** Begins, and resolves when the first state is known or the source is known to be degraded; never throws for a source that is not there. */
  start(sink: EventSink, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  /** Called once a second by the agent, which publishes it as source-health and as the watermark. */
  health(): CollectorHealth;
  /**
   * Gives the sink what there is to give, and returns the moment before which nothing more will come: the agent's next watermark of
   * this source. Absent: events are given as they are observed, and the moment of asking, less a little slack, is the watermark.
   */
  drain?(): Promise<Timestamp>;
  /** What was given up to the last drain() is durable now: the place to note where to go on after a restart. */
  commit?(): Promise<void>;
}

export interface CollectorHealth {
  readonly state: SourceState;
  /** In words an operator can act on, null when healthy. */
  readonly reason: string | null;
  readonly lost: number;
}

/** Where events go. The agent behind it enriches, redacts, numbers, batches and publishes; a collector fills what it knows. */
export type EventSink = (event: CollectedEvent) => void;

/** A RawEvent as far as the collector can say: id, cluster, source and enrichment are added behind the sink. */
export type CollectedEvent = Pick<RawEvent, 'type' | 'timestamp' | 'data' | 'metadata'> &
  Partial<Pick<RawEvent, 'traceId' | 'spanId'>>;
