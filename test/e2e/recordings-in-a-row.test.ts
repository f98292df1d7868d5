import { expect, test } from '@jest/globals';
import pino from 'pino';
import { play } from '../../src/commands/playback.js';
import { clusterOf, recordings as asOne } from '../../src/commands/replay.js';
import { rawEventId } from '../../src/model/ids.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { fromEpochMs, toEpochMs } from '../../src/model/time.js';
import { correlate, isClock } from './in-memory.js';
import { recordingPath, recordings } from './pipeline.js';

const dayMs = 86_400_000;

test('recordings in a row, as `up` plays them without a cluster, tell each of their stories, and nobody waits for the time between them', async () => {
  const files = recordings.map(recordingPath);
  const log = pino({ level: 'silent' });
  async function* afterADay(): AsyncGenerator<RawEvent> {
    for await (const event of asOne({ files, log })) {
      if (!isClock(event)) continue;
      const clock = { ...event, timestamp: fromEpochMs(toEpochMs(event.timestamp) - dayMs) };
      yield { ...clock, id: rawEventId(clock) };
      break;
    }
    yield* asOne({ files, log });
  }
  const { results } = await correlate(await clusterOf(files), async (transport) => {
    await play(afterADay(), { transport, speed: 40, signal: new AbortController().signal });
  });
  expect(results.filter(({ mergedInto }) => mergedInto === null).map(({ category }) => category)).toEqual([
    'container.oom-killed',
    'service.selector-mismatch',
    'node.not-ready',
  ]);
});
