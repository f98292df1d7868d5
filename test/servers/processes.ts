import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A server that a test started and owns. */
export interface ServerProcess {
  readonly pid: number;
  /** Everything it printed so far, both streams. */
  log(): string;
  /** False once it has ended, by itself or by us. */
  running(): boolean;
  /** SIGTERM, and SIGKILL when it has not ended within `graceMs` (default 10_000). Safe to call twice. */
  stop(graceMs?: number): Promise<void>;
  /** kill -9, and resolves when it is gone: for tests of crashes. */
  kill(): Promise<void>;
}

export interface StartOptions {
  readonly command: string;
  readonly arguments?: readonly string[];
  /** Added to the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Where its output goes: a file in a folder that the test owns. */
  readonly logFile: string;
}

/** Starts a child with its output in a file (a full pipe can stop a server that nobody reads). */
export async function startProcess(options: StartOptions): Promise<ServerProcess> {
  const log = openSync(options.logFile, 'a');
  const child = spawn(options.command, options.arguments ?? [], {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const running = () => child.exitCode === null && child.signalCode === null;
  const onExit = () => child.kill('SIGKILL');
  process.once('exit', onExit);
  void ended.then(() => process.removeListener('exit', onExit));

  return {
    pid: child.pid!,
    log: () => readFileSync(options.logFile, 'utf8'),
    running,
    async stop(graceMs = 10_000) {
      if (!running()) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
    async kill() {
      if (!running()) return;
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Resolves when `ready` does without throwing or giving false; fails with the server's log after `timeoutMs` or when it has ended. */
export async function awaitReady(
  server: ServerProcess,
  ready: () => boolean | void | Promise<boolean | void>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown = null;
  while (Date.now() < deadline) {
    if (!server.running()) throw new Error(`the server ended before it was ready:\n${tail(server.log())}`);
    try {
      if ((await ready()) !== false) return;
    } catch (error) {
      last = error;
    }
    await delay(50);
  }
  throw new Error(`the server was not ready after ${timeoutMs} ms:\n${tail(server.log())}`, { cause: last });
}

/** A TCP port of the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** For {@link awaitReady}: something accepts connections on the port. */
export async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A fresh folder under the system's temporary one, and what removes it. */
export function temporaryFolder(prefix = 'throughline-'): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), prefix));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}

function tail(text: string, lines = 40): string {
  return text.split('\n').slice(-lines).join('\n');
}
