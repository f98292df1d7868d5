import { rawEventId } from '../src/model/ids.js';
import type { RawData, RawEvent } from '../src/model/raw-event.js';
import type { CollectedEvent } from './collector.js';
import type { Metadata } from './enrichment.js';
import type { Redactor } from './redaction.js';

export type Stamp = (event: CollectedEvent, metadata: Metadata, source: string) => RawEvent;

/** What a collector said to a RawEvent: redacted first, so that the id is one of what leaves the machine. */
export function createStamp({ cluster, redactor }: { readonly cluster: string; readonly redactor: Redactor }): Stamp {
  return ({ type, timestamp, data, traceId = null, spanId = null }, metadata, source) => {
    const event = {
      type,
      traceId,
      spanId,
      timestamp,
      data: redactor.redactData(data, 'data') as RawData,
      metadata: { ...metadata, cluster, source },
    };
    return { schemaVersion: 1, id: rawEventId(event), ...event };
  };
}
