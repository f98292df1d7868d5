import { afterEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createAgent, type AgentOptions, type Source } from '../../agent/agent.js';
import type { CollectedEvent, Collector, CollectorHealth, EventSink } from '../../agent/collector.js';
import { createEnrichment } from '../../agent/enrichment.js';
import { createPublisher } from '../../agent/publisher.js';
import { createRedactor } from '../../agent/redaction.js';
import { rawEventId } from '../../src/model/ids.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { fromEpochMs, now } from '../../src/model/time.js';
import { decodeEvents } from '../../src/transport/codec.js';
import { createTransport } from '../../src/transport/create.js';
import type { Transport } from '../../src/transport/transport.js';
import { temporaryFolder } from '../servers/processes.js';

const log = pino({ level: 'silent' });
const healthy: CollectorHealth = { state: 'healthy', reason: null, lost: 0 };
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A collector whose events the test gives; what it does beyond that, the test says. */
function handCollector(name: string, more: Partial<Collector> = {}) {
  let sink: EventSink = () => undefined;
  const collector: Collector = {
    name,
    start: async (to) => {
      sink = to;
    },
    stop: async () => undefined,
    health: () => healthy,
    ...more,
  };
  return { collector, give: (event: CollectedEvent) => sink(event) };
}

function line(message: string, metadata: CollectedEvent['metadata'] = {}): CollectedEvent {
  return {
    type: 'log',
    timestamp: now(),
    data: { kind: 'line', stream: 'stdout', message, level: null, attributes: {} },
    metadata,
  };
}

function localSource(collector: Collector, type: Source['type'] = 'log'): Source {
  return { type, collector, node: 'node-1' };
}

async function run(sources: readonly Source[], options: Partial<AgentOptions> = {}) {
  const folder = temporaryFolder();
  const transport = createTransport({ kind: 'memory' }, { log, registry: new Registry() });
  await transport.start();
  const teed: RawEvent[] = [];
  const agent = createAgent({
    cluster: 'test',
    node: 'node-1',
    sources,
    enrichment: createEnrichment(),
    redactor: createRedactor(),
    publisher: createPublisher({ transport, spoolPath: folder.path, spoolBytes: 1e8, log, registry: new Registry() }),
    tee: (event) => teed.push(event),
    log,
    registry: new Registry(),
    ...options,
  });
  stops.push(async () => {
    await agent.stop();
    await transport.stop();
    folder.remove();
  });
  await agent.start();
  const clocks = () => teed.filter(({ data }) => data.kind === 'source-health');
  return {
    agent,
    transport,
    teed,
    clocks,
    async nextClock(count = clocks().length + 1): Promise<RawEvent> {
      while (clocks().length < count) await new Promise((resolve) => setTimeout(resolve, 20));
      return clocks()[count - 1]!;
    },
  };
}

async function stored(transport: Transport): Promise<{ events: RawEvent[]; text: string }> {
  const { first, last } = await transport.position('raw');
  const events: RawEvent[] = [];
  let text = '';
  if (last < first) return { events, text };
  for await (const { body } of transport.read({ stream: 'raw', from: first, until: last })) {
    text += Buffer.from(body).toString();
    events.push(...decodeEvents(body).events);
  }
  return { events, text };
}

describe('the agent', () => {
  test('makes RawEvents that keep to the contract: id, cluster, source, node', async () => {
    const { collector, give } = handCollector('container-logs');
    const { agent, transport, teed } = await run([localSource(collector)]);
    give(line('hello', { namespace: 'shop' }));
    await agent.stop();
    const { events } = await stored(transport);
    expect(events).toEqual(teed);
    const { id, schemaVersion, ...content } = events.find(({ data }) => data.kind === 'line')!;
    expect([schemaVersion, id]).toEqual([1, rawEventId(content)]);
    expect(content.metadata).toEqual({
      cluster: 'test',
      source: 'container-logs@node-1',
      node: 'node-1',
      namespace: 'shop',
    });
    expect(content).toMatchObject({ traceId: null, spanId: null });
  });

  test('publishes the clock of a source behind everything the source gave before it, and never an older event after it', async () => {
    let pending: CollectedEvent[] = [];
    let number = 0;
    const { collector, give } = handCollector('container-logs', {
      drain: async () => {
        const moment = now();
        // A collector whose events wait to be fetched, and which needs its time to fetch them.
        for (const event of pending.splice(0)) {
          await new Promise((resolve) => setImmediate(resolve));
          give(event);
        }
        return moment;
      },
    });
    const { agent, transport, nextClock } = await run([localSource(collector)]);
    const timer = setInterval(
      () => pending.push(line(`line ${number++}`, { namespace: `namespace-${number % 7}` })),
      1,
    );
    await nextClock(3);
    clearInterval(timer);
    await agent.stop();
    const { events } = await stored(transport);
    let watermark = '';
    for (const event of events) {
      if (event.data.kind === 'source-health') watermark = event.timestamp;
      else expect(event.timestamp >= watermark).toBe(true);
    }
    expect(events.filter(({ data }) => data.kind === 'line')).toHaveLength(number);
    pending = [];
  });

  test('an event that waits for its pod holds the watermark of its source, and of no other', async () => {
    const kernel = handCollector('kernel');
    const logs = handCollector('container-logs');
    const kubernetes = handCollector('kubernetes');
    const { nextClock, teed, clocks } = await run([
      { type: 'kubeapi', collector: kubernetes.collector, node: null, first: true },
      localSource(kernel.collector, 'ebpf'),
      localSource(logs.collector),
    ]);
    kubernetes.give(podObservation('other', 'c'.repeat(64)));
    await nextClock(3);
    const seen = clocks().length;
    // So many, and each waiting for half a second, that some wait whenever a clock is due.
    const timer = setInterval(() => {
      const timestamp = fromEpochMs(Date.now() - 50);
      kernel.give({ type: 'ebpf', timestamp, data: { kind: 'oom-victim' }, metadata: { containerId: 'd'.repeat(64) } });
    }, 20);
    await nextClock(seen + 6);
    clearInterval(timer);
    expect(teed.filter(({ data }) => data.kind === 'oom-victim').length).toBeGreaterThan(0);
    kubernetes.give(podObservation('cart', 'd'.repeat(64)));
    await nextClock(seen + 9);
    const watermarks = new Map<string, string>();
    for (const { data, metadata, timestamp } of teed) {
      if (data.kind === 'source-health') watermarks.set(metadata.source!, timestamp);
      else expect(timestamp >= (watermarks.get(metadata.source!) ?? '')).toBe(true);
    }
    const last = teed.filter(({ data }) => data.kind === 'oom-victim').at(-1)!;
    expect(last.metadata).toMatchObject({ pod: 'cart', namespace: 'shop', container: 'app', node: 'node-1' });
    expect(watermarks.get('container-logs@node-1')! > last.timestamp).toBe(true);
  });

  test('an observation of the API server waits for nothing and is of no node but its own', async () => {
    const kubernetes = handCollector('kubernetes');
    const { teed } = await run([{ type: 'kubeapi', collector: kubernetes.collector, node: null, first: true }]);
    kubernetes.give(podObservation('cart', 'd'.repeat(64)));
    kubernetes.give({
      type: 'kubeapi',
      timestamp: now(),
      data: { kind: 'deployment', action: 'SYNC', object: { kind: 'Deployment', metadata: {} } },
      metadata: { namespace: 'shop' },
    });
    const [pod, deployment] = teed.filter(({ data }) => data.kind !== 'source-health');
    expect(pod!.metadata).toMatchObject({ pod: 'cart', node: 'node-9' });
    expect(deployment!.metadata.node).toBeUndefined();
  });

  test('commits a collector only when what it gave is on the bus', async () => {
    const committed: number[] = [];
    let given = 0;
    let published = 0;
    const { collector, give } = handCollector('container-logs', {
      drain: async () => {
        const moment = now();
        give(line(`line ${given++}`));
        return moment;
      },
      commit: async () => {
        committed.push(published);
      },
    });
    const flushed: (() => void)[] = [];
    const { nextClock } = await run([localSource(collector)], {
      publisher: {
        start: () => undefined,
        stop: async () => undefined,
        publish: (event) => {
          if (event.data.kind === 'line') flushed.push(() => (published += 1));
        },
        flush: async () => {
          await new Promise((resolve) => setImmediate(resolve));
          for (const mark of flushed.splice(0)) mark();
        },
        lost: () => 0,
      },
    });
    await nextClock(2);
    expect(committed.length).toBeGreaterThan(0);
    expect(committed.every((count, at) => count === at + 1)).toBe(true);
  });

  test('reports what a collector says of itself, and what was lost behind it', async () => {
    const { collector } = handCollector('kernel', {
      health: () => ({ state: 'degraded', reason: 'no eBPF', lost: 2 }),
    });
    const { nextClock, agent } = await run([localSource(collector, 'ebpf')], {
      publisher: {
        start: () => undefined,
        stop: async () => undefined,
        publish: () => undefined,
        flush: async () => undefined,
        lost: () => 3,
      },
    });
    const clock = await nextClock();
    expect(clock.type).toBe('ebpf');
    expect(clock.data).toEqual({
      kind: 'source-health',
      state: 'degraded',
      reason: 'no eBPF; 3 events were lost on the way to the bus',
      lost: 5,
    });
    expect(agent.health().get('kernel@node-1')).toEqual(clock.data);
  });

  test('a collector that fails to start or to drain stops no other', async () => {
    const broken = handCollector('broken', {
      start: async () => {
        throw new Error('no');
      },
      drain: async () => {
        throw new Error('no');
      },
    });
    const fine = handCollector('fine');
    const { nextClock, agent } = await run([localSource(broken.collector), localSource(fine.collector)]);
    expect(agent.state).toBe('running');
    expect((await nextClock()).metadata.source).toBe('fine@node-1');
  });

  test('stops while it starts, and starts no collector after that', async () => {
    const begun: string[] = [];
    const slow = handCollector('kubernetes', {
      start: (_, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    });
    const next = handCollector('container-logs', { start: async () => void begun.push('container-logs') });
    const agent = createAgent({
      cluster: 'test',
      node: 'node-1',
      sources: [{ type: 'kubeapi', collector: slow.collector, node: null, first: true }, localSource(next.collector)],
      enrichment: createEnrichment(),
      redactor: createRedactor(),
      publisher: null,
      log,
      registry: new Registry(),
    });
    const starting = agent.start();
    await agent.stop();
    await starting;
    expect([agent.state, begun]).toEqual(['stopped', []]);
  });

  test('no planted secret reaches the bus or the recording', async () => {
    const logs = handCollector('container-logs');
    const kubernetes = handCollector('kubernetes');
    const { agent, transport, teed } = await run([
      localSource(logs.collector),
      { type: 'kubeapi', collector: kubernetes.collector, node: null },
    ]);
    const secrets = {
      password: 'hunter2-Tr0ub4dor',
      bearer: 'c2VjcmV0LXRva2VuLWZvci10aGUtYmFuaw0123',
      awsKey: 'AKIAIOSFODNN7EXAMPLE',
      urlPassword: 's3cr3tInUrl',
      jwt: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
    };
    logs.give(line(`login failed: password=${secrets.password} Authorization: Bearer ${secrets.bearer}`));
    logs.give(line(`using ${secrets.awsKey} at postgres://cart:${secrets.urlPassword}@store:5432/cart`));
    const attributes = { 'db.password': secrets.password, token: secrets.jwt };
    logs.give({ ...line('json'), data: { kind: 'line', stream: 'stdout', message: 'json', level: null, attributes } });
    const env = [{ name: 'URL', value: `https://user:${secrets.urlPassword}@bank/` }];
    kubernetes.give({
      type: 'kubeapi',
      timestamp: now(),
      data: {
        kind: 'pod',
        action: 'SYNC',
        object: { kind: 'Pod', metadata: { name: 'x' }, spec: { containers: [{ env }] } },
      },
      metadata: { namespace: 'shop' },
    });
    await agent.stop();
    const { events, text } = await stored(transport);
    expect(events.filter(({ data }) => data.kind !== 'source-health')).toHaveLength(4);
    for (const secret of Object.values(secrets)) {
      expect(text).not.toContain(secret);
      expect(JSON.stringify(teed)).not.toContain(secret);
    }
    expect(text).toContain('[redacted:');
  });
});

function podObservation(name: string, containerId: string): CollectedEvent {
  return {
    type: 'kubeapi',
    timestamp: now(),
    data: {
      kind: 'pod',
      action: 'ADDED',
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'shop', uid: `uid-${name}` },
        spec: { nodeName: 'node-9' },
        status: { containerStatuses: [{ name: 'app', containerID: `containerd://${containerId}` }] },
      },
      changes: [],
      changedBy: null,
    },
    metadata: { namespace: 'shop', pod: name },
  };
}
