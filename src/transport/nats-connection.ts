import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  connect,
  credsAuthenticator,
  nkeyAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import type { Logger } from 'pino';
import { ThroughlineError } from '../errors.js';
import { createWakeup, type Wakeup } from './wakeup.js';

/** How to reach and be known to a NATS server. At most one of user, token, credentials and seed is used, in this order. */
export interface NatsConnectOptions {
  /** One or several, separated by commas: nats://host:4222, tls://host:4222. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** A `.creds` file (JWT and seed), as `nsc` writes it. */
  readonly credsFile?: string;
  /** An nkey seed, `SU…`. */
  readonly nkeySeed?: string;
  /** Paths of PEM files; `certFile` and `keyFile` for mutual TLS. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  /** How long start() tries before it gives up. Default 10_000. */
  readonly connectTimeoutMs?: number;
  /** Shown in the server's connection list. */
  readonly clientName?: string;
}

/** A connection that comes back by itself, for as long as it is not closed. */
export interface NatsLink {
  readonly connection: NatsConnection;
  connected(): boolean;
  reason(): string | null;
  /** Wakes when the connection was lost, and again when it is back. */
  readonly lost: Wakeup;
  readonly restored: Wakeup;
  close(): Promise<void>;
}

export async function connectNats(
  options: NatsConnectOptions,
  dependencies: { readonly log: Logger; readonly onReconnect: () => void },
): Promise<NatsLink> {
  const { log, onReconnect } = dependencies;
  const connection = await dial(await connectionOptions(options), options, log);
  const lost = createWakeup();
  const restored = createWakeup();
  let reason: string | null = null;

  const watching = (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') {
        reason = `disconnected from ${status.server}`;
        log.warn({ server: status.server }, 'bus lost; reconnecting');
        lost.wake();
      } else if (status.type === 'reconnect') {
        reason = null;
        log.info({ server: status.server }, 'bus is back');
        onReconnect();
        restored.wake();
      } else if (status.type === 'error') {
        log.warn({ err: status.error }, 'the bus reports an error');
      }
    }
  })();

  return {
    connection,
    connected: () => reason === null && !connection.isClosed(),
    reason: () => (connection.isClosed() ? 'closed' : reason),
    lost,
    restored,
    async close() {
      // A drain flushes what was written; it needs a server, and a lost connection is closed as it is.
      if (reason === null) await connection.drain().catch(() => connection.close());
      else await connection.close();
      await watching;
    },
  };
}

async function dial(
  connectionOptions: NodeConnectionOptions,
  options: NatsConnectOptions,
  log: Logger,
): Promise<NatsConnection> {
  const deadline = Date.now() + (options.connectTimeoutMs ?? 10_000);
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    try {
      return await connect({ ...connectionOptions, timeout: Math.max(1_000, deadline - Date.now()) });
    } catch (cause) {
      if (Date.now() + pauseMs >= deadline) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new ThroughlineError('TRANSPORT_UNAVAILABLE', `no NATS server at ${options.url}: ${reason}`, { cause });
      }
      log.debug({ err: cause }, 'no NATS server yet; trying again');
      await delay(pauseMs);
    }
  }
}

async function connectionOptions(options: NatsConnectOptions): Promise<NodeConnectionOptions> {
  const { user, password, token, credsFile, nkeySeed, tls } = options;
  return {
    servers: options.url.split(',').map((server) => server.trim()),
    name: options.clientName ?? 'throughline',
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    // A stack for every request that might fail costs more than the request.
    noAsyncTraces: true,
    ...(user === undefined ? {} : { user, pass: password ?? '' }),
    ...(token === undefined ? {} : { token }),
    ...(credsFile === undefined ? {} : { authenticator: credsAuthenticator(await secret(credsFile)) }),
    ...(nkeySeed === undefined ? {} : { authenticator: nkeyAuthenticator(new TextEncoder().encode(nkeySeed)) }),
    ...(tls === undefined ? {} : { tls }),
  };
}

async function secret(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new ThroughlineError('CONFIG_INVALID', `the NATS credentials file ${file} cannot be read`, { cause });
  }
}
