import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { agentFromConfig } from '../../agent/from-config.js';
import { clusterAccess } from '../../agent/sources.js';
import { createIngest } from '../../ingest/ingest.js';
import { createApi } from '../api/server.js';
import type { Config } from '../config/load-config.js';
import { packageRoot } from '../config/package-root.js';
import { createGraphStore } from '../graph/create.js';
import { play } from './playback.js';
import { clusterOf, recordings, transportOf } from './replay.js';
import { tellInTerminal } from './storyteller.js';

export interface UpOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly registry: Registry;
  readonly signal: AbortSignal;
  readonly write: (text: string) => void;
  readonly colour: boolean;
}

/** Recorded seconds per second when the bundled recording is played: quick enough to see several stories within two minutes. */
const demoSpeed = 4;
const reachMs = 5_000;

/** All roles in one process. Without a cluster it plays the bundled recordings of real incidents, and says so. */
export async function up({ config, log, registry, signal, write, colour }: UpOptions): Promise<void> {
  const access = clusterAccess(config);
  const unreachable = access.reason ?? (await whyUnreachable(access.kubeConfig));
  const demo = unreachable === null ? [] : bundledRecordings();
  const cluster = demo.length > 0 ? await clusterOf(demo) : access.name;

  const transport = transportOf(config, { log, registry });
  const graph = createGraphStore({ config, log, registry });
  await transport.start();
  await graph.start();
  const ingest = createIngest({ cluster, config, transport, graph, log, registry });
  await ingest.start();
  const api = await createApi({ options: config.api, graph, transport, log, registry });
  await api.start();
  write(`Throughline is up: open ${api.url} (GraphQL at ${api.url}/graphql)\n`);
  const telling = tellInTerminal(transport, write, colour, signal);

  const agent = unreachable === null ? agentFromConfig({ config, transport, log, registry }) : null;
  try {
    if (agent) {
      write(`Watching cluster ${cluster} and this host. A quiet cluster tells no story. Ctrl-C stops.\n\n`);
      await agent.start();
      for (const [source, { state, reason }] of agent.health()) {
        write(`  ${state === 'healthy' ? '✔' : '!'} ${source}${reason === null ? '' : `: ${reason}`}\n`);
      }
      write('\n');
    } else {
      write(
        `No cluster: ${unreachable}.\nPlaying recordings of real incidents instead, ${demoSpeed} times as fast as they happened. Ctrl-C stops.\n\n`,
      );
      // As one: the clocks that end a recording are minutes on, and what the next one tells would be too late.
      await play(recordings({ files: demo, log }), { transport, speed: demoSpeed, signal });
      if (!signal.aborted) write(`The recordings are over. Their stories stay at ${api.url} until Ctrl-C.\n`);
    }
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  } finally {
    await agent?.stop();
    await api.stop();
    await ingest.stop();
    await transport.stop();
    await telling;
    await graph.stop();
  }
}

function bundledRecordings(): string[] {
  const folder = join(packageRoot(), 'recordings');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl.gz'))
    .sort()
    .map((name) => join(folder, name));
}

/** Null when the API server answers at all, be it with a refusal: what may be seen then is the collector's to say. */
async function whyUnreachable(kubeConfig: ReturnType<typeof clusterAccess>['kubeConfig']): Promise<string | null> {
  const server = kubeConfig?.getCurrentCluster()?.server;
  if (!server) return 'the kubeconfig names no API server';
  const { hostname, port, protocol } = new URL(server);
  const socket = connect({ host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) });
  try {
    return await Promise.race([
      new Promise<null>((resolve, reject) => socket.once('connect', () => resolve(null)).once('error', reject)),
      delay(reachMs, `${server} does not answer within ${reachMs / 1000} s`, { ref: false }),
    ]);
  } catch (error) {
    return `${server} cannot be reached (${(error as Error).message})`;
  } finally {
    socket.destroy();
  }
}
