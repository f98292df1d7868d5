import { join } from 'node:path';
import { packageRoot } from '../../src/config/package-root.js';
import { neo4jLibrary } from './programs.js';
import { accepts, awaitReady, freePort, type ServerProcess, startProcess, temporaryFolder } from './processes.js';

export interface Neo4jServer {
  readonly url: string;
  /** kill -9, in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Starts again on the same port and data. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** For tests: the first compiler alone and one collector thread start and warm up in a fraction of the time. */
const quickToStart = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/**
 * A Neo4j community server of the caller alone, without a password; takes about 6 s. Suites guard it with `describeWith(['neo4j'], …)`,
 * benches ask for one that runs as in production, with `jvm` empty.
 */
export async function startNeo4j({
  jvm = quickToStart,
}: { readonly jvm?: readonly string[] } = {}): Promise<Neo4jServer> {
  const jars = neo4jLibrary();
  if (jars === null) throw new Error('Neo4j is not provisioned');
  const folder = temporaryFolder('throughline-neo4j-');
  const port = await freePort();
  const opened = ['java.nio', 'java.io', 'sun.nio.ch'].map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);
  const main = join(packageRoot(), 'scripts', 'servers', 'Neo4j.java');
  let starts = 0;

  async function start(): Promise<ServerProcess> {
    const server = await startProcess({
      command: 'java',
      arguments: ['-Xmx1g', ...jvm, ...opened, '-cp', join(jars!, '*'), main, join(folder.path, 'data'), String(port)],
      logFile: join(folder.path, `neo4j-${++starts}.log`),
    });
    await awaitReady(server, async () => server.log().includes('ready') && (await accepts(port)), 120_000);
    return server;
  }

  let server = await start();
  return {
    url: `bolt://127.0.0.1:${port}`,
    kill: () => server.kill(),
    async restart() {
      await server.stop();
      server = await start();
    },
    async stop() {
      // Its data goes with it, so there is nothing to shut down in order for.
      await server.kill();
      folder.remove();
    },
  };
}
