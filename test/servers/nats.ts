import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accepts, awaitReady, freePort, startProcess, temporaryFolder, type ServerProcess } from './processes.js';
import { binary } from './programs.js';

/** A nats-server with JetStream on a free port of the loopback interface, its data in a folder of its own. */
export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** Ends it in an orderly way and starts it again: same port, same data. */
  restart(): Promise<void>;
  /** kill -9; the data stays for {@link NatsServer.start}. */
  kill(): Promise<void>;
  /** After kill: same port, same data. */
  start(): Promise<void>;
  /** Removes its data, between kill and start. */
  wipe(): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
  log(): string;
}

export interface NatsServerOptions {
  /** Lines of nats-server configuration beyond port and store: `authorization { … }`, `tls { … }`, `max_payload: …`. */
  readonly configuration?: string;
}

export async function startNats(options: NatsServerOptions = {}): Promise<NatsServer> {
  const program = binary('nats-server');
  if (program === null) throw new Error('nats-server not found: guard the suite with describeWith');
  const folder = temporaryFolder('throughline-nats-');
  const port = await freePort();
  const configuration = join(folder.path, 'nats.conf');
  writeFileSync(
    configuration,
    [
      `listen: "127.0.0.1:${port}"`,
      `jetstream { store_dir: ${JSON.stringify(join(folder.path, 'data'))}, max_file_store: 8GB, max_memory_store: 256MB }`,
      options.configuration ?? '',
    ].join('\n'),
  );
  let server: ServerProcess | null = null;

  async function start(): Promise<void> {
    server = await startProcess({
      command: program!,
      arguments: ['--config', configuration],
      logFile: join(folder.path, 'nats.log'),
    });
    const started = server;
    await awaitReady(started, () => accepts(port));
  }

  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    start,
    async restart() {
      await server?.stop();
      await start();
    },
    async kill() {
      await server?.kill();
    },
    wipe: () => rmSync(join(folder.path, 'data'), { recursive: true, force: true }),
    async stop() {
      await server?.stop();
      folder.remove();
    },
    log: () => server?.log() ?? '',
  };
}
