import type { Lane } from './subjects.js';

/**
 * The transport port: what the roles need of a bus, and nothing a bus would have to bend for. Adapters: memory.ts, nats.ts. The
 * contract on the wire is docs/wire.md; test/transport/contract.ts holds every adapter to this page.
 */
export interface Transport {
  readonly kind: 'memory' | 'nats';
  /** Connects and creates the four streams where they are missing. Fails with TransportUnavailable when the bus cannot be had in time. */
  start(): Promise<void>;
  /** Flushes, then disconnects. Consumers end. */
  stop(): Promise<void>;

  /** Resolves when every message is durable. A message whose `id` was published before (within the duplicate window) is not stored again. */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  /** At-most-once, not stored: `traces.<traceId>`, for whoever is following right now. Never fails the caller. */
  announce(subject: string, body: Uint8Array): void;
  /** Whoever follows: messages announced from now on. */
  follow(subject: string, signal: AbortSignal): AsyncIterable<{ subject: string; body: Uint8Array }>;

  /** Durable, at-least-once, in stream order within a lane; the priority lane is drained first. */
  consume(options: ConsumeOptions): Consumer;
  /** Reads what is stored, without acknowledgement: for recovery after a restart and for cursors of subscriptions. */
  read(options: ReadOptions): AsyncIterable<StoredMessage>;
  /** Last sequence of the stream, 0 when empty; `first` is the oldest still stored. */
  position(stream: StreamName): Promise<{ first: number; last: number }>;
  /** The highest sequence below which a durable consumer has nothing left to acknowledge; 0 when there is no such consumer. */
  acknowledged(stream: StreamName, durable: string): Promise<number>;

  health(): TransportHealth;
}

/** raw: what agents say; unified: what transform found; results: CorrelationResults; dead: what could not be processed. */
export type StreamName = 'raw' | 'unified' | 'results' | 'dead';

export interface OutgoingMessage {
  readonly stream: StreamName;
  readonly subject: string;
  readonly body: Uint8Array;
  /** Becomes Nats-Msg-Id. */
  readonly id: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface StoredMessage {
  readonly subject: string;
  readonly body: Uint8Array;
  /** 1-based position in its stream. */
  readonly sequence: number;
  readonly headers: Readonly<Record<string, string>>;
  /** When the bus stored it, epoch ms, by the clock of the bus. */
  readonly storedMs: number;
}

export interface IncomingMessage extends StoredMessage {
  /** Which lane it came through. Clocks (`clock.*`) come through both, each to be acknowledged; streams without lanes say `events`. */
  readonly lane: Lane;
  /** 1 for the first delivery. */
  readonly deliveries: number;
  ack(): void;
  /** Asks for it again, not before the delay. */
  nak(delayMs: number): void;
  /** Still at it: restarts the acknowledgement timer. */
  working(): void;
}

export interface ConsumeOptions {
  readonly stream: StreamName;
  /** Name of the durable consumer: who shares it shares the work. */
  readonly durable: string;
  /** Of the 64 shards, those this consumer takes; absent: all. Subjects outside of the sharded space (clock.*) always come. */
  readonly shards?: readonly number[];
  /** Unacknowledged bytes beyond which nothing more is asked for. Default 64 MiB. */
  readonly maxBytesInFlight?: number;
  /** How long a message may stay unacknowledged before it comes again. Default 30_000. */
  readonly ackWaitMs?: number;
  /** Deliveries after which the adapter itself sends it to the dead stream. Default 5. */
  readonly maxDeliver?: number;
}

export interface Consumer extends AsyncIterable<readonly IncomingMessage[]> {
  /** Stops asking; the iterator ends; what is unacknowledged comes again to another consumer. */
  stop(): Promise<void>;
  bytesInFlight(): number;
}

export interface ReadOptions {
  readonly stream: StreamName;
  /** First sequence wanted; absent: the oldest stored. */
  readonly from?: number;
  /** Earliest stored-at time wanted, epoch ms; ignored with `from`. */
  readonly sinceMs?: number;
  /** Last sequence wanted, then the iterator ends; absent: it goes on as new messages come, until aborted. */
  readonly until?: number;
  /** Subject filter in NATS form (`*`, `>`); absent: all. */
  readonly subject?: string;
  readonly signal?: AbortSignal;
}

export interface TransportHealth {
  readonly connected: boolean;
  readonly reason: string | null;
}
