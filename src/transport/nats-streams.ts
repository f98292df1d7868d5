import {
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { isDeepStrictEqual } from 'node:util';
import { ThroughlineError } from '../errors.js';
import { duplicateWindowMs, type StreamLayout } from './streams.js';

/** JetStream's own error code for "stream not found". */
const notFound = 10_059;
/** "stream name already in use with a different configuration". */
const nameInUse = 10_058;
/** "insufficient storage resources available": a 500, but only an operator changes it. */
const storageExceeded = 10_047;

/** Creates the stream, or brings an existing one to this layout. Safe from several roles at once. */
export async function ensureStream(manager: JetStreamManager, layout: StreamLayout, replicas: number): Promise<void> {
  const config: Partial<StreamConfig> & { name: string } = {
    name: layout.name,
    subjects: [...layout.subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos(layout.retention.maxAgeMs),
    max_bytes: layout.retention.maxBytes,
    duplicate_window: nanos(Math.min(duplicateWindowMs, layout.retention.maxAgeMs)),
    num_replicas: replicas,
  };
  try {
    // Asked first: the server counts the bytes of a stream that is added against its limit even when the stream is there already.
    const present = await manager.streams.info(layout.name).catch((error: unknown) => {
      if (error instanceof JetStreamApiError && error.code === notFound) return null;
      throw error;
    });
    if (present === null) {
      await manager.streams.add(config).catch(async (error: unknown) => {
        if (!(error instanceof JetStreamApiError) || error.code !== nameInUse) throw error;
        await manager.streams.update(layout.name, config);
      });
    } else if (differs(present.config, config)) {
      await manager.streams.update(layout.name, config);
    }
  } catch (cause) {
    if (!(cause instanceof JetStreamApiError) || (cause.status >= 500 && cause.code !== storageExceeded)) throw cause;
    const { maxBytes } = layout.retention;
    throw new ThroughlineError(
      'TRANSPORT_REJECTED',
      `NATS refuses stream ${layout.name} (${maxBytes} bytes on file, ${replicas} replicas): ${cause.message}`,
      { cause },
    );
  }
}

function differs(present: StreamConfig, wanted: Partial<StreamConfig>): boolean {
  return Object.entries(wanted).some(([key, value]) => !isDeepStrictEqual(present[key as keyof StreamConfig], value));
}
