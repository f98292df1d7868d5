import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { Registry } from 'prom-client';
import { decode } from '../../src/transport/codec.js';
import { createTransport } from '../../src/transport/create.js';
import type { StreamName, Transport } from '../../src/transport/transport.js';
import { describeWith } from '../servers/availability.js';
import { startNeo4j, type Neo4jServer } from '../servers/neo4j.js';
import { temporaryFolder } from '../servers/processes.js';
import { openGraph, recordingPath, replayAlone, startPipeline, type GraphLines, type Pipeline } from './pipeline.js';

const file = recordingPath('01-oom-low-limit.jsonl.gz');
const stream = 'TAPIO_EVENTS';

/** What a run leaves behind: in the terminal, for subscribers, and in the graph. */
interface Outcome {
  readonly json: string;
  readonly results: readonly string[];
  readonly findings: number;
  readonly dead: number;
  readonly graph: GraphLines;
  readonly rawEvents: number;
}

function itemsIn(bodies: readonly string[]): number {
  return bodies.reduce((sum, body) => sum + decode(Buffer.from(body)).length, 0);
}

describeWith(['nats', 'neo4j'], 'kill -9 of ingest in the middle of a replay', () => {
  const folder = temporaryFolder('throughline-crash-');
  let neo4j: Neo4jServer;
  let pipeline: Pipeline;
  let transport: Transport;
  let undisturbed: Outcome;

  beforeAll(async () => {
    neo4j = await startNeo4j();
    await begin();
    undisturbed = await outcome(await pipeline.replay([file]));
    await end();
  }, 300_000);
  afterEach(end);
  afterAll(async () => {
    await neo4j?.stop();
    folder.remove();
  });

  async function begin(): Promise<void> {
    const graph = openGraph(neo4j.url);
    await graph.empty();
    await graph.close();
    pipeline = await startPipeline({ neo4jUrl: neo4j.url, logFolder: folder.path, file });
    transport = createTransport(
      { kind: 'nats', nats: { url: pipeline.nats.url, stream } },
      { log: pino({ level: 'silent' }), registry: new Registry() },
    );
    await transport.start();
  }

  async function end(): Promise<void> {
    await transport.stop();
    await pipeline.stop();
  }

  async function bodies(name: StreamName): Promise<string[]> {
    const { last } = await transport.position(name);
    const found: string[] = [];
    if (last === 0) return found;
    for await (const { body } of transport.read({ stream: name, from: 1, until: last })) {
      found.push(Buffer.from(body).toString());
    }
    return found;
  }

  async function outcome(json: string): Promise<Outcome> {
    const graph = openGraph(neo4j.url);
    const lines = await graph.lines();
    await graph.close();
    return {
      json,
      results: await bodies('results'),
      findings: itemsIn(await bodies('unified')),
      dead: (await bodies('dead')).length,
      graph: lines,
      rawEvents: itemsIn(await bodies('raw')),
    };
  }

  /** Until the stream holds so many events, however they were batched: how many messages that makes depends on the machine. */
  async function reached(name: StreamName, items: number): Promise<void> {
    for (let from = 1, seen = 0; seen < items;) {
      const { last } = await transport.position(name);
      if (last < from) await delay(20);
      else
        for await (const { body } of transport.read({ stream: name, from, until: last })) seen += decode(body).length;
      from = last + 1;
    }
  }

  function expectAsUndisturbed(after: Outcome): void {
    expect(after.json).toBe(undisturbed.json);
    expect(after.results).toEqual(undisturbed.results);
    expect(after.findings).toBe(undisturbed.findings);
    expect(after.dead).toBe(0);
    expect(after.graph.nodes).toEqual(undisturbed.graph.nodes);
    expect(after.graph.edges).toEqual(undisturbed.graph.edges);
  }

  test('the undisturbed run is worth comparing with: a story, in a graph without a node or an edge twice', async () => {
    await begin();
    const { json, results, graph, dead } = undisturbed;
    expect(json).toBe(await replayAlone([file]));
    expect(results.length).toBeGreaterThan(1);
    expect(dead).toBe(0);
    expect(new Set(results.map((text) => (JSON.parse(text) as { id: string }).id)).size).toBe(results.length);
    const nodes = graph.nodes.map((line) => JSON.parse(line) as [string[], string, object]);
    expect(new Set(nodes.map(([, id]) => id)).size).toBe(nodes.length);
    const edges = graph.edges.map(
      (line) =>
        JSON.parse(line) as [
          string,
          string,
          string,
          { validFrom?: string; incidentId?: string; rule?: string; rank?: number; role?: string },
        ],
    );
    const identities = edges.map(([type, from, to, { validFrom, incidentId, rule }]) =>
      [type, from, to, validFrom, incidentId, rule].join(' '),
    );
    expect(new Set(identities).size).toBe(edges.length);
    expect(edges.some(([type]) => type === 'CAUSED')).toBe(true);
  });

  test('at six moments: the same incidents byte for byte, the same graph, every result once', async () => {
    await begin();
    const replay = pipeline.replay([file], '--speed', '6');
    for (const part of [0.1, 0.3, 0.45, 0.6, 0.75, 0.9]) {
      await reached('raw', Math.floor(undisturbed.rawEvents * part));
      await pipeline.crash();
    }
    expectAsUndisturbed(await outcome(await replay));
  }, 300_000);

  test('while it works through all of it at once, again and again, long enough apart for the bus to forget message ids', async () => {
    await begin();
    const replay = pipeline.replay([file]);
    await reached('unified', Math.floor(undisturbed.findings * 0.1));
    await pipeline.ingest().kill();
    await reached('raw', undisturbed.rawEvents);
    for (const part of [0.3, 0.6]) {
      await pipeline.forgetMessageIds();
      await pipeline.crash();
      await reached('unified', Math.floor(undisturbed.findings * part));
      await pipeline.ingest().kill();
    }
    await pipeline.forgetMessageIds();
    await pipeline.crash();
    expectAsUndisturbed(await outcome(await replay));
  }, 300_000);

  test('as soon as its first result is out', async () => {
    await begin();
    const replay = pipeline.replay([file], '--speed', '20');
    await reached('results', 1);
    await pipeline.ingest().kill();
    await pipeline.forgetMessageIds();
    await pipeline.crash();
    expectAsUndisturbed(await outcome(await replay));
  }, 300_000);
});
