import { createServer, connect as connectTo, type AddressInfo, type Socket } from 'node:net';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { Registry } from 'prom-client';
import { createIngest } from '../../ingest/ingest.js';
import type { Api } from '../../src/api/server.js';
import { drained } from '../../src/commands/playback.js';
import { clusterOf } from '../../src/commands/replay.js';
import { loadConfig } from '../../src/config/load-config.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { silent, startApi } from '../api/harness.js';
import { memoryStores, type OpenStores } from '../api/stores.js';
import { publishInBatches } from '../e2e/in-memory.js';
import { recordingPath, recordings } from '../e2e/pipeline.js';
import { browser as browserPath } from '../servers/programs.js';

/** All of Throughline in this process but the agent, whose part recordings play. */
export interface Product {
  readonly api: Api;
  readonly stores: OpenStores;
  /** As an agent would publish them. What follows from the last of them waits for the next clock. */
  publish(events: readonly RawEvent[]): Promise<void>;
  /** And, of a whole recording, resolves when all that follows from it is in the graph and on the results stream. */
  play(events: readonly RawEvent[]): Promise<void>;
  stop(): Promise<void>;
}

export async function startProduct(): Promise<Product> {
  const cluster = await clusterOf([recordingPath(recordings[0]!)]);
  const stores = await memoryStores();
  const config = loadConfig({ role: 'up', env: {} });
  const ingest = createIngest({ cluster, config, ...stores, log: silent, registry: new Registry() });
  await ingest.start();
  const api = await startApi(stores);
  let parts = 0;
  const publish = (events: readonly RawEvent[]): Promise<void> =>
    publishInBatches(stores.transport, events, 50, `part-${++parts}`);
  return {
    api,
    stores,
    publish,
    async play(events) {
      await publish(events);
      const consumers = [
        ['raw', 'transform'],
        ['unified', `correlate-${cluster}`],
      ] as const;
      await drained(stores.transport, consumers, new AbortController().signal);
    },
    async stop() {
      await api.stop();
      await ingest.stop();
      await stores.close();
    },
  };
}

/** The recording whose name begins so. */
export function recordingOf(begin: string): string {
  return recordingPath(recordings.find((name) => name.startsWith(begin))!);
}

/** A browser of its own. What its sandbox needs, a user namespace, root and containers often have not. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: browserPath()!, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export interface OpenPage {
  readonly page: Page;
  /** Errors of scripts, refusals of the content security policy, and dialogs. */
  readonly complaints: readonly string[];
  /** Frames of WebSockets, in the order in which they were sent and received. */
  readonly frames: readonly { readonly sent: boolean; readonly text: string }[];
  close(): Promise<void>;
}

/** A page in a profile of its own, watched for what must not happen. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const frames: { sent: boolean; text: string }[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => frames.push({ sent: true, text: String(payload) }));
    socket.on('framereceived', ({ payload }) => frames.push({ sent: false, text: String(payload) }));
  });
  return { page, complaints, frames, close: () => context.close() };
}

/** A network between the browser and a server, which can be cut. */
export interface Network {
  readonly url: string;
  /** Ends every connection and takes no more. */
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
}

export async function startNetwork(target: string): Promise<Network> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return void near.destroy();
    const far = connectTo({ host: hostname, port: Number(port) });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      whole = false;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      whole = true;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
