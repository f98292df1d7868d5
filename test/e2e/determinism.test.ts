import { describe, expect, test } from '@jest/globals';
import { play } from '../../src/commands/playback.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { fromEpochMs, toEpochMs } from '../../src/model/time.js';
import { correlate, isClock, publishInBatches, recorded, type Outcome, type Recorded } from './in-memory.js';
import { recordingPath, recordings, replayAlone } from './pipeline.js';

const ordinary = 500;

describe.each(recordings)('%s', (name) => {
  let recording: Recorded;
  let expected: string;

  const outcomeOf = (events: readonly RawEvent[], size = 200): Promise<Outcome> =>
    correlate(recording.cluster, (transport) => publishInBatches(transport, events, size));

  test('gives what `throughline replay --json` prints', async () => {
    recording = await recorded(recordingPath(name));
    expected = await replayAlone([recordingPath(name)]);
    expect((await outcomeOf(recording.events)).lines).toBe(expected);
    expect(expected).not.toBe('');
  });

  test.each([1, 7, 2_000])('whatever the batch size: %s', async (size) => {
    expect((await outcomeOf(recording.events, size)).lines).toBe(expected);
  });

  test('whatever the speed', async () => {
    async function* events(): AsyncGenerator<RawEvent> {
      yield* await Promise.resolve(recording.played);
    }
    const { lines } = await correlate(recording.cluster, async (transport) => {
      await play(events(), { transport, speed: 40, signal: new AbortController().signal });
    });
    expect(lines).toBe(expected);
  });

  test.each([1, 2, 3])('whatever the order of arrival between the clocks of a source (shuffle %s)', async (seed) => {
    const shuffled = shuffledBetweenClocks(recording.events, random(seed));
    expect(shuffled.map(({ id }) => id)).not.toEqual(recording.events.map(({ id }) => id));
    expect((await outcomeOf(shuffled)).lines).toBe(expected);
  });

  test('when every event comes twice', async () => {
    const twice = recording.events.flatMap((event) => [event, event]);
    expect((await outcomeOf(twice, 50)).lines).toBe(expected);
  });

  test(`${ordinary} healthy log lines and pods of others change no root cause`, async () => {
    const { results } = await outcomeOf(withOrdinaryLife(recording));
    const told = (lines: readonly { rootCause: string; category: string; rootCauseEntity: { id: string } }[]) =>
      lines.map(({ rootCause, category, rootCauseEntity }) => ({ rootCause, category, entity: rootCauseEntity.id }));
    expect(told(results)).toEqual(told(parsed(expected)));
  });
});

function parsed(lines: string): Outcome['results'] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Outcome['results'][number]);
}

/** Mulberry32: the same seed gives the same numbers, below 1. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Each event anywhere between the last and the next clock of its source, about a second apart. */
function shuffledBetweenClocks(events: readonly RawEvent[], draw: () => number): RawEvent[] {
  const places = new Array<number>(events.length);
  const before = new Map<string, number>();
  const waiting = new Map<string, number[]>();
  events.forEach((event, index) => {
    const source = event.metadata.source ?? '';
    if (!isClock(event)) {
      const list = waiting.get(source) ?? [];
      list.push(index);
      waiting.set(source, list);
      places[index] = index;
      return;
    }
    places[index] = index;
    const from = before.get(source) ?? -1;
    for (const each of waiting.get(source) ?? []) places[each] = from + (index - from) * (0.001 + 0.998 * draw());
    waiting.delete(source);
    before.set(source, index);
  });
  return events
    .map((_, index) => index)
    .sort((a, b) => places[a]! - places[b]!)
    .map((index) => events[index]!);
}

/** Pods of another namespace that start and write log lines that say nothing bad, told by the sources of the recording in time. */
function withOrdinaryLife({ cluster, events }: Recorded): RawEvent[] {
  const sourceOf = (type: RawEvent['type']): RawEvent =>
    events.find((event) => event.type === type && !isClock(event) && event.metadata.source !== undefined)!;
  const [pods, logs] = [sourceOf('kubeapi'), sourceOf('log')];
  const times = events.filter(isClock).map(({ timestamp }) => toEpochMs(timestamp));
  const beginMs = times[0]!;
  const endMs = times.at(-1)! - 150_000;
  const added: RawEvent[] = [];
  for (let index = 0; index < ordinary; index++) {
    const timestamp = fromEpochMs(Math.floor(beginMs + ((endMs - beginMs) * index) / ordinary));
    const pod = `teller-${index % 50}`;
    const place = {
      cluster,
      namespace: 'bank',
      pod,
      podUid: `uid-${pod}`,
      container: 'teller',
      node: pods.metadata.node ?? 'node',
    };
    const started = '2026-11-01T08:00:00Z';
    const podEvent: RawEvent = {
      schemaVersion: 1,
      id: `ordinary-pod-${index}`,
      type: 'kubeapi',
      traceId: null,
      spanId: null,
      timestamp,
      data: {
        kind: 'pod',
        action: 'SYNC',
        changes: [],
        changedBy: null,
        object: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: {
            name: pod,
            namespace: 'bank',
            uid: `uid-${pod}`,
            resourceVersion: String(index),
            creationTimestamp: started,
          },
          spec: { nodeName: place.node, containers: [{ name: 'teller', image: 'bank/teller:1' }] },
          status: {
            phase: 'Running',
            startTime: started,
            conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: started }],
            containerStatuses: [
              {
                name: 'teller',
                ready: true,
                restartCount: 0,
                image: 'bank/teller:1',
                imageID: '',
                containerID: `containerd://${pod}`,
                state: { running: { startedAt: started } },
              },
            ],
          },
        },
      },
      metadata: { cluster, source: pods.metadata.source!, namespace: 'bank' },
    };
    const logEvent: RawEvent = {
      ...podEvent,
      id: `ordinary-line-${index}`,
      type: 'log',
      data: {
        kind: 'line',
        stream: 'stdout',
        message: `transfer ${index} booked in ${index % 9} ms`,
        level: 'info',
        attributes: {},
      },
      metadata: { ...place, source: logs.metadata.source! },
    };
    added.push(podEvent, logEvent);
  }
  // Ahead of the first clock that passes them.
  const merged: RawEvent[] = [];
  let next = 0;
  for (const event of events) {
    if (isClock(event)) {
      while (next < added.length && added[next]!.timestamp <= event.timestamp) merged.push(added[next++]!);
    }
    merged.push(event);
  }
  return merged;
}
