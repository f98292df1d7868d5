import { createClient } from 'graphql-ws';
import { incidentChanges, type IncidentChange } from './queries.js';

export type Connection = 'connecting' | 'live' | 'reconnecting';

export interface LiveOptions {
  /** Called with every change, in order, none twice and none left out while the server can still tell of it. */
  readonly onChange: (change: IncidentChange['incidentChanged']) => void;
  /** Called when a connection stands: what was loaded before may be old, or the server another one. */
  readonly onConnected: () => void;
  readonly onState: (state: Connection) => void;
}

export interface Live {
  start(): void;
  stop(): void;
}

const leastDelayMs = 500;
const mostDelayMs = 10_000;
const pingEveryMs = 10_000;
const pongWithinMs = 5_000;

/** The server has no place in its stream for the cursor: what there is must be loaded anew. */
const lostCursor = ['CURSOR_EXPIRED', 'CURSOR_INVALID'];

/** Follows `incidentChanged`, and after a cut goes on from the last cursor. */
export function createLive({ onChange, onConnected, onState }: LiveOptions): Live {
  const stopping = new AbortController();
  let cursor: string | null = null;

  /** One connection, until it ends; how it ended is told by whether it ever stood. */
  async function follow(): Promise<boolean> {
    let stood = false;
    let overdue: ReturnType<typeof setTimeout> | undefined;
    const address = new URL('/graphql', window.location.href);
    address.protocol = address.protocol.replace('http', 'ws');
    const client = createClient({
      url: address.href,
      retryAttempts: 0,
      connectionAckWaitTimeout: pongWithinMs,
      keepAlive: pingEveryMs,
      on: {
        connected: () => {
          stood = true;
          onState('live');
          onConnected();
        },
        // A connection that is cut without a word stays open for the browser: only a pong shows that it stands.
        ping: (received) => {
          if (!received) overdue = setTimeout(() => client.terminate(), pongWithinMs);
        },
        pong: () => clearTimeout(overdue),
      },
    });
    const leave = (): void => void client.dispose();
    stopping.signal.addEventListener('abort', leave);
    await new Promise<void>((resolve) => {
      client.subscribe<IncidentChange>(
        { query: incidentChanges, variables: { after: cursor } },
        {
          next: ({ data }) => {
            if (!data) return;
            cursor = data.incidentChanged.cursor;
            onChange(data.incidentChanged);
          },
          error: (error) => {
            if (codesOf(error).some((code) => lostCursor.includes(code))) cursor = null;
            resolve();
          },
          complete: resolve,
        },
      );
    });
    clearTimeout(overdue);
    stopping.signal.removeEventListener('abort', leave);
    await client.dispose();
    return stood;
  }

  async function run(): Promise<void> {
    let delayMs = leastDelayMs;
    while (!stopping.signal.aborted) {
      if (await follow()) delayMs = leastDelayMs;
      if (stopping.signal.aborted) return;
      onState('reconnecting');
      // Not all at once when a server comes back that many pages wait for.
      await pause(delayMs * (0.5 + Math.random() / 2), stopping.signal);
      delayMs = Math.min(mostDelayMs, delayMs * 2);
    }
  }

  return {
    start() {
      onState('connecting');
      void run();
    },
    stop() {
      stopping.abort();
    },
  };
}

function codesOf(error: unknown): readonly string[] {
  if (!Array.isArray(error)) return [];
  return (error as { extensions?: { code?: string } }[]).map(({ extensions }) => extensions?.code ?? '');
}

/** Shorter when the browser says that the network is back, or the page is looked at again. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    const now = (): void => {
      clearTimeout(timer);
      resolve();
    };
    window.addEventListener('online', now, { signal: done.signal });
    signal.addEventListener('abort', now, { signal: done.signal });
  });
  done.abort();
}
