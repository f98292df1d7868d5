import type { KubeConfig } from '@kubernetes/client-node';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type Agent, type RequestOptions } from 'node:https';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** The two ways of reading the API server that a list-watch needs, with the kubeconfig's TLS and credentials. */
export interface ApiClient {
  /** Reads a whole answer. Fails with {@link ApiStatusError} for any status but 200, and with {@link ApiStalledError} or the socket's error. */
  get(path: string, query: Query, signal: AbortSignal): Promise<string>;
  /**
   * Reads an answer line by line as it comes, each without its line end; `onOpen` is called when the server has said 200.
   * Ends when the server ends it; fails as `get` does, with ApiStalledError when nothing came for `idleTimeoutMs`.
   */
  lines(path: string, query: Query, options: LinesOptions): AsyncGenerator<string[], void, void>;
  /** `https://10.0.0.1:6443`, for messages. */
  readonly server: string;
  close(): void;
}

export type Query = Readonly<Record<string, string | number | boolean>>;

export interface LinesOptions {
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal;
  onOpen(): void;
}

/** The API server answered, but not with what was asked for. `status` is HTTP's. */
export class ApiStatusError extends Error {
  readonly status: number;
  /** What a 429 or 503 asks for, null when it does not say. */
  readonly retryAfterMs: number | null;

  constructor(status: number, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.name = 'ApiStatusError';
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The connection is open, but nothing comes: a half-open TCP connection, or a server that hangs. */
export class ApiStalledError extends Error {
  constructor(idleMs: number) {
    super(`nothing came for ${Math.round(idleMs / 1000)} s`);
    this.name = 'ApiStalledError';
  }
}

export interface ApiClientOptions {
  readonly kubeConfig: KubeConfig;
  /** How long an answer may take to come, or one that is read whole to go on. */
  readonly requestTimeoutMs: number;
}

export function createApiClient({ kubeConfig, requestTimeoutMs }: ApiClientOptions): ApiClient {
  const server = kubeConfig.getCurrentCluster()?.server ?? '';
  let current: { agent: Agent; credentials: readonly unknown[] } | null = null;

  /** Credentials are read anew for each request (tokens rotate, exec plugins refresh), the agent with its pool only when TLS material changed. */
  async function requestOptions(): Promise<RequestOptions> {
    const options: RequestOptions = {};
    await kubeConfig.applyToHTTPSOptions(options);
    const { ca, cert, key, pfx, rejectUnauthorized, servername } = options;
    const credentials = [ca, cert, key, pfx, rejectUnauthorized, servername].map((part) =>
      Buffer.isBuffer(part) ? part.toString('latin1') : JSON.stringify(part),
    );
    if (current === null || credentials.some((part, at) => part !== current?.credentials[at])) {
      current?.agent.destroy();
      // client-node makes an agent that opens a connection for every request; with keepAlive the pages of a list share one.
      current = { agent: Object.assign(options.agent as Agent, { keepAlive: true }), credentials };
    }
    return { ...options, agent: current.agent, method: 'GET' };
  }

  async function open(
    path: string,
    query: Query,
    signal: AbortSignal,
    idleTimeoutMs: number,
  ): Promise<IncomingMessage> {
    if (server === '') throw new Error('the kubeconfig has no current cluster');
    const options = await requestOptions();
    signal.throwIfAborted();
    const url = new URL(server.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    const headers = { ...options.headers, accept: 'application/json', 'user-agent': 'throughline' };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
      const request = send(url, { ...options, headers: { ...headers, 'accept-encoding': 'gzip' }, signal });
      // The socket's inactivity timer serves both halves; destroying the request once its answer began would lose the reason.
      const stalled = () => request.destroy(new ApiStalledError(requestTimeoutMs));
      request.setTimeout(requestTimeoutMs).once('timeout', stalled);
      request.once('socket', (socket) => socket.setKeepAlive(true, 15_000));
      request.once('error', reject);
      request.once('response', (answer) => {
        request.off('timeout', stalled);
        answer.setTimeout(idleTimeoutMs, () => answer.destroy(new ApiStalledError(idleTimeoutMs)));
        resolve(answer);
      });
      request.end();
    });
    if (response.statusCode === 200) return response;
    const body = await readAll(decoded(response));
    throw new ApiStatusError(response.statusCode ?? 0, statusMessage(body, response), retryAfterMs(response));
  }

  return {
    server,
    async get(path, query, signal) {
      return await readAll(decoded(await open(path, query, signal, requestTimeoutMs)));
    },
    async *lines(path, query, { idleTimeoutMs, signal, onOpen }) {
      const response = await open(path, query, signal, idleTimeoutMs);
      onOpen();
      let rest = '';
      try {
        for await (const chunk of decoded(response).setEncoding('utf8') as AsyncIterable<string>) {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop() ?? '';
          if (lines.length > 0) yield lines;
        }
      } finally {
        response.destroy();
      }
    },
    close() {
      current?.agent.destroy();
      current = null;
    },
  };
}

function decoded(response: IncomingMessage): Readable {
  if (response.headers['content-encoding'] !== 'gzip') return response;
  const plain = createGunzip();
  response.once('error', (error) => plain.destroy(error));
  response.once('close', () => {
    if (!response.complete) plain.destroy(new Error('the connection closed within an answer'));
  });
  return response.pipe(plain);
}

async function readAll(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Kubernetes answers errors with a Status object whose message is meant for people. */
function statusMessage(body: string, response: IncomingMessage): string {
  try {
    const status = JSON.parse(body) as { message?: unknown };
    if (typeof status.message === 'string') return status.message;
  } catch {
    // a proxy in between answers with its own text
  }
  return `HTTP ${response.statusCode ?? 0} ${body.slice(0, 200).trim()}`.trim();
}

function retryAfterMs(response: IncomingMessage): number | null {
  const seconds = Number(response.headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
}
